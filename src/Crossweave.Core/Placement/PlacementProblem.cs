using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Placement;

/// <summary>What a placement planner is given. Immutable; variants are made with <c>with</c>.</summary>
/// <param name="Load">Tokens per (layer, expert) of the planning part.</param>
/// <param name="SlotCount">Slots per layer, at least the experts, a multiple of the ranks.</param>
/// <param name="RankCount">Ranks of the expert-parallel group.</param>
/// <param name="NodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
/// <param name="GroupCount">Expert groups of group-limited routing (1 = none).</param>
public sealed record PlacementProblem(ExpertLoad Load, int SlotCount, int RankCount, int NodeCount = 1, int GroupCount = 1)
{
    /// <summary>Slots per layer that can be planned.</summary>
    public const int MaxSlots = 1 << 20;

    /// <summary>Single tokens of the planning part, for planners that look at co-activation; null when only loads are known.</summary>
    public RoutingTrace? Routing { get; init; }

    /// <summary>Pair counts instead of single tokens, for planners that <see cref="IPlacementPlanner.TakesPairs"/>; null when tokens or only loads are known.</summary>
    public PairCounts? Pairs { get; init; }

    /// <summary>The placement that is running now, for planners that limit migration; null at a first start.</summary>
    public ExpertPlacement? Previous { get; init; }

    /// <summary>Largest rank load over the mean that planners with a cap may use, at least 1; null leaves it to the planner.</summary>
    public double? MaxLoad { get; init; }

    /// <summary>Predicted time of a placed layer (its index in the loads), for planners that minimise time; any unit, smaller is better; called from several threads. Null: the planner's own.</summary>
    public Func<int, LayerPlacement, double>? LayerTime { get; init; }

    /// <summary>With a running placement: at most this many experts fetched by ranks that do not hold them, over all layers; null = no limit.</summary>
    public long? MaxMoves { get; init; }

    /// <summary>With a running placement: balancedness (mean over layers of mean/max rank load) that is enough; null = the planner's choice.</summary>
    public double? WantedBalance { get; init; }

    public int ExpertCount => Load.ExpertCount;

    public int SlotsPerRank => SlotCount / RankCount;

    /// <summary>Throws a one-line error when the shape cannot be planned at all.</summary>
    /// <exception cref="InputException">Slots below experts, not divisible by ranks, non-positive counts.</exception>
    public void Validate()
    {
        if (RankCount <= 0) throw InputException.At("ranks", $"{RankCount}", "at least 1");
        if (NodeCount <= 0) throw InputException.At("nodes", $"{NodeCount}", "at least 1");
        if (GroupCount <= 0) throw InputException.At("groups", $"{GroupCount}", "at least 1");
        if (SlotCount < ExpertCount) throw InputException.At("slots", $"{SlotCount}", $"at least the {ExpertCount} experts");
        if (SlotCount > MaxSlots) throw InputException.At("slots", $"{SlotCount}", $"at most {MaxSlots}");
        if (SlotCount % RankCount != 0) throw InputException.At("slots", $"{SlotCount}", $"a multiple of the {RankCount} ranks");
        if (MaxLoad is < 1) throw InputException.At("max-load", FormattableString.Invariant($"{MaxLoad}"), "at least 1 (times the mean rank load)");
        if (ExpertCount % GroupCount != 0) throw InputException.At("groups", $"{GroupCount}", $"a divisor of the {ExpertCount} experts");
    }
}

/// <summary>Decides which expert sits in which slot. Stateless; registered in <c>Planners.All</c>.</summary>
public interface IPlacementPlanner
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <summary>True when it looks at single tokens and refuses problems without <see cref="PlacementProblem.Routing"/>.</summary>
    bool NeedsRouting => false;

    /// <summary>True when <see cref="PlacementProblem.Pairs"/> do instead of single tokens, or nothing of either is needed.</summary>
    bool TakesPairs => !NeedsRouting;

    /// <exception cref="InputException">The problem's shape does not suit this planner.</exception>
    ExpertPlacement Plan(PlacementProblem problem, Prng prng);
}
