using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Pipeline;

/// <summary>What the main job is asked to do.</summary>
public sealed record PlanRequest
{
    public required RoutingTrace Trace { get; init; }

    /// <summary>For titles.</summary>
    public required string TraceName { get; init; }

    public required string ModelName { get; init; }

    public required Fabric Fabric { get; init; }

    /// <summary>For titles, for example "400 Gbps per rank".</summary>
    public required string FabricText { get; init; }

    /// <summary>One profile per rank.</summary>
    public required IReadOnlyList<ComputeProfile> ComputeOfRank { get; init; }

    public required int SlotCount { get; init; }

    /// <summary>Room of each rank when they differ (<see cref="PlacementProblem.RankSlots"/>); sums to <see cref="SlotCount"/>.</summary>
    public IReadOnlyList<int>? RankSlots { get; init; }

    /// <summary>Expert groups of group-limited routing; 1 = none.</summary>
    public int GroupCount { get; init; } = 1;

    /// <summary>Send mode, bytes per copy, nodes, replica rule.</summary>
    public required TrafficOptions Traffic { get; init; }

    /// <summary>Which rank a token starts on.</summary>
    public ISourceRankRule SourceRule { get; init; } = new SequenceSourceRanks();

    /// <summary>Share of the tokens a planner sees, in (0, 1).</summary>
    public double PlanningFraction { get; init; } = 0.5;

    /// <summary>Tokens of one batch, all source ranks together; the held-out part is cut into batches of consecutive tokens.</summary>
    public int BatchTokens { get; init; } = 1 << 16;

    /// <summary>At most this many batches are simulated, spread evenly over the held-out part.</summary>
    public int MaxBatches { get; init; } = 4;

    public ulong Seed { get; init; } = 1;

    /// <summary>Layers planned at a time; never changes a result.</summary>
    public int? Threads { get; init; }

    /// <summary>The running placement that planners may start from; null at a first start.</summary>
    public ExpertPlacement? Previous { get; init; }

    /// <summary>With a running placement: at most this many experts fetched, all layers together.</summary>
    public long? MaxMoves { get; init; }

    /// <summary>With a running placement: balancedness that is enough.</summary>
    public double? WantedBalance { get; init; }

    /// <summary>Largest rank load over the mean that planners with a cap may use.</summary>
    public double? MaxLoad { get; init; }

    /// <summary>What leaving the first planner's placement costs and how long it must last; null when nothing runs yet, so that moving is free.</summary>
    public MigrationRules? Migration { get; init; }

    /// <summary>The first is the baseline of every "before".</summary>
    public required IReadOnlyList<IPlacementPlanner> Planners { get; init; }

    public required IReadOnlyList<IScheduler> Schedulers { get; init; }

    public required IReadOnlyList<ILayerEvaluator> Evaluators { get; init; }
}

/// <summary>When a running placement is left.</summary>
/// <param name="Costs">What fetching costs.</param>
/// <param name="Horizon">How long and how much a saving is believed; one iteration is one batch through all MoE layers.</param>
public sealed record MigrationRules(MigrationCosts Costs, MigrationHorizon Horizon);
