using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>
/// The cluster file: ranks, servers, fabric and compute of one expert-parallel group. Quantities carry units, unknown keys are
/// refused. Example: <c>{"ranks": 16, "nodes": 2, "fabric": "circuit-switch", "bandwidth": "400Gbps", "reconfigurationDelay": "10ns"}</c>.
/// </summary>
public sealed record Cluster
{
    public const int MaxRanks = 4096;
    public const string DefaultBandwidth = "400Gbps";
    public const string FullReconfiguration = "full";
    public const string PartialReconfiguration = "partial";

    public required int Ranks { get; init; }

    /// <summary>Servers; rank r is on node r / (ranks / nodes). Must divide the ranks.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>A name from <see cref="FabricKinds.All"/>.</summary>
    public string Fabric { get; init; } = IdealSwitch.KindName;

    /// <summary>Port rate of one rank in each direction.</summary>
    public string Bandwidth { get; init; } = DefaultBandwidth;

    /// <summary>Rate of one rank inside its node, each direction; needed for two tiers, refused elsewhere.</summary>
    public string? ScaleUpBandwidth { get; init; }

    /// <summary>Unequal ports, one per rank; replaces <see cref="Bandwidth"/>.</summary>
    public IReadOnlyList<string>? BandwidthOfRank { get; init; }

    /// <summary>Dead time per configuration of a circuit switch.</summary>
    public string? ReconfigurationDelay { get; init; }

    /// <summary>Circuit switches in parallel; every rank has a port of its bandwidth on each.</summary>
    public int Switches { get; init; } = 1;

    /// <summary>"full": all ports of a switch wait for every reconfiguration; "partial": only those whose circuit changes.</summary>
    public string Reconfiguration { get; init; } = FullReconfiguration;

    /// <summary>Compute profile text, the same for every rank.</summary>
    public string? Compute { get; init; }

    /// <exception cref="InputException">Not JSON, an unknown key, a missing key, or a value out of range.</exception>
    public static Cluster Read(string path)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        root.AllowOnly("ranks", "nodes", "fabric", "bandwidth", "bandwidthOfRank", "scaleUpBandwidth", "reconfigurationDelay", "switches", "reconfiguration", "compute");
        var cluster = new Cluster
        {
            Ranks = root["ranks"].Int32(1, MaxRanks),
            Nodes = root.Find("nodes")?.Int32(1) ?? 1,
            Fabric = root.Find("fabric")?.Text() ?? IdealSwitch.KindName,
            Bandwidth = root.Find("bandwidth")?.Text() ?? DefaultBandwidth,
            BandwidthOfRank = root.Find("bandwidthOfRank")?.Items().Select(b => b.Text()).ToArray(),
            ScaleUpBandwidth = root.Find("scaleUpBandwidth")?.Text(),
            ReconfigurationDelay = root.Find("reconfigurationDelay")?.Text(),
            Switches = root.Find("switches")?.Int32(1, FabricKinds.MaxPlanes) ?? 1,
            Reconfiguration = root.Find("reconfiguration")?.Text() ?? FullReconfiguration,
            Compute = root.Find("compute")?.Text(),
        };
        cluster.BuildFabric(path + ": ");
        return cluster;
    }

    /// <param name="where">Prefix of error messages, for example "cluster.json: ".</param>
    public Fabric BuildFabric(string where = "")
    {
        if (Ranks is < 1 or > MaxRanks) throw InputException.At(where + "ranks", $"{Ranks}", $"1 to {MaxRanks}");
        if (Nodes < 1 || Ranks % Nodes != 0) throw InputException.At(where + "nodes", $"{Nodes}", $"a divisor of the {Ranks} ranks");
        return FabricKinds.Find(Fabric, where + "fabric").Build(new FabricOptions(
            Ranks,
            Nodes,
            UnitParser.Bandwidth(Bandwidth, where + "bandwidth"),
            ReconfigurationDelay is null ? null : UnitParser.Time(ReconfigurationDelay, where + "reconfigurationDelay"),
            BandwidthOfRank?.Select((b, r) => UnitParser.Bandwidth(b, $"{where}bandwidthOfRank[{r}]")).ToArray(),
            Switches,
            Reconfiguration switch
            {
                FullReconfiguration => false,
                PartialReconfiguration => true,
                _ => throw InputException.At(where + "reconfiguration", $"'{Reconfiguration}'", $"{FullReconfiguration} or {PartialReconfiguration}"),
            },
            ScaleUpBandwidth is null ? null : UnitParser.Bandwidth(ScaleUpBandwidth, where + "scaleUpBandwidth"),
            where));
    }
}
