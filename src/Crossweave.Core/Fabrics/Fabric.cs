using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>Directed edge of a fabric graph.</summary>
/// <param name="From">Vertex index: ranks first (0 .. ranks-1), then switches.</param>
/// <param name="To">Vertex index.</param>
/// <param name="Rate">Bits per second in this direction.</param>
/// <param name="Latency">Propagation and switching time.</param>
public sealed record Link(int From, int To, Bandwidth Rate, SimTime Latency);

/// <summary>A switch vertex. Optical circuit switches carry only pairs that are connected and pause while they reconfigure.</summary>
/// <param name="Name">For reports.</param>
/// <param name="ReconfigurationDelay">Null for a packet switch; the dead time of every configuration for a circuit switch.</param>
public sealed record FabricSwitch(string Name, SimTime? ReconfigurationDelay);

/// <summary>
/// What connects the ranks: a graph whose vertices are the ranks followed by the switches. The same description serves port
/// models, fluid and packet engines and meshes (a mesh has links between ranks and no switch).
/// </summary>
public sealed class Fabric
{
    private readonly Bandwidth[] _send;
    private readonly Bandwidth[] _receive;
    private readonly long[] _scaleUpSend; // bit/s of links to and from the switches of the nodes
    private readonly long[] _scaleUpReceive;

    /// <param name="kind">Registered name.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="switches">Switch vertices.</param>
    /// <param name="links">Directed edges.</param>
    /// <param name="reconfiguresPartially">Circuit switches keep the circuits that do not change while others are set up.</param>
    /// <param name="scaleUpNodeCount">Two tiers: the first so many switches connect the ranks of one node each; 0 on flat fabrics.</param>
    /// <param name="ring">The links are a static ring; null otherwise.</param>
    public Fabric(
        string kind, int rankCount, IReadOnlyList<FabricSwitch> switches, IReadOnlyList<Link> links, bool reconfiguresPartially = false, int scaleUpNodeCount = 0, RingRates? ring = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rankCount);
        Kind = kind;
        RankCount = rankCount;
        Switches = switches;
        Links = links;
        ReconfiguresPartially = reconfiguresPartially;
        HasTwoTiers = scaleUpNodeCount > 0;
        NodeCount = HasTwoTiers ? scaleUpNodeCount : rankCount;
        Ring = ring;
        if (rankCount % NodeCount != 0 || scaleUpNodeCount > switches.Count) throw new ArgumentException("nodes must have equal ranks and a switch each");
        (_scaleUpSend, _scaleUpReceive) = (new long[rankCount], new long[rankCount]);
        var vertices = rankCount + switches.Count;
        var send = new long[rankCount];
        var receive = new long[rankCount];
        foreach (var link in links)
        {
            if ((uint)link.From >= (uint)vertices || (uint)link.To >= (uint)vertices) throw new ArgumentException("link end out of range");
            if (link.From < rankCount) send[link.From] = checked(send[link.From] + link.Rate.BitsPerSecond);
            if (link.To < rankCount) receive[link.To] = checked(receive[link.To] + link.Rate.BitsPerSecond);
            if (IsNodeSwitch(link.To)) _scaleUpSend[link.From] += link.Rate.BitsPerSecond;
            if (IsNodeSwitch(link.From)) _scaleUpReceive[link.To] += link.Rate.BitsPerSecond;
        }

        _send = Array.ConvertAll(send, r => new Bandwidth(r));
        _receive = Array.ConvertAll(receive, r => new Bandwidth(r));
        if (IsCircuitSwitched && switches.Any(s => s.ReconfigurationDelay != ReconfigurationDelay)) throw new ArgumentException("circuit switches with different delays");
        if (reconfiguresPartially && !IsCircuitSwitched) throw new ArgumentException("only circuit switches reconfigure");
        if (HasTwoTiers && _scaleUpSend.Concat(_scaleUpReceive).Any(r => r == 0)) throw new ArgumentException("every rank needs its node's switch");
        if (send.Any(r => r == 0) || receive.Any(r => r == 0)) throw new ArgumentException("every rank needs a link out and a link in");
    }

    /// <summary>Registered name in <c>FabricKinds.All</c>.</summary>
    public string Kind { get; }

    public int RankCount { get; }

    public IReadOnlyList<FabricSwitch> Switches { get; }

    public IReadOnlyList<Link> Links { get; }

    /// <summary>Dead time per configuration when the ranks hang on equal circuit switches; null on packet fabrics.</summary>
    public SimTime? ReconfigurationDelay => Switches.Count == 0 ? null : Switches[0].ReconfigurationDelay;

    /// <summary>Circuit switches that run side by side, each with a port of every rank; 1 on packet fabrics.</summary>
    public int PlaneCount => IsCircuitSwitched ? Switches.Count : 1;

    /// <summary>Only ports whose circuit changes wait for the delay; circuit fabrics only.</summary>
    public bool ReconfiguresPartially { get; }

    /// <summary>Whether a rank can talk to only one peer at a time in each direction.</summary>
    public bool IsCircuitSwitched => ReconfigurationDelay is not null;

    /// <summary>Sum of the rates of the links that leave the rank.</summary>
    public Bandwidth SendRate(int rank) => _send[rank];

    /// <summary>Sum of the rates of the links that enter the rank.</summary>
    public Bandwidth ReceiveRate(int rank) => _receive[rank];

    /// <summary>
    /// Rate of a pair that has both ports (of one plane) to itself: the slower of the two. On two tiers the scale-up ports inside a node,
    /// else the NICs of the two ranks.
    /// </summary>
    public Bandwidth PairRate(int source, int target) =>
        HasTwoTiers && NodeOf(source) == NodeOf(target)
            ? new(Math.Min(_scaleUpSend[source], _scaleUpReceive[target]))
            : new(Math.Min(ScaleOutSendRate(source).BitsPerSecond, ScaleOutReceiveRate(target).BitsPerSecond) / PlaneCount);

    /// <summary>Ranks inside a node have a faster network of their own.</summary>
    public bool HasTwoTiers { get; }

    /// <summary>Nodes of a two-tier fabric; on a flat one every rank counts as a node of its own.</summary>
    public int NodeCount { get; }

    public int RanksPerNode => RankCount / NodeCount;

    public int NodeOf(int rank) => rank / RanksPerNode;

    /// <summary>Rate into the switch of the rank's node; only with two tiers.</summary>
    public Bandwidth ScaleUpSendRate(int rank) => new(_scaleUpSend[rank]);

    /// <summary>Rate out of the switch of the rank's node; only with two tiers.</summary>
    public Bandwidth ScaleUpReceiveRate(int rank) => new(_scaleUpReceive[rank]);

    /// <summary>Rate towards other nodes: what is not scale-up.</summary>
    public Bandwidth ScaleOutSendRate(int rank) => new(_send[rank].BitsPerSecond - _scaleUpSend[rank]);

    /// <summary>Rate from other nodes.</summary>
    public Bandwidth ScaleOutReceiveRate(int rank) => new(_receive[rank].BitsPerSecond - _scaleUpReceive[rank]);

    /// <summary>The links of a static ring; null on all other fabrics.</summary>
    public RingRates? Ring { get; }

    private bool IsNodeSwitch(int vertex) => HasTwoTiers && vertex >= RankCount && vertex < RankCount + NodeCount;
}
