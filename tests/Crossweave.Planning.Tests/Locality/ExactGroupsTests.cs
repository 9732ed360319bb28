using Crossweave.Algorithms;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Locality;
using Crossweave.Testing;

namespace Crossweave.Planning.Tests.Locality;

/// <summary>Divisions into equal groups with a proof: groups and prices by recounting, optima against dynamic programming.</summary>
public sealed class ExactGroupsTests
{
    [Fact]
    public void All_groups_that_keep_the_cap_are_written_out_with_the_tokens_that_touch_them()
    {
        foreach (var (experts, size) in new[] { (6, 1), (9, 2), (9, 3), (11, 4), (8, 7) })
        {
            var sets = LocalityTests.RandomSets(experts, 3, 70, new Prng(5).Split(size));
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var cap = load.Sum() * size / experts;
            var columns = GroupColumns.Of(sets, load, size, cap);
            var expected = Enumerable.Range(0, 1 << experts).Where(m => int.PopCount(m) == size)
                .Select(m => Enumerable.Range(0, experts).Where(e => (m >> e & 1) != 0).ToArray()).Where(g => g.Sum(e => load[e]) <= cap).Select(g => string.Join(' ', g)).Order(StringComparer.Ordinal);
            Assert.Equal(expected, Enumerable.Range(0, columns.Count).Select(g => string.Join(' ', columns.Experts.Slice(g * size, size).ToArray())).Order(StringComparer.Ordinal));
            for (var g = 0; g < columns.Count; g++)
            {
                var members = columns.Experts.Slice(g * size, size).ToArray();
                var touched = Enumerable.Range(0, sets.Count).Where(s => sets.Experts(s).ToArray().Any(e => members.Contains((byte)e))).Sum(sets.Weight);
                Assert.Equal(touched, columns.Tokens[g]);
            }
        }
    }

    [Fact]
    public void The_optimum_is_that_of_dynamic_programming_and_prices_bound_it()
    {
        var improved = 0;
        for (var seed = 0UL; seed < 60; seed++)
        {
            var prng = new Prng(seed).Split("groups");
            var ranks = 2 + prng.NextInt(4);
            var experts = ranks * (2 + prng.NextInt(14 / ranks));
            var sets = LocalityTests.RandomSets(experts, 2 + prng.NextInt(Math.Min(3, experts - 2)), 60 + prng.NextInt(200), prng);
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var (start, reachable) = BalancedGroups.Place(load, RankGroups.EvenCapacity(experts, ranks));
            var cap = Math.Max(reachable, (long)((1 + prng.NextDouble()) * load.Sum() / ranks));
            var (found, oracle) = (ExactGroups.Solve(sets, load, ranks, cap, start), GroupOracle.Solve(sets, load, ranks, cap)!);
            Assert.Equal(sets.Copies(oracle, ranks), found.Copies);
            Assert.Equal(found.Copies, sets.Copies(found.RankOf, ranks));
            Assert.Equal(found.Copies, found.Bound);
            Assert.True(new LayerTokens(sets, load).BusiestRank(found.RankOf, ranks) <= cap);
            if (found.Copies < sets.Copies(start, ranks)) improved++;

            var columns = GroupColumns.Of(sets, load, experts / ranks, cap);
            var prices = new GroupPrices(columns, Enumerable.Repeat((double)sets.Copies(start, ranks) / experts, experts).ToArray(), sets.Copies(start, ranks));
            Assert.InRange(prices.Bound, 1, found.Copies);
            Assert.Equal(prices.Price.Aggregate((Int128)0, (sum, p) => sum + p), prices.Sum);
            for (var g = 0; g < columns.Count; g++) Assert.True(prices.ReducedCost(g) >= 0);
        }

        Assert.InRange(improved, 20, 60);
    }

    [Fact]
    public void A_search_that_is_cut_short_claims_nothing_it_did_not_prove()
    {
        var cut = 0;
        for (var seed = 0UL; seed < 30; seed++)
        {
            var sets = LocalityTests.RandomSets(15, 4, 150, new Prng(seed).Split("cut"));
            var load = Enumerable.Range(0, 15).Select(sets.Load).ToArray();
            var (start, reachable) = BalancedGroups.Place(load, RankGroups.EvenCapacity(15, 5));
            var best = sets.Copies(GroupOracle.Solve(sets, load, 5, reachable)!, 5);
            foreach (var work in new[] { 0L, 20, 200 })
            {
                var found = ExactGroups.Solve(sets, load, 5, reachable, start, work);
                Assert.InRange(best, found.Bound, found.Copies);
                if (found.Bound < found.Copies) cut++;
            }
        }

        Assert.InRange(cut, 10, 90);
    }

    [Theory]
    [InlineData("gpt-oss-20b-fingerprinting/mmlu_validation", 32, 8)]
    [InlineData("deepseek-v2-lite-esft/translation", 64, 16)]
    public void Recorded_layers_are_solved_to_the_optimum(string file, int experts, int ranks)
    {
        var path = SharedData.Require($"traces/{file}.ids.npy");
        using var trace = new LayerSubsetTrace(Importers.Open(path, null, new ImportOptions { ExpertCount = experts }).Trace!, [3, 12]);
        var problem = new PlacementProblem(LoadCounter.Count(trace), experts, ranks) { Routing = trace, MaxLoad = 1.1 };
        var (_, search) = LocalityPlanner.PlanWithBounds(problem, new Prng(0));
        var (placement, proven) = LocalityPlanner.PlanWithBounds(problem with { Prove = true }, new Prng(0));
        for (var l = 0; l < 2; l++)
        {
            Assert.True(proven[l].IsProven);
            Assert.Equal(0, search[l].Bound);
            Assert.InRange(search[l].Copies, proven[l].Copies, (long)(1.005 * proven[l].Copies));
            var rankOf = Enumerable.Range(0, experts).Select(e => placement.Layers[l].RankOfSlot[placement.Layers[l].SlotsOfExpert(e)[0]]).ToArray();
            Assert.Equal(proven[l].Copies, TokenSets.Of(trace, l).Copies(rankOf, ranks));
        }
    }
}
