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

    /// <param name="kind">Registered name.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="switches">Switch vertices.</param>
    /// <param name="links">Directed edges.</param>
    /// <param name="reconfiguresPartially">Circuit switches keep the circuits that do not change while others are set up.</param>
    public Fabric(string kind, int rankCount, IReadOnlyList<FabricSwitch> switches, IReadOnlyList<Link> links, bool reconfiguresPartially = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rankCount);
        Kind = kind;
        RankCount = rankCount;
        Switches = switches;
        Links = links;
        ReconfiguresPartially = reconfiguresPartially;
        var vertices = rankCount + switches.Count;
        var send = new long[rankCount];
        var receive = new long[rankCount];
        foreach (var link in links)
        {
            if ((uint)link.From >= (uint)vertices || (uint)link.To >= (uint)vertices) throw new ArgumentException("link end out of range");
            if (link.From < rankCount) send[link.From] = checked(send[link.From] + link.Rate.BitsPerSecond);
            if (link.To < rankCount) receive[link.To] = checked(receive[link.To] + link.Rate.BitsPerSecond);
        }

        _send = Array.ConvertAll(send, r => new Bandwidth(r));
        _receive = Array.ConvertAll(receive, r => new Bandwidth(r));
        if (IsCircuitSwitched && switches.Any(s => s.ReconfigurationDelay != ReconfigurationDelay)) throw new ArgumentException("circuit switches with different delays");
        if (reconfiguresPartially && !IsCircuitSwitched) throw new ArgumentException("only circuit switches reconfigure");
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

    /// <summary>Rate of a pair that has both ports (of one plane) to itself: the slower of the two.</summary>
    public Bandwidth PairRate(int source, int target) =>
        new(Math.Min(_send[source].BitsPerSecond, _receive[target].BitsPerSecond) / PlaneCount);
}
