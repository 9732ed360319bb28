using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// EPLB improved: replica counts and packing by exchange of one and two replicas between ranks and by giving up a copy of one expert for
/// one more of another, from a longest-first start that keeps copies apart and from EPLB's own plan. The result is EPLB's plan whenever
/// that has the lighter busiest rank, so no layer is ever worse than EPLB's. Hierarchical when EPLB is: then groups go to nodes by branch and bound.
/// </summary>
/// <remarks>
/// Per layer the search stops when the busiest rank is less than one token above the bound (mean load, or the smallest possible largest
/// share of a replica), or when no exchange helps. With at most three slots per rank several replica counts are started from, with two
/// also those of <see cref="PairedCounts"/>; EPLB's plan is searched from when the first start ends more than 0.1 % above the bound. Cost:
/// <see cref="RankBalancer"/> per step, some tens of steps a layer. Without duplicates no rank holds an expert twice, as long as ranks have fewer
/// slots than there are experts to hold; that form has no fallback to EPLB, which may waste slots. Balancing spec 3.9 to 3.11.
/// Beside a running placement the ranks are relabelled towards it (<see cref="RankLabels"/>). Bad when: few fetches matter (see <c>incremental</c>).
/// </remarks>
public sealed class RefinedPlanner(bool allowDuplicates) : IPlacementPlanner
{
    public string Name => allowDuplicates ? "refined" : "refined-no-duplicates";

    public string Summary => allowDuplicates
        ? "EPLB improved by exchanges of replicas and counts; never below EPLB on any layer"
        : "as refined, but no rank holds two copies of one expert";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => RankLabels.Near(problem, PlanWithBounds(problem).Placement);

    /// <summary>The placement and, per layer, a load in tokens that the busiest rank of no placement of this shape gets below.</summary>
    public (ExpertPlacement Placement, double[] Bound) PlanWithBounds(PlacementProblem problem)
    {
        problem.Validate();
        var shape = new EplbShape(problem.ExpertCount, problem.SlotCount, problem.RankCount, problem.NodeCount, problem.GroupCount);
        var eplb = allowDuplicates ? EplbPlanner.PlanLayers(problem.Load, shape) : null;
        var solver = new RefinedSolver(shape);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        var bound = new double[layers.Length];
        for (var l = 0; l < layers.Length; l++)
        {
            var load = problem.Load.Layer(l);
            var start = eplb is null ? default : eplb.ExpertOfSlot.AsSpan(l * shape.SlotCount, shape.SlotCount);
            var expertOfSlot = new int[shape.SlotCount];
            bound[l] = solver.Solve(load, start, expertOfSlot);
            layers[l] = LayerPlacement.Even(shape.ExpertCount, expertOfSlot, shape.RankCount);
            if (eplb is null) continue;
            var published = LayerPlacement.Even(shape.ExpertCount, start.ToArray(), shape.RankCount);
            if (PlacementMetrics.MeanAndMax(published, load).Max < PlacementMetrics.MeanAndMax(layers[l], load).Max) layers[l] = published;
        }

        return (new ExpertPlacement(layers, problem.Load.LayerIds), bound);
    }
}
