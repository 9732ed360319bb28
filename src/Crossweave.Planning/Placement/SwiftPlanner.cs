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
            var kept = SlotOrder.Keep(start.Layers[l].ExpertOfSlot, balancer.ExpertOfSlot, problem.SlotsPerRank);
            layers[l] = LayerPlacement.Even(problem.ExpertCount, kept, problem.RankCount);
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }
}

/// <summary>The order of slots inside ranks.</summary>
internal static class SlotOrder
{
    /// <summary>
    /// A plan with every expert that stays on its rank in its old slot, the others in their new order in the free slots (vLLM's slot
    /// preservation, balancing spec 3.3): saves copies inside a rank. O(S k), a new array.
    /// </summary>
    public static int[] Keep(ReadOnlySpan<int> previous, ReadOnlySpan<int> next, int slotsPerRank)
    {
        var kept = new int[next.Length];
        var used = new bool[slotsPerRank];
        for (var first = 0; first < next.Length; first += slotsPerRank)
        {
            var old = previous.Slice(first, slotsPerRank);
            var mine = next.Slice(first, slotsPerRank);
            var slots = kept.AsSpan(first, slotsPerRank);
            used.AsSpan().Clear();
            slots.Fill(-1);
            for (var slot = 0; slot < slotsPerRank; slot++)
            {
                for (var i = 0; i < slotsPerRank; i++)
                {
                    if (used[i] || mine[i] != old[slot]) continue;
                    (slots[slot], used[i]) = (mine[i], true);
                    break;
                }
            }

            var free = 0;
            for (var i = 0; i < slotsPerRank; i++)
            {
                if (used[i]) continue;
                while (slots[free] >= 0) free++;
                slots[free] = mine[i];
            }
        }

        return kept;
    }
}
