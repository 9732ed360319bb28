using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Placement;

/// <summary>What a placement planner is given. Immutable; variants are made with <c>with</c>.</summary>
/// <param name="Load">Tokens per (layer, expert) of the planning part.</param>
/// <param name="SlotCount">Slots per layer, at least the experts; a multiple of the ranks, or the sum of <see cref="RankSlots"/>.</param>
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

    /// <summary>With a running placement: what one expert that a rank must fetch costs per batch until the next decision, in the unit of <see cref="LayerTime"/>; the rank that fetches most, over all layers, counts.</summary>
    public double MoveTime { get; init; }

    /// <summary>With a running placement: at most this many experts fetched by ranks that do not hold them, over all layers; null = no limit.</summary>
    public long? MaxMoves { get; init; }

    /// <summary>With a running placement: balancedness (mean over layers of mean/max rank load) that is enough; null = the planner's choice.</summary>
    public double? WantedBalance { get; init; }

    /// <summary>
    /// Memory limits: slots per layer that each rank has room for. Null = the same on every rank, and all are filled. Placements for unequal
    /// limits use at most these and may leave some empty.
    /// </summary>
    public IReadOnlyList<int>? RankSlots { get; init; }

    /// <summary>Groups that planners which keep groups on nodes may put on two, per layer, where that helps the balance.</summary>
    public int StraddlingGroups { get; init; }

    /// <summary>Planners that can prove their optimum take the time for it.</summary>
    public bool Prove { get; init; }

    public int ExpertCount => Load.ExpertCount;

    /// <summary>Slots of every rank, when all have the same number.</summary>
    public int SlotsPerRank => SlotCount / RankCount;

    /// <summary>Ranks differ in <see cref="RankSlots"/>.</summary>
    public bool HasUnevenSlots => RankSlots is { } slots && slots.Any(n => n != slots[0]);

    /// <summary>Slots of each rank, a new array.</summary>
    public int[] SlotsOfRank()
    {
        if (RankSlots is not null) return [.. RankSlots];
        var slots = new int[RankCount];
        Array.Fill(slots, SlotsPerRank);
        return slots;
    }

    /// <summary>Throws a one-line error when the shape cannot be planned at all, or not by a planner that needs equal ranks.</summary>
    /// <param name="unevenSlots">Ranks may differ in slots (<see cref="IPlacementPlanner.FillsUnevenRanks"/>).</param>
    /// <exception cref="InputException">Slots below experts, not divisible by ranks, non-positive counts, ranks that differ.</exception>
    public void Validate(bool unevenSlots = false)
    {
        if (RankCount <= 0) throw InputException.At("ranks", $"{RankCount}", "at least 1");
        if (NodeCount <= 0) throw InputException.At("nodes", $"{NodeCount}", "at least 1");
        if (GroupCount <= 0) throw InputException.At("groups", $"{GroupCount}", "at least 1");
        if (SlotCount < ExpertCount) throw InputException.At("slots", $"{SlotCount}", $"at least the {ExpertCount} experts");
        if (SlotCount > MaxSlots) throw InputException.At("slots", $"{SlotCount}", $"at most {MaxSlots}");
        ValidateRankSlots(unevenSlots);
        if (RankSlots is null && SlotCount % RankCount != 0) throw InputException.At("slots", $"{SlotCount}", $"a multiple of the {RankCount} ranks");
        if (StraddlingGroups < 0) throw InputException.At("straddling-groups", $"{StraddlingGroups}", "0 or more");
        if (MaxLoad is { } most && !(most >= 1)) throw InputException.At("max-load", FormattableString.Invariant($"{MaxLoad}"), "at least 1 (times the mean rank load)");
        if (ExpertCount % GroupCount != 0) throw InputException.At("groups", $"{GroupCount}", $"a divisor of the {ExpertCount} experts");
    }

    private void ValidateRankSlots(bool unevenSlots)
    {
        if (RankSlots is not { } slots) return;
        if (slots.Count != RankCount) throw InputException.At("rank-slots", $"{slots.Count} numbers", $"one for each of the {RankCount} ranks");
        for (var r = 0; r < slots.Count; r++)
            if (slots[r] < 0)
                throw InputException.At("rank-slots", $"{slots[r]} slots on rank {r}", "0 or more");
        if (slots.Sum(n => (long)n) is var sum && sum != SlotCount) throw InputException.At("rank-slots", $"{sum} slots on all ranks together", $"{SlotCount}, the slots of a layer");
        if (!unevenSlots && HasUnevenSlots) throw InputException.At("rank-slots", $"{slots.Min()} to {slots.Max()} slots per rank", "the same number on every rank, all that this planner can fill");
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

    /// <summary>True when it refuses problems without <see cref="PlacementProblem.Previous"/>.</summary>
    bool NeedsPrevious => false;

    /// <summary>What it needs is known.</summary>
    bool Suits(PlacementProblem problem) => (problem.Pairs is null ? !NeedsRouting || problem.Routing is not null : TakesPairs) && !(NeedsPrevious && problem.Previous is null);

    /// <summary>What every number of fetched experts buys from the running placement on, which comes first; null for planners without such a trade or when nothing runs.</summary>
    IReadOnlyList<MigrationStep>? Front(PlacementProblem problem) => null;

    /// <summary>True when it keeps to <see cref="PlacementProblem.RankSlots"/> that differ; the others refuse them.</summary>
    bool FillsUnevenRanks => false;

    /// <summary>True when <see cref="PlacementProblem.Pairs"/> do instead of single tokens, or nothing of either is needed.</summary>
    bool TakesPairs => !NeedsRouting;

    /// <exception cref="InputException">The problem's shape does not suit this planner.</exception>
    ExpertPlacement Plan(PlacementProblem problem, Prng prng);
}

/// <summary>A step of the trade between moved experts and balance.</summary>
/// <param name="Fetched">Experts fetched by ranks that did not hold them, over all layers.</param>
/// <param name="Balance">Mean over layers of mean/max rank load.</param>
public readonly record struct MigrationStep(long Fetched, double Balance);
