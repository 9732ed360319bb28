using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Every layer independently: redundant slots go to uniformly drawn experts (none gets more copies than there are ranks while
/// that is possible), then the experts in random order, copies side by side, are dealt to the ranks in random order, passing over full ones.
/// On equal ranks copies of one expert sit on different ranks. Without redundant slots this is a uniform balanced placement.
/// O(L S) expected. The baseline that shows what looking at the loads is worth.
/// </summary>
public sealed class RandomPlanner : IPlacementPlanner
{
    public string Name => "random";

    public string Summary => "seeded random placement, redundant slots to random experts";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate(FillsUnevenRanks);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        for (var layer = 0; layer < layers.Length; layer++) layers[layer] = PlanLayer(problem, prng.Split("random-placement").Split(layer));
        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    private static LayerPlacement PlanLayer(PlacementProblem problem, Prng prng)
    {
        var (experts, ranks, slots) = (problem.ExpertCount, problem.RankCount, problem.SlotCount);
        var count = RandomCounts(experts, slots, ranks, prng);
        var dealOrder = Shuffled(experts, prng);
        var rankOrder = Shuffled(ranks, prng);
        var expertOfSlot = new int[slots];
        var fill = new RankFill(problem.SlotsOfRank());
        var next = 0;
        foreach (var expert in dealOrder)
        {
            for (var copy = 0; copy < count[expert]; copy++, next++)
            {
                while (fill.IsFull(rankOrder[next % ranks])) next++;
                expertOfSlot[fill.Take(rankOrder[next % ranks])] = expert;
            }
        }

        return LayerPlacement.OfRanks(experts, expertOfSlot, problem.SlotsOfRank());
    }

    private static int[] RandomCounts(int experts, int slots, int ranks, Prng prng)
    {
        var cap = Math.Max(ranks, (slots + experts - 1) / experts);
        var count = new int[experts];
        Array.Fill(count, 1);
        var open = Enumerable.Range(0, experts).ToArray(); // experts below the cap: the first openCount
        var openCount = cap > 1 ? experts : 0;
        for (var slot = experts; slot < slots; slot++)
        {
            var drawn = prng.NextInt(openCount);
            var expert = open[drawn];
            if (++count[expert] == cap) open[drawn] = open[--openCount];
        }

        return count;
    }

    private static int[] Shuffled(int n, Prng prng)
    {
        var order = Enumerable.Range(0, n).ToArray();
        prng.Shuffle(order.AsSpan());
        return order;
    }
}
