using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// After SwiftBalancer (vllm-ascend; balancing spec 3.8), from its description: the running placement changed by exchanges of two
/// replicas only, each the one that lightens the busiest rank most, and only in layers beyond 1.15 x mean; replica counts stay.
/// Without a running placement it starts from EPLB's.
/// </summary>
/// <remarks>O(P k) per exchange. Ties as in <see cref="RankBalancer"/>. Bad when: counts no longer fit the loads; fetches are not weighed.</remarks>
public sealed class SwiftPlanner : IPlacementPlanner
{
    private const double Imbalanced = 1.15;

    public string Name => "swift";

    public string Summary => "Swift-style: exchanges of replicas in unbalanced layers of the running placement, counts kept";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var start = RunningPlacement.Of(problem) ?? new EplbPlanner().Plan(problem, prng);
        var slotsOfRank = new int[problem.RankCount];
        slotsOfRank.AsSpan().Fill(problem.SlotsPerRank);
        var balancer = new RankBalancer(problem.ExpertCount, slotsOfRank);
        var weight = new double[problem.ExpertCount];
        var layers = new LayerPlacement[start.Layers.Count];
        for (var l = 0; l < layers.Length; l++)
        {
            var load = problem.Load.Layer(l);
            var (mean, max) = PlacementMetrics.MeanAndMax(start.Layers[l], load);
            layers[l] = start.Layers[l];
            if (max <= mean * Imbalanced) continue;
            for (var e = 0; e < weight.Length; e++) weight[e] = load[e];
            balancer.Load(weight, start.Layers[l].ExpertOfSlot);
            balancer.ExchangeUntil(mean);
            layers[l] = SlotPreservation.Keep(start.Layers[l], LayerPlacement.Even(problem.ExpertCount, balancer.ExpertOfSlot.ToArray(), problem.RankCount));
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }
}
