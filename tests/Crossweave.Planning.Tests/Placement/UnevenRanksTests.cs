using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Core.Verification;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>Ranks with different memory limits.</summary>
public sealed class UnevenRanksTests
{
    private static readonly RefinedPlanner Refined = new(allowDuplicates: true);
    private static readonly RefinedPlanner Apart = new(allowDuplicates: false);

    public static TheoryData<string> Names => [.. Planners.All.Where(p => !p.NeedsPrevious).Select(p => p.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Planners_keep_to_the_limits_or_refuse_them_in_one_line(string name)
    {
        var planner = Planners.Find(name, "");
        for (var seed = 0UL; seed < 200; seed++)
        {
            var problem = RandomProblem(new Prng(seed).Split("uneven"));
            if (!planner.FillsUnevenRanks)
            {
                var error = Assert.Throws<InputException>(() => planner.Plan(problem, new Prng(1)));
                Assert.StartsWith("rank-slots: found ", error.Message, StringComparison.Ordinal);
                continue;
            }

            var certificate = PlacementVerifier.Verify(planner.Plan(problem, new Prng(1)), problem.Load, problem.RankSlots);
            Assert.True(certificate.IsValid, $"{name}, seed {seed}: {string.Join("; ", certificate.Findings)}");
        }
    }

    [Fact]
    public void Refined_is_never_worse_than_longest_first_and_never_below_the_bound()
    {
        var better = 0;
        for (var seed = 0UL; seed < 600; seed++)
        {
            var problem = RandomProblem(new Prng(seed).Split("uneven-lpt"));
            var lpt = new LptPlanner().Plan(problem, new Prng(1));
            var (placement, bound) = Refined.PlanWithBounds(problem);
            var (apart, _) = Apart.PlanWithBounds(problem);
            for (var l = 0; l < bound.Length; l++)
            {
                var load = problem.Load.Layer(l);
                var (plain, found, without) = (Max(lpt, l, load), Max(placement, l, load), Max(apart, l, load));
                if (problem.NodeCount == 1) Assert.True(found <= plain * (1 + 1e-12), $"seed {seed}: {found} above {plain}"); // longest first knows no groups
                if (problem.NodeCount == 1 && PlacementMetrics.DuplicateSlots(lpt.Layers[l]) == 0) Assert.True(without <= plain * (1 + 1e-12), $"seed {seed}: {without} above {plain}");
                Assert.True(bound[l] <= Math.Min(found, without) + (1e-9 * (1 + found)), $"seed {seed}: bound {bound[l]} above {found} or {without}");
                Assert.Equal(0, PlacementMetrics.DuplicateSlots(apart.Layers[l]));
                if (found < plain * 0.99) better++;
            }
        }

        Assert.True(better > 300, $"{better} layers are better by a per cent");
    }

    [Fact]
    public void The_bound_holds_for_the_optimum_when_slots_may_stay_empty()
    {
        for (var seed = 0UL; seed < 120; seed++)
        {
            var prng = new Prng(seed).Split("tiny-uneven");
            var load = Enumerable.Range(0, 3).Select(_ => (long)prng.NextInt(30)).ToArray();
            var best = double.MaxValue;
            for (var code = 0; code < 4096; code++)
            {
                var slots = new int[6];
                for (var (i, x) = (0, code); i < 6; i++, x /= 4) slots[i] = x % 4;
                if (slots.Where(e => e < 3).Distinct().Count() == 3) best = Math.Min(best, Loads.RankLoads(LayerPlacement.OfRanks(3, slots, [3, 2, 1]), load).Max());
            }

            var problem = new PlacementProblem(Loads.Of(load), 6, 3) { RankSlots = [3, 2, 1] };
            var (placement, bound) = Refined.PlanWithBounds(problem);
            var found = Max(placement, 0, load);
            Assert.True(bound[0] <= best + 1e-9, $"seed {seed}: bound {bound[0]}, optimum {best}");
            Assert.True(found >= best - 1e-9 && found <= (best * 1.25) + 1e-9, $"seed {seed}: {found}, optimum {best}");
        }
    }

    [Fact]
    public void A_slot_stays_empty_where_another_replica_would_only_do_harm()
    {
        // Filling both spare slots of rank 1 would leave e0 or e1 with shares on rank 1 only: 5 and 15 instead of 10 and 10.
        var problem = new PlacementProblem(Loads.Of([10, 10]), 4, 2) { RankSlots = [1, 3] };
        foreach (var planner in new[] { Refined, Apart }) Assert.Equal(10, Max(planner.Plan(problem, new Prng(1)), 0, [10, 10]), 1e-9);
    }

    [Fact]
    public void Equal_limits_plan_as_equal_slots_do()
    {
        var load = Loads.LogNormal(3, 32, 1.0, new Prng(5));
        var plain = new PlacementProblem(load, 40, 8);
        foreach (var planner in Planners.All.Where(p => !p.NeedsRouting && !p.NeedsPrevious))
        {
            var limited = planner.Plan(plain with { RankSlots = [5, 5, 5, 5, 5, 5, 5, 5] }, new Prng(2));
            Assert.Equal(planner.Plan(plain, new Prng(2)).Layers.Select(l => l.ExpertOfSlot), limited.Layers.Select(l => l.ExpertOfSlot));
        }
    }

    [Fact]
    public void Groups_stay_on_nodes_of_unequal_size()
    {
        var load = Loads.Zipf(3, 32, 0.8, new Prng(6));
        var problem = new PlacementProblem(load, 48, 4, 2, 4) { RankSlots = [15, 14, 10, 9] };
        foreach (var planner in new IPlacementPlanner[] { Refined, Apart, new IncrementalPlanner() })
        {
            foreach (var layer in planner.Plan(problem, new Prng(1)).Layers)
                for (var group = 0; group < 4; group++)
                    Assert.Single(Enumerable.Range(0, layer.SlotCount).Where(s => layer.ExpertOfSlot[s] / 8 == group).Select(s => layer.RankOfSlot[s] / 2).Distinct());
        }

        var error = Assert.Throws<InputException>(() => Refined.Plan(problem with { RankSlots = [20, 20, 4, 4] }, new Prng(1)));
        Assert.StartsWith("rank-slots: found 8 usable slots on node 1, expected at least 16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Incremental_keeps_budget_and_limits()
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var prng = new Prng(seed).Split("uneven-moves");
            var problem = RandomProblem(prng) with { NodeCount = 1, GroupCount = 1 };
            var running = new LptPlanner().Plan(problem, prng);
            var after = problem with { Load = LoadFamilies.Jitter(problem.Load, 0.3, prng.Split("jitter")), Previous = running, MaxMoves = (long)(seed % 9) };
            var (next, trade, chosen) = IncrementalPlanner.PlanWithFront(after);
            Assert.True(PlacementVerifier.Verify(next, after.Load, after.RankSlots).IsValid, $"seed {seed}");
            Assert.InRange(PlacementMetrics.Fetched(running, next), 0, after.MaxMoves!.Value);
            Assert.Equal(trade!.Steps[chosen].Balance, PlacementMetrics.Balancedness(next, after.Load).MeanOfRatios, 1e-9);
            Assert.True(PlacementMetrics.Balancedness(next, after.Load).MeanOfRatios >= PlacementMetrics.Balancedness(running, after.Load).MeanOfRatios - 1e-12, $"seed {seed}");
        }
    }

    [Fact]
    public void Wrong_limits_are_named()
    {
        var problem = new PlacementProblem(Loads.Of(new long[12]), 16, 3);
        foreach (var (slots, expected) in new (int[], string)[] { ([8, 8], "found 2 numbers, expected one for each of the 3 ranks"), ([9, 8, -1], "found -1 slots on rank 2"), ([6, 6, 6], "found 18 slots on all ranks together, expected 16") })
            Assert.Contains(expected, Assert.Throws<InputException>(() => new LptPlanner().Plan(problem with { RankSlots = slots }, new Prng(1))).Message, StringComparison.Ordinal);
        var running = new LptPlanner().Plan(problem with { RankSlots = [4, 6, 6] }, new Prng(1));
        var error = Assert.Throws<InputException>(() => new IncrementalPlanner().Plan(problem with { RankSlots = [6, 6, 4], Previous = running }, new Prng(1)));
        Assert.Equal("previous placement: found 6 slots on rank 2, expected at most 4 as planned for", error.Message);
    }

    private static double Max(ExpertPlacement placement, int layer, ReadOnlySpan<long> load) => Loads.RankLoads(placement.Layers[layer], load).Max();

    private static PlacementProblem RandomProblem(Prng prng)
    {
        var (nodes, groups) = (1 + prng.NextInt(2), 4);
        var (experts, ranks) = (groups * (1 + prng.NextInt(6)), nodes * (2 + prng.NextInt(4)));
        var slots = Enumerable.Range(0, ranks).Select(_ => prng.NextInt(2 + (2 * experts / ranks))).ToArray();
        for (var n = 0; n < nodes; n++) slots[n * ranks / nodes] += experts; // enough on every node
        slots[^1] += slots.Distinct().Count() == 1 ? 1 : 0;
        var tokens = new long[2 * experts];
        int[] tops = [1, 3, 20, 1000, 1_000_000];
        var top = tops[prng.NextInt(tops.Length)];
        foreach (ref var t in tokens.AsSpan()) t = prng.NextInt(top);
        if (prng.NextInt(3) == 0) tokens[prng.NextInt(tokens.Length)] = 5_000_000;
        return new PlacementProblem(new ExpertLoad(2, experts, tokens), slots.Sum(), ranks, nodes, groups) { RankSlots = slots };
    }
}
