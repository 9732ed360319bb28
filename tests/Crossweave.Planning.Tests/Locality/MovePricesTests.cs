using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Planning.Locality;
using Crossweave.Planning.Placement;
using Crossweave.Planning.Tests.Placement;

namespace Crossweave.Planning.Tests.Locality;

public sealed class MovePricesTests
{
    [Fact]
    public void Layers_together_are_near_the_best_choice_and_never_above_one_plan_for_all()
    {
        const int Layers = 5, Plans = 4, Ranks = 4;
        double gap = 0, worst = 1;
        for (var seed = 0UL; seed < 100; seed++)
        {
            var prng = new Prng(seed).Split("move-prices");
            var problem = new PlacementProblem(Loads.LogNormal(Layers, 16, 1, prng.Split("load")), 16, Ranks);
            var plans = Enumerable.Range(0, Plans).Select(p => new RandomPlanner().Plan(problem, prng.Split(p))).ToArray();
            var timeOf = Enumerable.Range(0, Layers).Select(_ => Enumerable.Range(0, Plans).Select(p => p == 0 ? 100.0 : 40 + (100 * prng.NextDouble())).ToArray()).ToArray();
            problem = problem with { Previous = plans[0], MoveTime = 4 * prng.NextDouble() };

            var prices = new MovePrices(problem, plans, timeOf);

            double True(int[] choice) => choice.Select((p, l) => timeOf[l][p]).Sum()
                + (problem.MoveTime * Enumerable.Range(0, Ranks).Max(r => choice.Select((p, l) => PlacementMetrics.FetchedByRank(plans[0].Layers[l], plans[p].Layers[l])[r]).Sum()));
            Assert.Equal(True(prices.Choice), prices.Total, 1e-9);
            for (var p = 0; p < Plans; p++) Assert.True(prices.Total <= True([.. Enumerable.Repeat(p, Layers)]) + 1e-9, $"seed {seed}, plan {p}");
            var best = Enumerable.Range(0, 1024).Min(code => True([.. Enumerable.Range(0, Layers).Select(l => (code >> (2 * l)) & 3)]));
            worst = Math.Max(worst, prices.Total / best);
            gap += prices.Total / best / 100;
        }

        Assert.InRange(gap, 1 - 1e-12, 1.005);
        Assert.InRange(worst, 1 - 1e-12, 1.04);
    }

    [Fact]
    public void Free_moves_take_the_fastest_plan_of_each_layer()
    {
        var problem = new PlacementProblem(Loads.LogNormal(2, 8, 1, new Prng(1)), 8, 2);
        var plans = Enumerable.Range(0, 2).Select(p => new RandomPlanner().Plan(problem, new Prng(2).Split(p))).ToArray();
        var prices = new MovePrices(problem, plans, [[3, 2], [1, 1]]);
        Assert.Equal([1, 0], prices.Choice);
        Assert.Equal(0, prices.Of(0, plans[0].Layers[0]));
    }
}
