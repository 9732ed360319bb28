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
    public void Pricing_finds_exactly_the_groups_under_the_cap_that_are_worth_more_than_the_limit()
    {
        for (var seed = 0UL; seed < 40; seed++)
        {
            var prng = new Prng(seed).Split("pricing");
            var (experts, size) = (8 + prng.NextInt(5), 1 + prng.NextInt(6));
            var sets = LocalityTests.RandomSets(experts, 2 + prng.NextInt(3), 120, prng);
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var cap = (long)(load.Sum() * size * (0.8 + (0.5 * prng.NextDouble())) / experts);
            var price = Enumerable.Range(0, experts).Select(_ => (long)(prng.NextDouble() * 60 * 1000)).ToArray();
            var below = (long)(((2 * prng.NextDouble()) - 1.5) * 60 * 1000);
            var expected = new SortedDictionary<string, (long Tokens, long Cost)>(StringComparer.Ordinal);
            for (var mask = 0; mask < 1 << experts; mask++)
            {
                if (int.PopCount(mask) != size) continue;
                var members = Enumerable.Range(0, experts).Where(e => (mask >> e & 1) != 0).ToArray();
                var tokens = Enumerable.Range(0, sets.Count).Where(s => sets.Experts(s).ToArray().Any(e => members.Contains(e))).Sum(sets.Weight);
                var cost = (1000 * tokens) - members.Sum(e => price[e]);
                if (cost < below && members.Sum(e => load[e]) <= cap) expected.Add(string.Join(' ', members), (tokens, cost));
            }

            var (found, work) = (new GroupColumns(size), long.MaxValue);
            var pricing = new GroupPricing(sets, load, size, cap);
            Assert.True(pricing.Find(price, 1000, below, found, 10_000, ref work));
            Assert.Equal(expected.Keys, Enumerable.Range(0, found.Count).Select(g => string.Join(' ', found.ExpertsOf(g).ToArray().Order())).Order(StringComparer.Ordinal));
            Assert.Equal(expected.Values.Select(v => v.Tokens).Order(), found.Tokens.ToArray().Order());
            for (var e = 0; e < experts; e++)
                Assert.Equal(expected.Where(x => x.Key.Split(' ').Contains($"{e}")).Select(x => x.Value.Cost).Append(below).Min(), pricing.Least[e]);

            work = 0;
            Assert.False(pricing.Find(price, 1000, below, new GroupColumns(size), 10_000, ref work) && size > 1);
            work = long.MaxValue;
            if (found.Count > 1) Assert.False(pricing.Find(price, 1000, below, new GroupColumns(size), found.Count - 1, ref work));
        }
    }

    [Fact]
    public void The_optimum_is_that_of_dynamic_programming_and_prices_bound_it()
    {
        var improved = 0;
        for (var seed = 0UL; seed < 40; seed++)
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

            // Prices for all groups: none is worth more than its tokens, and their sum is the linear-programming bound.
            var (columns, work) = (new GroupColumns(experts / ranks), long.MaxValue);
            Assert.True(new GroupPricing(sets, load, experts / ranks, cap).Find(new long[experts], 1, long.MaxValue / 64, columns, int.MaxValue / 2, ref work));
            var prices = new GroupPrices(columns, Enumerable.Repeat((double)sets.Copies(start, ranks) / experts, experts).ToArray(), sets.Copies(start, ranks));
            prices.Improve(sets.Copies(start, ranks));
            Assert.InRange(prices.Sum, prices.Unit, (Int128)found.Copies * prices.Unit);
            Assert.Equal(prices.Price.Aggregate((Int128)0, (sum, p) => sum + p), prices.Sum);
            for (var g = 0; g < columns.Count; g++) Assert.True(columns.ExpertsOf(g).ToArray().Sum(e => prices.Price[e]) <= columns.Tokens[g] * prices.Unit);
        }

        Assert.InRange(improved, 15, 40);
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
            foreach (var (pricing, search) in new[] { (0L, 0L), (ExactGroups.PricingWork, 0), (ExactGroups.PricingWork, 1_100_000), (30_000, ExactGroups.SearchWork) })
            {
                var found = ExactGroups.Solve(sets, load, 5, reachable, start, pricing, search);
                Assert.InRange(best, found.Bound, found.Copies);
                if (found.Bound < found.Copies) cut++;
                if (pricing == 0) Assert.Equal(0, found.Bound);
            }
        }

        Assert.InRange(cut, 30, 119);
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
