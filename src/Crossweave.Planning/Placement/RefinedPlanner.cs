using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// EPLB improved: replica counts and packing by exchange of one and two replicas between ranks and by giving up a copy of one expert for
/// one more of another, from a longest-first start that keeps copies apart and from EPLB's own plan. The result is EPLB's plan whenever
/// that has the lighter busiest rank, so no layer is ever worse than EPLB's. Hierarchical when EPLB is: then groups go to nodes by branch and bound.
/// </summary>
/// <remarks>
/// Per layer the search stops when the busiest rank is less than one token above the bound (mean load, or the smallest possible largest
/// share of a replica), or when no exchange helps. It starts from greedy replica counts, from those of <see cref="CountSearch"/> where the packing of
/// greedy ones is poor or exchanges leave more than 0.1 % above the bound, and then from EPLB's plan. With two slots on every rank the packing is
/// known and <see cref="CrowdingSearch"/> finds the counts. Cost:
/// <see cref="RankBalancer"/> per step, some tens of steps a layer. Without duplicates no rank holds an expert twice, as long as ranks have fewer
/// slots than there are experts to hold; that form has no fallback to EPLB, which may waste slots. Balancing spec 3.9 to 3.11.
/// Under unequal memory limits slots may stay empty, and longest first takes the place of EPLB for both forms.
/// <see cref="PlacementProblem.StraddlingGroups"/> softens the rule about groups (<see cref="GroupStraddle"/>).
/// Beside a running placement the ranks are relabelled towards it (<see cref="RankLabels"/>). Bad when: few fetches matter (see <c>incremental</c>).
/// </remarks>
public sealed class RefinedPlanner(bool allowDuplicates) : IPlacementPlanner
{
    public string Name => allowDuplicates ? "refined" : "refined-no-duplicates";

    public string Summary => allowDuplicates
        ? "EPLB improved by exchanges of replicas and counts; never below EPLB on any layer"
        : "as refined, but no rank holds two copies of one expert";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => RankLabels.Near(problem, PlanLayers(problem).Placement);

    /// <summary>The placement and, per layer, a load in tokens that the busiest rank of no placement of this shape gets below.</summary>
    public (ExpertPlacement Placement, double[] Bound) PlanWithBounds(PlacementProblem problem)
    {
        var (placement, bound) = PlanLayers(problem);
        if (problem.HasUnevenSlots || problem.SlotsPerRank < 2 || EplbShape.Levels(problem.ExpertCount, problem.RankCount, problem.NodeCount, problem.GroupCount).Nodes > 1) return (placement, bound);
        var sharper = new CrowdingSearch(problem.ExpertCount, problem.SlotsPerRank, problem.RankCount);
        var weight = new double[problem.ExpertCount];
        for (var l = 0; l < bound.Length; l++)
        {
            var max = PlacementMetrics.MeanAndMax(placement.Layers[l], problem.Load.Layer(l)).Max;
            if (max <= bound[l] * (1 + RefinedSolver.WideGap)) continue;
            for (var e = 0; e < weight.Length; e++) weight[e] = problem.Load.Layer(l)[e];
            bound[l] = sharper.Raise(weight, bound[l], max);
        }

        return (placement, bound);
    }

    private (ExpertPlacement Placement, double[] Bound) PlanLayers(PlacementProblem problem)
    {
        problem.Validate(FillsUnevenRanks);
        var (nodes, groups) = EplbShape.Levels(problem.ExpertCount, problem.RankCount, problem.NodeCount, problem.GroupCount);
        var slotsOfRank = UsefulSlots(problem, nodes);
        var plain = Plain(problem);
        var solver = new RefinedSolver(problem.ExpertCount, slotsOfRank, nodes, groups, problem.HasUnevenSlots, problem.StraddlingGroups);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        var bound = new double[layers.Length];
        var expertOfSlot = new int[slotsOfRank.Sum()];
        for (var l = 0; l < layers.Length; l++)
        {
            var load = problem.Load.Layer(l);
            var start = plain is null || !allowDuplicates || nodes > 1 || plain[l].SlotCount != expertOfSlot.Length ? [] : plain[l].ExpertOfSlot;
            bound[l] = solver.Solve(load, start, expertOfSlot);
            layers[l] = LayerPlacement.OfRanks(problem.ExpertCount, expertOfSlot, slotsOfRank);
            if (plain is null || (!allowDuplicates && PlacementMetrics.DuplicateSlots(plain[l]) > 0)) continue;
            if (PlacementMetrics.MeanAndMax(plain[l], load).Max < PlacementMetrics.MeanAndMax(layers[l], load).Max) layers[l] = plain[l];
        }

        return (new ExpertPlacement(layers, problem.Load.LayerIds), bound);
    }

    /// <summary>What the result must not fall behind: EPLB's plan, or under unequal limits (global only) longest first.</summary>
    private IReadOnlyList<LayerPlacement>? Plain(PlacementProblem problem) =>
        !problem.HasUnevenSlots ? allowDuplicates ? new EplbPlanner().Plan(problem, new Prng(0)).Layers : null
        : problem.GroupCount % problem.NodeCount == 0 && problem.NodeCount > 1 ? null
        : new LptPlanner().Plan(problem, new Prng(0)).Layers;

    /// <summary>Slots that can hold different experts of a node; all slots on equal ranks, which are to be filled.</summary>
    private static int[] UsefulSlots(PlacementProblem problem, int nodes)
    {
        var slots = problem.SlotsOfRank();
        if (!problem.HasUnevenSlots) return slots;
        var (experts, perNode) = (problem.ExpertCount / nodes, problem.RankCount / nodes);
        for (var r = 0; r < slots.Length; r++) slots[r] = Math.Min(slots[r], experts);
        for (var n = 0; n < nodes; n++)
            if (slots.AsSpan(n * perNode, perNode).ToArray().Sum() is var sum && sum < experts)
                throw InputException.At("rank-slots", $"{sum} usable slots on node {n}", $"at least {experts}, the experts of the groups that stay on a node");
        return slots;
    }
}
