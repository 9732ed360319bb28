using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

public sealed class RankLabelsTests
{
    [Fact]
    public void Groups_and_nodes_stay_together_and_no_relabelling_fetches_less()
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var prng = new Prng(seed).Split("labels");
            var nodes = 1 + prng.NextInt(3);
            var ranks = nodes * (1 + prng.NextInt(nodes == 3 ? 2 : 3));
            var problem = new PlacementProblem(Loads.Of(new long[8]), ranks * 3 < 8 ? ranks * 8 : ranks * 3, ranks, nodes);
            var planned = new RandomPlanner().Plan(problem, prng.Split("planned")).Layers[0];
            var running = new RandomPlanner().Plan(problem, prng.Split("running")).Layers[0];

            var near = RankLabels.Near(planned, running, nodes);

            Assert.Equal(Groups(planned, nodes), Groups(near, nodes));
            Assert.Equal(Fewest(planned, running, nodes), Fetched(running, near));
        }
    }

    [Fact]
    public void A_plan_that_only_renames_ranks_fetches_nothing()
    {
        var problem = new PlacementProblem(Loads.LogNormal(6, 64, 0.8, new Prng(4)), 72, 8);
        var plan = new RefinedPlanner(allowDuplicates: false).Plan(problem, new Prng(1));
        var renamed = new ExpertPlacement([.. plan.Layers.Select(l => LayerPlacement.Even(64, [.. Enumerable.Range(0, 72).Select(s => l.ExpertOfSlot[(s + 27) % 72])], 8))]);
        var again = new RefinedPlanner(allowDuplicates: false).Plan(problem with { Previous = renamed }, new Prng(1));
        Assert.True(PlacementMetrics.Fetched(renamed, plan) > 400);
        Assert.Equal(0, PlacementMetrics.Fetched(renamed, again));
    }

    private static long Fetched(LayerPlacement running, LayerPlacement next) => PlacementMetrics.Fetched(new ExpertPlacement([running]), new ExpertPlacement([next]));

    // Experts of every rank, ranks of a node and nodes sorted: what relabelling must not change.
    private static string Groups(LayerPlacement layer, int nodes)
    {
        var perNode = layer.RankCount / nodes;
        return string.Join(" | ", Enumerable.Range(0, nodes)
            .Select(n => string.Join(" / ", Enumerable.Range(n * perNode, perNode).Select(r => string.Join(',', layer.ExpertsOnRank(r).ToArray().Order())).Order(StringComparer.Ordinal)))
            .Order(StringComparer.Ordinal));
    }

    private static long Fewest(LayerPlacement planned, LayerPlacement running, int nodes)
    {
        var perNode = planned.RankCount / nodes;
        var fewest = long.MaxValue;
        foreach (var order in Orders([.. Enumerable.Range(0, planned.RankCount)]))
        {
            var keepsNodes = Enumerable.Range(0, planned.RankCount).GroupBy(r => r / perNode).All(g => g.Select(r => order[r] / perNode).Distinct().Count() == 1);
            if (!keepsNodes) continue;
            var expertOfSlot = order.SelectMany(r => planned.ExpertsOnRank(r).ToArray()).ToArray();
            fewest = Math.Min(fewest, Fetched(running, LayerPlacement.Even(planned.ExpertCount, expertOfSlot, planned.RankCount)));
        }

        return fewest;
    }

    private static IEnumerable<int[]> Orders(int[] items)
    {
        if (items.Length <= 1) return [items];
        return items.SelectMany(first => Orders([.. items.Where(i => i != first)]).Select(rest => (int[])[first, .. rest]));
    }
}
