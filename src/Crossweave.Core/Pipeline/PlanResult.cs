using Crossweave.Core.Layers;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Pipeline;

/// <summary>Everything the main job found: what reports, tables and plan.json are made from.</summary>
public sealed record PlanResult
{
    /// <summary>Trace file names without folders.</summary>
    public required string TraceName { get; init; }

    public required string ModelName { get; init; }

    public required int ExpertCount { get; init; }

    public required int TopK { get; init; }

    public required IReadOnlyList<int> LayerIds { get; init; }

    public required int RankCount { get; init; }

    public required int NodeCount { get; init; }

    public required int SlotCount { get; init; }

    public required string FabricName { get; init; }

    /// <summary>For example "400 Gbps per rank, 10 ns reconfiguration".</summary>
    public required string FabricText { get; init; }

    public required string ComputeText { get; init; }

    public required SendMode SendMode { get; init; }

    /// <summary>Expert outputs of one token summed on the rank before combine.</summary>
    public required bool SumBeforeCombine { get; init; }

    public required int PlanningTokens { get; init; }

    public required int HeldOutTokens { get; init; }

    /// <summary>Tokens of one simulated batch (all source ranks together).</summary>
    public required int BatchTokens { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>One entry per planner, in the order they were asked for; index 0 is the baseline that "before" refers to.</summary>
    public required IReadOnlyList<PlannerResult> Planners { get; init; }

    /// <summary>What leaving the running placement (the first planner's) costs; null when nothing runs yet.</summary>
    public MigrationRules? Migration { get; init; }

    /// <summary>What fetched experts buy in balance on the planning tokens, from the running placement on; null when nothing runs or no such planner was asked.</summary>
    public IReadOnlyList<MigrationStep>? Front { get; init; }

    /// <summary>The planner with the smallest predicted time (with a running placement: with the largest net saving), its scheduler and evaluator.</summary>
    public required Choice Chosen { get; init; }

    /// <summary>The chosen method on the first batch, one entry per layer: what is written out as schedules.</summary>
    public required IReadOnlyList<LayerPlan> ChosenLayers { get; init; }

    /// <summary>Loads of the held-out part, [layer][expert] tokens.</summary>
    public required long[][] HeldOutLoad { get; init; }

    /// <summary>The layer shown in detail: the one with the largest predicted time under the chosen method.</summary>
    public required LayerDetail Detail { get; init; }
}

/// <summary>Names of the chosen methods.</summary>
public sealed record Choice(string Planner, string Scheduler, string Evaluator);

/// <summary>One planner, judged on held-out tokens. Arrays have one value per layer.</summary>
public sealed record PlannerResult
{
    public required string Planner { get; init; }

    public required ExpertPlacement Placement { get; init; }

    /// <summary>Busiest rank's rows over the mean, per layer, held-out tokens.</summary>
    public required double[] MaxOverMeanRank { get; init; }

    /// <summary>The same on the planning tokens.</summary>
    public required double[] MaxOverMeanRankPlanned { get; init; }

    /// <summary>C_T: distinct ranks per token.</summary>
    public required double[] DistinctRanks { get; init; }

    /// <summary>C_R: distinct ranks per token other than its own.</summary>
    public required double[] RemoteRanks { get; init; }

    /// <summary>Bytes that cross a port, dispatch plus combine.</summary>
    public required long[] WireBytes { get; init; }

    /// <summary>Of these, bytes that cross between nodes.</summary>
    public required long[] CrossNodeBytes { get; init; }

    /// <summary>Rows computed per rank on held-out tokens, [layer][rank].</summary>
    public required long[][] RankLoad { get; init; }

    /// <summary>Experts a rank must fetch to get here from the baseline placement (distinct per rank), all layers.</summary>
    public required long FetchedExperts { get; init; }

    /// <summary>Exposed seconds of moving there from the running placement; 0 when nothing runs yet.</summary>
    public double MoveSeconds { get; init; }

    public required IReadOnlyList<ScheduleResult> Schedules { get; init; }
}

/// <summary>One scheduler under one evaluator for one planner. Arrays have one value per layer, picoseconds.</summary>
public sealed record ScheduleResult
{
    public required string Scheduler { get; init; }

    public required string Evaluator { get; init; }

    /// <summary>
    /// Kind of fabric it was timed on. Another one than the plan's when its steps share ports and the plan's fabric is a circuit
    /// switch: then it is a reference on a packet switch with the same ports, never the choice.
    /// </summary>
    public required string FabricName { get; init; }

    /// <summary>Predicted layer time.</summary>
    public required long[] MakespanPs { get; init; }

    /// <summary>Best applicable lower bound.</summary>
    public required long[] BoundPs { get; init; }

    /// <summary>Steps of dispatch plus combine.</summary>
    public required int[] StepCount { get; init; }

    /// <summary>What the best bound names.</summary>
    public required string[] Bottleneck { get; init; }

    public long TotalPs => MakespanPs.Sum();

    /// <summary>Sum of makespans over sum of bounds.</summary>
    public double Gap => BoundPs.Sum() == 0 ? 1.0 : (double)TotalPs / BoundPs.Sum();
}

/// <summary>What the report draws for one layer.</summary>
/// <param name="LayerIndex">Index into LayerIds.</param>
/// <param name="TrafficBefore">Dispatch copies under the baseline planner.</param>
/// <param name="TrafficAfter">Dispatch copies under the chosen planner.</param>
/// <param name="Outcome">Timeline of the chosen method.</param>
/// <param name="OutcomeBefore">Timeline of the baseline planner with the same scheduler and evaluator.</param>
public sealed record LayerDetail(
    int LayerIndex,
    TrafficMatrix TrafficBefore,
    TrafficMatrix TrafficAfter,
    LayerOutcome Outcome,
    LayerOutcome OutcomeBefore);

/// <summary>One layer as planned: problem, schedule, and the timeline that the evaluator predicts.</summary>
public sealed record LayerPlan(LayerProblem Problem, LayerSchedule Schedule, LayerOutcome Outcome);
