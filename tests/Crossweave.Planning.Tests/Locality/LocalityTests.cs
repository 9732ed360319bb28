using Crossweave.Algorithms;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Locality;
using Crossweave.Testing;

namespace Crossweave.Planning.Tests.Locality;

/// <summary>Golden instances of execution spec 7.2 and 7.5, kernels against enumeration, and the floors on recorded routing.</summary>
public sealed class LocalityTests
{
    // Execution spec 7.2: nine experts, top-4.
    private static readonly ushort[] Nine = [1, 2, 6, 8, 3, 5, 7, 8, 0, 1, 4, 5, 1, 3, 6, 8, 0, 2, 4, 7, 1, 5, 6, 8, 0, 1, 7, 8, 1, 3, 5, 6];

    // Execution spec 7.5: LLaMA-MoE layer 0 (public C2R data, MIT).
    private static readonly long[] Llama =
    [
        0, 2256, 0, 15105, 0, 122, 825, 149,
        2256, 0, 23, 41798, 360, 147, 8537, 7207,
        0, 23, 0, 1, 1379, 9, 19, 63,
        15105, 41798, 1, 0, 19, 8, 47436, 1346,
        0, 360, 1379, 19, 0, 11212, 1030, 6212,
        122, 147, 9, 8, 11212, 0, 39, 59478,
        825, 8537, 19, 47436, 1030, 39, 0, 20,
        149, 7207, 63, 1346, 6212, 59478, 20, 0,
    ];

    [Fact]
    public void Occults_two_fill_orders_give_the_groups_of_the_spec()
    {
        var sets = TokenSets.Of(9, 4, [.. Nine]);
        var sequential = OccultGreedy.Place(sets.Pairs(), [3, 3, 3], roundRobin: false);
        var turns = OccultGreedy.Place(sets.Pairs(), [3, 3, 3], roundRobin: true);
        Assert.Equal([1, 0, 1, 2, 1, 2, 0, 2, 0], sequential); // {1,6,8} {4,0,2} {7,3,5}
        Assert.Equal([1, 0, 2, 2, 1, 1, 0, 2, 0], turns); // {1,6,8} {4,0,5} {7,2,3}
        Assert.Equal((18L, 19L), (sets.Copies(sequential, 3), sets.Copies(turns, 3)));
        Assert.Equal(20, sets.Copies([0, 0, 0, 1, 1, 1, 2, 2, 2], 3));
    }

    [Fact]
    public void The_exact_groups_are_the_unique_optima_of_the_spec()
    {
        var sets = TokenSets.Of(9, 4, [.. Nine]);
        var fewest = GroupOracle.Solve(sets, new long[9], 3, 0)!;
        Assert.Equal([0, 1, 2, 2, 0, 1, 2, 0, 1], fewest); // {0,4,7} {1,5,8} {2,3,6}
        Assert.Equal(17, sets.Copies(fewest, 3));
        Assert.Equal([0, 1, 0, 2, 0, 2, 1, 2, 1], GroupOracle.Solve(TokenSets.OfPairs(9, sets.Pairs()), new long[9], 3, 0)!); // {0,2,4} {1,6,8} {3,5,7}
    }

    [Fact]
    public void Pairs_of_experts_by_matching_are_those_by_enumeration_under_a_cap_too()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var prng = new Prng(seed).Split("pairs");
            var experts = 8 + (2 * prng.NextInt(4));
            var sets = RandomSets(experts, 4, 80, prng);
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var cap = (long)((1.05 + (0.4 * prng.NextDouble())) * 2 * load.Sum() / experts);
            var (matched, enumerated) = (ExactPairs.Solve(sets, load, cap), GroupOracle.Solve(sets, load, experts / 2, cap));
            Assert.Equal(enumerated is null, matched is null);
            if (matched is null) continue;
            Assert.Equal(sets.Copies(enumerated!, experts / 2), sets.Copies(matched, experts / 2));
            Assert.True(new LayerTokens(sets, load).BusiestRank(matched, experts / 2) <= cap);
        }
    }

    [Fact]
    public void Real_pair_counts_reach_the_proven_optimum_where_the_greedy_is_far()
    {
        var pairs = TokenSets.OfPairs(8, Llama);
        Assert.Equal(204_800, pairs.TokenCount);
        Assert.Equal([0, 0, 1, 2, 1, 3, 2, 3], GroupOracle.Solve(pairs, new long[8], 4, 0)!); // {0,1} {2,4} {3,6} {5,7}
        Assert.Equal(110_549, Intra(GroupOracle.Solve(pairs, new long[8], 4, 0)!, 4));
        Assert.Equal(13_489, Intra([0, 0, 1, 1, 2, 2, 3, 3], 4));
        Assert.Equal(148_002, Intra(OccultGreedy.Place(Llama, [4, 4], roundRobin: false), 2));
        Assert.Equal(148_002, Intra(OccultGreedy.Place(Llama, [4, 4], roundRobin: true), 2));
        Assert.Equal(194_310, Intra(GroupOracle.Solve(pairs, new long[8], 2, 0)!, 2));

        long Intra(int[] rankOf, int ranks) => (2 * pairs.TokenCount) - pairs.Copies(rankOf, ranks);
    }

    [Fact]
    public void Gains_are_what_recounting_says()
    {
        for (var seed = 0UL; seed < 30; seed++)
        {
            var prng = new Prng(seed);
            var (experts, ranks, topK) = (6 + prng.NextInt(20), 2 + prng.NextInt(4), 2 + prng.NextInt(4));
            var sets = RandomSets(experts, topK, 80, prng);
            var rankOf = Enumerable.Range(0, experts).Select(e => e % ranks).ToArray();
            var table = new CopyTable(sets, ranks, rankOf);
            for (var step = 0; step < 60; step++)
            {
                var (i, j) = (prng.NextInt(experts), prng.NextInt(experts));
                if (table.RankOf[i] == table.RankOf[j]) continue;
                var (before, gain) = (table.Copies, table.Gain(i, j));
                table.Exchange(i, j);
                Assert.Equal(sets.Copies(table.RankOf, ranks), table.Copies);
                Assert.Equal(before - gain, table.Copies);
            }
        }
    }

    [Fact]
    public void The_search_finds_the_optimum_of_small_instances_and_keeps_the_cap()
    {
        for (var seed = 0UL; seed < 30; seed++)
        {
            var prng = new Prng(seed).Split("search");
            var ranks = 2 + (2 * prng.NextInt(2));
            var experts = ranks == 2 ? 10 : 12;
            var sets = RandomSets(experts, 3, 60, prng);
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var cap = (long)(1.25 * load.Sum() / ranks);
            var exact = GroupOracle.Solve(sets, load, ranks, cap);
            if (exact is null) continue;
            var balanced = BalancedGroups.Place(load, RankGroups.EvenCapacity(experts, ranks)).RankOf;
            var found = new CopySearch(sets, load, ranks, cap).Run([balanced], SearchEffort.Default, prng);
            Assert.Equal(sets.Copies(exact, ranks), sets.Copies(found, ranks));
            Assert.True(new LayerTokens(sets, load).BusiestRank(found, ranks) <= cap);
        }
    }

    [Fact]
    public void Where_one_expert_is_hotter_than_the_cap_the_other_ranks_may_hold_as_much()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var prng = new Prng(seed).Split("hot");
            var (experts, ranks, topK) = (20, 4, 3);
            var choices = new ushort[200 * topK];
            for (var t = 0; t < 200; t++)
            {
                var order = Enumerable.Range(1, experts - 1).Select(e => (ushort)e).ToArray();
                prng.Shuffle<ushort>(order);
                order.AsSpan(0, topK).CopyTo(choices.AsSpan(t * topK));
                if (!choices.AsSpan(t * topK, topK).Contains((ushort)0)) choices[t * topK] = 0; // the one that every token chooses
            }

            var sets = TokenSets.Of(experts, topK, choices);
            var load = Enumerable.Range(0, experts).Select(sets.Load).ToArray();
            var least = 200 + load.Order().Take((experts / ranks) - 1).Sum(); // with the coldest experts beside it
            var (balanced, busiest) = BalancedGroups.Place(load, RankGroups.EvenCapacity(experts, ranks));
            Assert.Equal((least, least), (busiest, new LayerTokens(sets, load).BusiestRank(balanced, ranks)));
            using var trace = new InMemoryTrace(1, topK, experts, choices, [new(0, 200, "a", "")]);
            var layer = new LocalityPlanner().Plan(new PlacementProblem(LoadCounter.Count(trace), experts, ranks) { Routing = trace, MaxLoad = 1 }, prng).Layers[0];
            var rankOf = Enumerable.Range(0, experts).Select(e => layer.RankOfSlot[layer.SlotsOfExpert(e)[0]]).ToArray();
            Assert.Equal(least, new LayerTokens(sets, load).BusiestRank(rankOf, ranks));
            Assert.True(sets.Copies(rankOf, ranks) < sets.Copies(balanced, ranks));
        }
    }

    [Fact]
    public void Sets_are_merged_counted_and_restricted()
    {
        var sets = TokenSets.Of(5, 2, [3, 1, 1, 3, 0, 4, 1, 2]);
        Assert.Equal((3, 4L), (sets.Count, sets.TokenCount));
        Assert.Equal((2L, 3L), (sets.Load(3), sets.Load(1)));
        var only = sets.Only([1, 3]);
        Assert.Equal((2, 1, 2L), (only.ExpertCount, only.Count, only.TokenCount));
    }

    /// <summary>Floors of issue part 2, on held-out tokens of every recorded set that is there.</summary>
    [Theory]
    [InlineData("deepseek-v2-lite-esft/intent", 64, 4, 0.99)]
    [InlineData("deepseek-v2-lite-esft/translation", 64, 4, 0.99)]
    [InlineData("deepseek-v2-lite-esft/intent", 64, 8, 0.98)]
    [InlineData("deepseek-v2-lite-esft/summary", 64, 8, 0.98)]
    [InlineData("deepseek-v2-lite-esft/translation", 64, 8, 0.98)]
    [InlineData("gpt-oss-20b-fingerprinting/mmlu_validation", 32, 8, 0.98)]
    public void Fewer_ranks_per_held_out_token_than_Occults_greedy_at_its_own_load(string file, int experts, int ranks, double floor)
    {
        var path = SharedData.Require($"traces/{file}.ids.npy");
        using var trace = new LayerSubsetTrace(Importers.Open(path, null, new ImportOptions { ExpertCount = experts }).Trace!, [1, 8, 15, 22]);
        var (planning, heldOut) = TraceSplit.BySequence(trace, 0.5, new Prng(0));
        var problem = new PlacementProblem(LoadCounter.Count(planning), experts, ranks) { Routing = planning };
        var greedy = Judge(OccultPlanner.RankByRank);
        var ours = Judge(new LocalityPlanner());
        Assert.True(ours.Copies <= floor * greedy.Copies, $"{ours.Copies:F4} against {greedy.Copies:F4}");
        Assert.True(ours.Load <= 1.03 * greedy.Load, $"load {ours.Load:F3} against {greedy.Load:F3}");

        (double Copies, double Load) Judge(IPlacementPlanner planner)
        {
            var layers = HeldOutLayer.Judge(heldOut, planner.Plan(problem, new Prng(0)), new TrafficOptions(SendMode.PerRank, true, new(1), new(1)), new SequenceSourceRanks());
            return (layers.Average(l => l.DistinctRanks), layers.Average(l => l.MaxOverMeanRank));
        }
    }

    /// <summary>The other floor of issue part 2: hardly any imbalance and still not above the round-robin greedy, whatever load that needs.</summary>
    [Theory]
    [InlineData(64, 4, "deepseek-v2-lite-esft/intent", "deepseek-v2-lite-esft/summary", "deepseek-v2-lite-esft/translation")]
    [InlineData(64, 8, "deepseek-v2-lite-esft/intent", "deepseek-v2-lite-esft/summary", "deepseek-v2-lite-esft/translation")]
    [InlineData(64, 4, "deepseek-v2-lite-esft/summary")]
    [InlineData(32, 4, "gpt-oss-20b-fingerprinting/mmlu_validation")]
    public void At_a_load_of_1_10_no_more_ranks_than_the_round_robin_greedy_at_any_load(int experts, int ranks, params string[] files)
    {
        var paths = Array.ConvertAll(files, f => SharedData.Require($"traces/{f}.ids.npy"));
        using var trace = new LayerSubsetTrace(Importers.OpenAll(paths, null, new ImportOptions { ExpertCount = experts }).Trace!, [0, 6, 12, 18]);
        var (planning, heldOut) = TraceSplit.BySequence(trace, 0.5, new Prng(0));
        var problem = new PlacementProblem(LoadCounter.Count(planning), experts, ranks) { Routing = planning, MaxLoad = 1.1 };
        var ours = new LocalityPlanner().Plan(problem, new Prng(0));
        Assert.All(PlacementMetrics.MaxOverMean(ours, problem.Load), load => Assert.True(load <= 1.1));
        Assert.True(Judge(ours) <= Judge(OccultPlanner.RoundRobin.Plan(problem, new Prng(0))));

        double Judge(ExpertPlacement placement) =>
            HeldOutLayer.Judge(heldOut, placement, new TrafficOptions(SendMode.PerRank, true, new(1), new(1)), new SequenceSourceRanks()).Average(l => l.DistinctRanks);
    }

    [Fact]
    public void The_time_planner_never_loses_under_the_evaluator_it_is_handed()
    {
        for (var seed = 0UL; seed < 4; seed++)
        {
            var prng = new Prng(seed).Split("time");
            var topK = 3;
            var choices = new ushort[200 * 2 * topK];
            for (var row = 0; row < 400; row++)
            {
                var order = Enumerable.Range(0, 12).Select(e => (ushort)e).OrderBy(e => e + (6 * prng.NextDouble())).ToArray();
                order.AsSpan(0, topK).CopyTo(choices.AsSpan(row * topK));
            }

            using var trace = new InMemoryTrace(2, topK, 12, choices, [new(0, 120, "a", ""), new(120, 80, "b", "")]);
            var weight = 1 + (3 * prng.NextDouble());
            double Time(int layer, LayerPlacement placement)
            {
                var counts = CopyCounter.Count(trace, layer, 0, new SequenceSourceRanks().Assign(trace, 0, 200, 4), placement, 1, new StaticReplicas());
                return Enumerable.Range(0, 4).Max(r => counts.Rows.Received(r) + counts.Rows[r, r]) + (weight * counts.RankCopies.RemoteTotal() / 4);
            }

            var problem = new PlacementProblem(LoadCounter.Count(trace), 12 + (4 * (int)(seed % 2)), 4) { Routing = trace, LayerTime = Time };
            var auto = Planners.Find("auto", "test").Plan(problem, new Prng(1));
            foreach (var planner in Planners.All.Where(p => p is not AutoPlanner && p.Suits(problem)))
            {
                var plan = planner.Plan(problem, new Prng(1).Split(planner.Name));
                for (var l = 0; l < 2; l++) Assert.True(Time(l, auto.Layers[l]) <= Time(l, plan.Layers[l]), $"{planner.Name}, layer {l}");
            }
        }
    }

    internal static TokenSets RandomSets(int experts, int topK, int tokens, Prng prng)
    {
        var choices = new ushort[tokens * topK];
        for (var t = 0; t < tokens; t++)
        {
            var centre = prng.NextInt(experts);
            var order = Enumerable.Range(0, experts).Select(e => (ushort)e).OrderBy(e => Math.Abs(e - centre) + (3 * prng.NextDouble())).ToArray();
            order.AsSpan(0, topK).CopyTo(choices.AsSpan(t * topK));
        }

        return TokenSets.Of(experts, topK, choices);
    }
}
