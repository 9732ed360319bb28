using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;

namespace Crossweave.Cli.Verbs;

/// <summary>The cluster on the command line: a file, or its keys as flags. Flags given beside a file replace its keys.</summary>
/// <param name="fallback">What holds when neither file nor flags say anything; null = the ranks must be given.</param>
internal sealed class ClusterOptions(Cluster? fallback = null)
{
    private readonly Option<string?> _file = new("--cluster") { Description = "Cluster file (JSON; keys as in docs/formats.md). Flags below replace its keys.", HelpName = "C.json" };

    private readonly Option<int?> _ranks = new("--ranks") { Description = "Ranks of the expert-parallel group.", HelpName = "N" };

    private readonly Option<int?> _nodes = new("--nodes") { Description = "Servers; must divide the ranks. Default 1.", HelpName = "N" };

    private readonly Option<string?> _fabric = new("--fabric")
    {
        Description = $"Kind of fabric: {string.Join(", ", FabricKinds.All.Select(f => f.Name))}. Default: circuit-switch when --delta, --switches or --reconfiguration is given, two-tier when --scale-up-bandwidth is, else ideal-switch.",
        HelpName = "KIND",
    };

    private readonly Option<string?> _bandwidth = new("--bandwidth") { Description = "Port rate of one rank, each direction, with unit. Default 400Gbps.", HelpName = "RATE" };

    private readonly Option<string?> _scaleUp = new("--scale-up-bandwidth") { Description = "Rate of one rank inside its node, each direction, with unit; for --fabric two-tier.", HelpName = "RATE" };

    private readonly Option<string?> _delta = new("--delta") { Description = "Reconfiguration delay of a circuit switch, with unit (10ns).", HelpName = "TIME" };

    private readonly Option<int?> _switches = new("--switches") { Description = "Circuit switches in parallel; every rank has a port of the full rate on each. Default 1.", HelpName = "S" };

    private readonly Option<string?> _reconfiguration = new("--reconfiguration")
    {
        Description = $"What waits while circuits change: {Cluster.FullReconfiguration} (the whole switch, the default) or {Cluster.PartialReconfiguration} (only the ports that change).",
        HelpName = $"{Cluster.FullReconfiguration}|{Cluster.PartialReconfiguration}",
    };

    private readonly Option<string?> _compute = new("--compute") { Description = "Compute profile of every rank; see 'crossweave models --compute'.", HelpName = "PROFILE" };

    public void AddTo(Command command, bool withCompute = true)
    {
        foreach (var option in new Option[] { _file, _ranks, _nodes, _fabric, _bandwidth, _scaleUp, _delta, _switches, _reconfiguration }) command.Options.Add(option);
        if (withCompute) command.Options.Add(_compute);
    }

    /// <summary>Whether --bandwidth was given on the command line.</summary>
    public bool HasBandwidth(ParseResult parsed) => parsed.GetValue(_bandwidth) is not null;

    /// <summary>Whether --compute was given on the command line.</summary>
    public bool HasCompute(ParseResult parsed) => parsed.GetValue(_compute) is not null;

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="ranks">Ranks when neither file nor flag says so; null makes them mandatory.</param>
    public Cluster Read(ParseResult parsed, int? ranks = null)
    {
        var file = parsed.GetValue(_file);
        var cluster = file is null ? fallback : Cluster.Read(file);
        // Flags are checked under their own names; BuildFabric knows the keys of the file only.
        if (parsed.GetValue(_bandwidth) is { } rate) UnitParser.Bandwidth(rate, "--bandwidth");
        if (parsed.GetValue(_scaleUp) is { } scaleUp) UnitParser.Bandwidth(scaleUp, "--scale-up-bandwidth");
        if (parsed.GetValue(_delta) is { } time) UnitParser.Time(time, "--delta");
        if (parsed.GetValue(_fabric) is { } kind) FabricKinds.Find(kind, "--fabric");
        if (parsed.GetValue(_switches) is { } planes) VerbText.InRange(planes, 1, FabricKinds.MaxPlanes, "--switches");
        if (parsed.GetValue(_reconfiguration) is { } wait and not (Cluster.FullReconfiguration or Cluster.PartialReconfiguration))
            throw InputException.At("--reconfiguration", $"'{wait}'", $"{Cluster.FullReconfiguration} or {Cluster.PartialReconfiguration}");
        var hasCircuits = parsed.GetValue(_switches) is > 1 || parsed.GetValue(_reconfiguration) is not null;
        var delta = parsed.GetValue(_delta) ?? cluster?.ReconfigurationDelay;
        return new Cluster
        {
            Ranks = parsed.GetValue(_ranks) ?? cluster?.Ranks ?? ranks ?? throw InputException.At("--ranks", "nothing", "the number of ranks, or --cluster FILE"),
            Nodes = parsed.GetValue(_nodes) ?? cluster?.Nodes ?? 1,
            Fabric = parsed.GetValue(_fabric) ?? cluster?.Fabric ?? (delta is not null || hasCircuits ? "circuit-switch" : parsed.GetValue(_scaleUp) is not null ? "two-tier" : "ideal-switch"),
            Bandwidth = parsed.GetValue(_bandwidth) ?? cluster?.Bandwidth ?? Cluster.DefaultBandwidth,
            BandwidthOfRank = parsed.GetValue(_bandwidth) is null ? cluster?.BandwidthOfRank : null,
            ScaleUpBandwidth = parsed.GetValue(_scaleUp) ?? cluster?.ScaleUpBandwidth,
            ReconfigurationDelay = delta,
            Switches = parsed.GetValue(_switches) ?? cluster?.Switches ?? 1,
            Reconfiguration = parsed.GetValue(_reconfiguration) ?? cluster?.Reconfiguration ?? Cluster.FullReconfiguration,
            Compute = parsed.GetResult(_compute) is null ? cluster?.Compute : parsed.GetValue(_compute) ?? cluster?.Compute,
        };
    }
}
