using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Simulation;

namespace Crossweave.Cli.Verbs;

/// <summary>The flags of the main job, shared by plan, compare and demo.</summary>
internal sealed class PlanOptions
{
    public const string DefaultPlanners = "contiguous,lpt,eplb";
    public const string PlannersFromRunning = "running,incremental,refined,auto";
    public const string DefaultSchedulers = "fluid,shifted,greedy-max-weight,open-shop";
    public const string DefaultEvaluators = "no-overlap-barrier,overlap-async,grouped";

    /// <summary>Every simulator, and of the layer planners the one that completes given steps best; all planners would double the time.</summary>
    public static readonly string CompareEvaluators = string.Join(',', [.. LayerEvaluators.All.Select(e => e.Name), "grouped"]);

    /// <summary>Written send modes.</summary>
    private static readonly IReadOnlyList<(string Name, SendMode Mode)> SendModes =
        [("per-expert", SendMode.PerExpert), ("per-rank", SendMode.PerRank), ("per-node", SendMode.PerNode)];

    private readonly ClusterOptions _cluster;
    private readonly ModelOptions _model = new();
    private readonly RankSlotOptions _rankSlots = new();
    private readonly PreviousOptions _previous = new();
    private readonly MigrationOptions _migration = new("With --previous: ");
    private readonly Option<string> _planners;
    private readonly Option<string> _schedulers;
    private readonly Option<string> _evaluators;
    private readonly Option<int> _redundant;
    private readonly Option<int?> _slots = new("--slots") { Description = "Slots per layer, experts and redundant ones together; instead of --redundant. Default with --previous: as it has.", HelpName = "N" };
    private readonly Option<int?> _groups = new("--groups") { Description = "Expert groups. Default: the model's.", HelpName = "N" };
    private readonly Option<double?> _maxLoad = new("--max-load") { Description = "Largest rank load over the mean that locality planners may use. Default: the planner's own.", HelpName = "X" };
    private readonly Option<string> _sendMode = new("--send-mode") { Description = $"Copies on the wire: {string.Join(", ", SendModes.Select(m => m.Name))}.", DefaultValueFactory = _ => "per-rank", HelpName = "MODE" };
    private readonly Option<bool> _noSum = new("--no-sum") { Description = "Send every expert's output back instead of one sum per copy." };
    private readonly Option<string> _source = new("--source") { Description = $"Source rank of a token: {string.Join(", ", SourceRanks.All.Select(r => r.Name))}.", DefaultValueFactory = _ => "by-sequence", HelpName = "RULE" };
    private readonly Option<string> _replicas = new("--replicas") { Description = $"Choice among replicas: {string.Join(", ", ReplicaRules.All.Select(r => r.Name))}.", DefaultValueFactory = _ => "static", HelpName = "RULE" };
    private readonly Option<double> _fraction = new("--planning-fraction") { Description = "Share of the tokens the planners see; the rest judges them.", DefaultValueFactory = _ => 0.5, HelpName = "F" };
    private readonly Option<int> _batchTokens = new("--batch-tokens") { Description = "Tokens of one batch over all ranks.", DefaultValueFactory = _ => 65536, HelpName = "N" };
    private readonly Option<int> _batches = new("--batches") { Description = "At most this many batches are simulated, spread over the held-out part.", DefaultValueFactory = _ => 4, HelpName = "N" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads; never changes a result.", HelpName = "N" };
    private readonly Option<ulong> _seed = CommonOptions.Seed();

    /// <param name="planners">Default of --planners.</param>
    /// <param name="schedulers">Default of --schedulers.</param>
    /// <param name="evaluators">Default of --evaluators.</param>
    /// <param name="cluster">Cluster when none is given; null = it must be.</param>
    /// <param name="redundant">Default of --redundant.</param>
    public PlanOptions(string planners, string schedulers, string evaluators, Cluster? cluster = null, int redundant = 0)
    {
        _cluster = new ClusterOptions(cluster);
        _redundant = new("--redundant") { Description = "Redundant experts per layer; rounded up so that every rank has the same number of slots.", DefaultValueFactory = _ => redundant, HelpName = "N" };
        _planners = new("--planners") { Description = $"'all' or names from {string.Join(", ", Planners.All.Select(p => p.Name))}; the first is the baseline. Default with --previous: {PlannersFromRunning}.", DefaultValueFactory = _ => planners, HelpName = "A,B" };
        _schedulers = new("--schedulers") { Description = $"'all' or names from {string.Join(", ", Schedulers.All.Select(s => s.Name))}.", DefaultValueFactory = _ => schedulers, HelpName = "A,B" };
        _evaluators = new("--evaluators") { Description = $"'all' or names from {string.Join(", ", LayerModes.Evaluators.Select(e => e.Name))}.", DefaultValueFactory = _ => evaluators, HelpName = "A,B" };
    }

    public Option<string?> Json { get; } = CommonOptions.Json();

    public Option<string?> Out { get; } = new("--out") { Description = "Folder for report.html, plan.json, the placement and the schedules. Nothing is written when left out.", HelpName = "DIR" };

    public void AddTo(Command command)
    {
        _model.AddTo(command);
        _cluster.AddTo(command);
        _rankSlots.AddTo(command, withMemory: false);
        _previous.AddTo(command);
        _migration.AddTo(command);
        foreach (var option in new Option[] { _planners, _schedulers, _evaluators, _redundant, _slots, _groups, _maxLoad, _sendMode, _noSum, _source, _replicas, _fraction, _batchTokens, _batches, _threads, _seed, Out, Json })
            command.Options.Add(option);
    }

    /// <summary>Options that say where to write or how fast to work, never what comes out.</summary>
    public bool LeavesResultAlone(Option option) => option == Out || option == Json || option == _threads;

    public ModelDescription? Model(ParseResult parsed) => _model.Read(parsed);

    public PlanRequest Request(ParseResult parsed, RoutingTrace trace, string title, ModelDescription? model)
    {
        if (model is null)
        {
            var fits = ModelPresets.All.Where(m => m.ExpertCount == trace.ExpertCount && m.TopK == trace.TopK).Select(m => m.Name).ToList();
            throw InputException.At("--model", "nothing", $"a preset or config.json; {trace.ExpertCount} experts, top-{trace.TopK} fit {(fits.Count == 0 ? "no preset" : string.Join(", ", fits))}");
        }

        var cluster = _cluster.Read(parsed);
        var fabric = cluster.BuildFabric();
        var bytes = _model.WireBytes(parsed, model);
        var redundant = VerbText.InRange(parsed.GetValue(_redundant), 0, 1 << 20, "--redundant");
        var running = _previous.Read(parsed, cluster.Ranks, trace.ExpertCount);
        var limits = _rankSlots.Limits(parsed);
        var saysSlots = parsed.GetValue(_slots) is not null || parsed.GetResult(_redundant) is { Implicit: false };
        if (parsed.GetValue(_slots) is not null && parsed.GetResult(_redundant) is { Implicit: false }) throw InputException.At("--slots", "it beside --redundant", "one of the two");
        if (limits is not null && saysSlots) throw InputException.At("--rank-slots", "it beside --slots or --redundant", "one of them");
        if (!saysSlots && running is not null) limits ??= running.UnevenSlots();
        var slots = (limits is null ? null : (int?)Math.Min(int.MaxValue, limits.Sum(n => (long)n))) ?? parsed.GetValue(_slots) ??
            (running is not null && !saysSlots ? running.Layers[0].SlotCount
            : (trace.ExpertCount + redundant + cluster.Ranks - 1) / cluster.Ranks * cluster.Ranks);
        var fraction = parsed.GetValue(_fraction);
        if (fraction is not (> 0 and < 1)) throw InputException.At("--planning-fraction", $"{fraction}", "a number above 0 and below 1");
        var compute = ComputeProfiles.Parse(cluster.Compute ?? "roofline:h100", "--compute", new ComputeContext(model, Math.Max(1, slots / cluster.Ranks)));
        var mode = SendModes.FirstOrDefault(m => m.Name == parsed.GetValue(_sendMode));
        if (mode.Name is null) throw InputException.At("--send-mode", $"'{parsed.GetValue(_sendMode)}'", $"one of {string.Join(", ", SendModes.Select(m => m.Name))}");
        return new PlanRequest
        {
            Trace = trace,
            TraceName = title,
            ModelName = model.Name,
            Fabric = fabric,
            FabricText = FabricText(fabric),
            ComputeOfRank = [.. Enumerable.Repeat(compute, cluster.Ranks)],
            SlotCount = slots,
            RankSlots = limits,
            GroupCount = parsed.GetValue(_groups) ?? model.GroupCount,
            Traffic = new TrafficOptions(mode.Mode, !parsed.GetValue(_noSum), bytes.Dispatch, bytes.Combine, cluster.Nodes, ReplicaRules.Find(parsed.GetValue(_replicas)!, "--replicas")),
            SourceRule = SourceRanks.Find(parsed.GetValue(_source)!, "--source"),
            PlanningFraction = fraction,
            BatchTokens = VerbText.InRange(parsed.GetValue(_batchTokens), 1, int.MaxValue, "--batch-tokens"),
            MaxBatches = VerbText.InRange(parsed.GetValue(_batches), 1, 1 << 20, "--batches"),
            Threads = parsed.GetValue(_threads) is { } threads ? VerbText.InRange(threads, 1, 1024, "--threads") : null,
            Seed = parsed.GetValue(_seed),
            Previous = running,
            MaxMoves = _previous.MaxMoves(parsed),
            WantedBalance = _previous.WantedBalance(parsed),
            MaxLoad = parsed.GetValue(_maxLoad),
            Migration = _migration.Read(parsed, model, fabric, running is not null),
            Planners = PlannersFor(parsed, new PlacementProblem(new ExpertLoad(1, trace.ExpertCount, new long[trace.ExpertCount]), slots, cluster.Ranks, cluster.Nodes, parsed.GetValue(_groups) ?? model.GroupCount) { RankSlots = limits, Previous = running }),
            Schedulers = VerbText.Choose(parsed.GetValue(_schedulers), Schedulers.All, s => s.Name, [], "--schedulers"),
            Evaluators = VerbText.Choose(parsed.GetValue(_evaluators), LayerModes.Evaluators, e => e.Name, [], "--evaluators"),
        };
    }

    /// <summary>The planners asked for; a running placement is the baseline whether named or not.</summary>
    private IReadOnlyList<IPlacementPlanner> PlannersFor(ParseResult parsed, PlacementProblem shape)
    {
        var isRunning = shape.Previous is not null;
        var isDefault = parsed.GetResult(_planners) is not { Implicit: false };
        var text = isDefault && isRunning ? PlannersFromRunning : parsed.GetValue(_planners)!;
        var all = Planners.All.Where(p => p.NeedsRouting ? isRunning || !p.NeedsPrevious : p.Suits(shape)).ToList();
        var asked = VerbText.Choose(text, text == "all" ? all : Planners.All, p => p.Name, [], "--planners");
        var chosen = RankSlotOptions.Fitting(asked, shape.RankSlots, skips: isDefault || text == "all").Fitting;
        if (!isRunning) return chosen;
        var running = Planners.All.First(p => p.NeedsPrevious);
        return [running, .. chosen.Where(p => p != running)];
    }

    private static string FabricText(Fabric fabric)
    {
        var rates = Enumerable.Range(0, fabric.RankCount).Select(fabric.SendRate).Distinct().ToList();
        var rate = rates.Count == 1 ? $"{rates[0]} per rank" : $"{rates.Min()} to {rates.Max()} per rank";
        return fabric.ReconfigurationDelay is { } delay ? $"{rate}, {ReportText.Time(delay.Picoseconds)} reconfiguration" : rate;
    }
}
