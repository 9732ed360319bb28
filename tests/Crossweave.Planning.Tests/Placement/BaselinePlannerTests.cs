using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

public sealed class BaselinePlannerTests
{
    [Fact]
    public void Round_robin_deals_expert_e_to_rank_e_mod_P_and_copies_elsewhere()
    {
        // 4 experts, 2 ranks, 6 slots: after lcm(4, 2) = 4 items the deal moves on by one rank.
        var layer = new RoundRobinPlanner().Plan(new PlacementProblem(Loads.Of([1, 1, 1, 1]), 6, 2), new Prng(1)).Layers[0];
        int[] expected = [0, 2, 1, 1, 3, 0];
        Assert.Equal(expected, layer.ExpertOfSlot);
    }

    [Fact]
    public void Round_robin_and_random_never_waste_a_slot_while_copies_fit_on_different_ranks()
    {
        for (var seed = 0UL; seed < 500; seed++)
        {
            var prng = new Prng(seed).Split("no-waste");
            var (experts, ranks) = (1 + prng.NextInt(20), 1 + prng.NextInt(12));
            var fewest = (experts + ranks - 1) / ranks;
            var perRank = fewest + prng.NextInt(experts - fewest + 1); // at most E slots per rank: distinct copies are possible
            var problem = new PlacementProblem(Loads.Of(new long[experts]), perRank * ranks, ranks);
            foreach (var planner in new IPlacementPlanner[] { new RoundRobinPlanner(), new RandomPlanner() })
            {
                var wasted = Loads.WastedSlots(planner.Plan(problem, prng).Layers[0]);
                Assert.True(wasted == 0, $"seed {seed}: {planner.Name} wastes {wasted} of {problem.SlotCount} slots");
            }
        }
    }

    [Fact]
    public void Round_robin_keeps_its_first_deal_on_rank_e_mod_P()
    {
        for (var experts = 1; experts <= 12; experts++)
            for (var ranks = 1; ranks <= 6; ranks++)
            {
                var slots = ((experts + ranks - 1) / ranks * ranks) + ranks;
                var layer = new RoundRobinPlanner().Plan(new PlacementProblem(Loads.Of(new long[experts]), slots, ranks), new Prng(1)).Layers[0];
                for (var e = 0; e < experts; e++) Assert.True(layer.ExpertsOnRank(e % ranks).Contains(e), $"expert {e} of {experts} on {ranks}");
            }
    }

    [Fact]
    public void Random_placements_differ_by_seed_and_layer_and_reach_every_rank()
    {
        var problem = new PlacementProblem(Loads.Of(new long[16], new long[16]), 20, 4);
        var hits = new int[4];
        for (var seed = 0UL; seed < 400; seed++)
        {
            var layer = new RandomPlanner().Plan(problem, new Prng(seed)).Layers[0];
            hits[layer.RankOfSlot[layer.SlotsOfExpert(0)[0]]]++;
        }

        // The first slot of expert 0: uniform up to the pull of copies to low ranks; a stuck generator would miss ranks.
        Assert.All(hits, h => Assert.InRange(h, 50, 170));
        var plan = new RandomPlanner().Plan(problem, new Prng(3));
        Assert.NotEqual(plan.Layers[0].ExpertOfSlot, plan.Layers[1].ExpertOfSlot);
        Assert.NotEqual(plan.Layers[0].ExpertOfSlot, new RandomPlanner().Plan(problem, new Prng(4)).Layers[0].ExpertOfSlot);
    }

    [Fact]
    public void Lpt_places_the_hand_worked_instance()
    {
        // 9 gets the extra slot: shares 5 4; order 7(e1) 6(e2) 5(e0) 4(e0) 2(e3) 1(e4) on 3 ranks of 2 slots:
        // e1->0, e2->1, e0->2, the second e0 -> rank 1 (load 6; rank 2 holds e0 already), e3 -> rank 2 (5), e4 -> rank 0.
        var layer = new LptPlanner().Plan(new PlacementProblem(Loads.Of([9, 7, 6, 2, 1]), 6, 3), new Prng(1)).Layers[0];
        int[] expected = [1, 4, 2, 0, 0, 3];
        Assert.Equal(expected, layer.ExpertOfSlot);
    }

    [Fact]
    public void Lpt_replica_counts_minimise_the_largest_share()
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var prng = new Prng(seed).Split("lpt-counts");
            var load = Enumerable.Range(0, 4).Select(_ => (long)prng.NextInt(50)).ToArray();
            var layer = new LptPlanner().Plan(new PlacementProblem(Loads.Of(load), 8, 2), prng).Layers[0];
            var found = Enumerable.Range(0, 4).Max(e => (double)load[e] / layer.ReplicaCount(e));
            var best = double.MaxValue;
            for (var a = 1; a <= 5; a++)
                for (var b = 1; a + b <= 6; b++)
                    for (var c = 1; a + b + c <= 7; c++)
                        best = Math.Min(best, new[] { load[0] / (double)a, load[1] / (double)b, load[2] / (double)c, load[3] / (8.0 - a - b - c) }.Max());
            Assert.True(Math.Abs(found - best) < 1e-12, $"seed {seed}: largest share {found}, best {best}");
        }
    }

    [Fact]
    public void Tensorrt_llm_matches_a_priority_queue_version()
    {
        for (var seed = 0UL; seed < 1500; seed++)
        {
            var prng = new Prng(seed).Split("trt");
            var (experts, ranks) = (1 + prng.NextInt(24), 1 + prng.NextInt(8));
            var slots = (((experts + ranks - 1) / ranks) + prng.NextInt(4)) * ranks;
            var bound = 1 + prng.NextInt(8);
            var load = Enumerable.Range(0, experts).Select(_ => (long)prng.NextInt(bound)).ToArray();
            var found = new TensorRtLlmPlanner().Plan(new PlacementProblem(Loads.Of(load), slots, ranks), prng).Layers[0].ExpertOfSlot;
            Assert.True(found.SequenceEqual(QueueVersion(load, slots, ranks)), $"seed {seed}");
        }
    }

    private static int[] QueueVersion(long[] load, int slots, int ranks)
    {
        var count = load.Select((_, e) => load.Sum() == 0 ? (slots / load.Length) + (e < slots % load.Length ? 1 : 0) : 1).ToArray();
        var hottest = new PriorityQueue<int, (double, int)>(load.Select((w, e) => (e, (-(double)w, -e))));
        for (var left = slots - count.Sum(); left > 0; left--)
        {
            var e = hottest.Dequeue();
            count[e]++;
            hottest.Enqueue(e, (-(double)load[e] / count[e], -e));
        }

        var replicas = load.SelectMany((w, e) => Enumerable.Repeat((Size: (double)w / count[e], Expert: e), count[e]))
            .OrderByDescending(r => r.Size).ThenBy(r => r.Expert);
        var lightest = new PriorityQueue<int, (double, int)>(Enumerable.Range(0, ranks).Select(r => (r, (0.0, r))));
        var fill = new int[ranks];
        var expertOfSlot = new int[slots];
        foreach (var (size, expert) in replicas)
        {
            lightest.TryDequeue(out var rank, out var key);
            expertOfSlot[(rank * (slots / ranks)) + fill[rank]++] = expert;
            if (fill[rank] < slots / ranks) lightest.Enqueue(rank, (key.Item1 + size, rank));
        }

        return expertOfSlot;
    }
}
