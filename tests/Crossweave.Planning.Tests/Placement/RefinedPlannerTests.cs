using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

public sealed class RefinedPlannerTests
{
    private static readonly RefinedPlanner Refined = new(allowDuplicates: true);
    private static readonly RefinedPlanner Apart = new(allowDuplicates: false);

    [Fact]
    public void No_layer_is_ever_worse_than_eplb_and_none_beats_the_bound()
    {
        var hierarchical = 0;
        for (var seed = 0UL; seed < 1500; seed++)
        {
            var problem = RandomProblem(new Prng(seed).Split("refined"));
            if (problem.NodeCount > 1 && problem.GroupCount % problem.NodeCount == 0) hierarchical++;
            var eplb = new EplbPlanner().Plan(problem, new Prng(1));
            var (placement, bound) = Refined.PlanWithBounds(problem);
            var (apart, _) = Apart.PlanWithBounds(problem);
            for (var l = 0; l < bound.Length; l++)
            {
                var load = problem.Load.Layer(l);
                var found = Loads.RankLoads(placement.Layers[l], load).Max(); // equal loads may differ by the order of the sum
                var published = Loads.RankLoads(eplb.Layers[l], load).Max();
                var without = Loads.RankLoads(apart.Layers[l], load).Max();
                Assert.True(found <= published * (1 + 1e-12), $"seed {seed}, layer {l}: {found} above EPLB's {published}; {problem}");
                Assert.True(bound[l] <= Math.Min(found, without) + (1e-9 * (1 + found)), $"seed {seed}, layer {l}: bound {bound[l]} above {found} or {without}; {problem}");
            }
        }

        Assert.InRange(hierarchical, 300, 1200);
    }

    [Fact]
    public void The_bound_holds_for_the_optimum_of_every_tiny_instance()
    {
        for (var seed = 0UL; seed < 400; seed++)
        {
            var prng = new Prng(seed).Split("tiny");
            var load = Enumerable.Range(0, 3).Select(_ => (long)prng.NextInt(30)).ToArray();
            var problem = new PlacementProblem(Loads.Of(load), 6, 3);
            var best = double.MaxValue;
            for (var code = 0; code < 729; code++)
            {
                var slots = new int[6];
                for (var (i, x) = (0, code); i < 6; i++, x /= 3) slots[i] = x % 3;
                if (slots.Distinct().Count() < 3) continue;
                best = Math.Min(best, Loads.RankLoads(LayerPlacement.Even(3, slots, 3), load).Max());
            }

            var (placement, bound) = Refined.PlanWithBounds(problem);
            var found = Loads.RankLoads(placement.Layers[0], load).Max();
            Assert.True(bound[0] <= best + 1e-9, $"seed {seed}: bound {bound[0]}, optimum {best}");
            Assert.True(found >= best - 1e-9, $"seed {seed}: {found} below the optimum {best}");
            Assert.True(found <= (best * 1.25) + 1e-9, $"seed {seed}: {found} far above the optimum {best}");
        }
    }

    [Fact]
    public void Hierarchical_plans_keep_every_group_on_one_node()
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var problem = RandomProblem(new Prng(seed).Split("groups"));
            if (problem.GroupCount % problem.NodeCount != 0) continue;
            foreach (var planner in new[] { Refined, Apart })
            {
                foreach (var layer in planner.Plan(problem, new Prng(1)).Layers)
                {
                    var nodeOfGroup = new Dictionary<int, int>();
                    for (var slot = 0; slot < layer.SlotCount; slot++)
                    {
                        var group = layer.ExpertOfSlot[slot] / (problem.ExpertCount / problem.GroupCount);
                        var node = layer.RankOfSlot[slot] / (problem.RankCount / problem.NodeCount);
                        Assert.True(!nodeOfGroup.TryGetValue(group, out var known) || known == node, $"seed {seed}: group {group} on nodes {known} and {node}");
                        nodeOfGroup[group] = node;
                    }
                }
            }
        }
    }

    [Fact]
    public void Without_duplicates_no_rank_holds_an_expert_twice_while_that_is_possible()
    {
        for (var seed = 0UL; seed < 800; seed++)
        {
            var problem = RandomProblem(new Prng(seed).Split("apart"));
            var nodes = problem.GroupCount % problem.NodeCount == 0 ? problem.NodeCount : 1;
            var forced = Math.Max(0, problem.SlotsPerRank - (problem.ExpertCount / nodes)) * problem.RankCount;
            foreach (var layer in Apart.Plan(problem, new Prng(1)).Layers) Assert.Equal(forced, Loads.WastedSlots(layer));
        }
    }

    [Theory]
    [InlineData("log-normal 0.6", 0.9999)]
    [InlineData("log-normal 1.0", 0.9999)]
    [InlineData("Zipf 0.8", 0.9999)]
    public void Mild_families_are_balanced_and_mostly_proven(string family, double floor)
    {
        var load = family switch
        {
            "log-normal 0.6" => Loads.LogNormal(58, 256, 0.6, new Prng(31)),
            "log-normal 1.0" => Loads.LogNormal(58, 256, 1.0, new Prng(32)),
            _ => Loads.Zipf(58, 256, 0.8, new Prng(33)),
        };
        foreach (var planner in new[] { Refined, Apart })
        {
            var problem = new PlacementProblem(load, 288, 32, 3, 8);
            var (placement, bound) = planner.PlanWithBounds(problem);
            Assert.InRange(Loads.MeanOfRatios(placement, load), floor, 1.0);
            var proven = Enumerable.Range(0, 58).Count(l => Loads.RankLoads(placement.Layers[l], load.Layer(l)).Max() < bound[l] + 1);
            Assert.True(proven > 29, $"{planner.Name}: {proven} of 58 layers within one token of the bound");
            Assert.InRange(Loads.MeanOfRatios(planner.Plan(problem with { SlotCount = 320, RankCount = 64 }, new Prng(1)), load), 0.999, 1.0);

            var hierarchical = planner.PlanWithBounds(problem with { NodeCount = 4 });
            var ceiling = Enumerable.Range(0, 58).Average(l => load.Layer(l).ToArray().Sum() / 32.0 / hierarchical.Bound[l]);
            Assert.InRange(Loads.MeanOfRatios(hierarchical.Placement, load), ceiling - 0.001, ceiling + 1e-9);
        }
    }

    [Fact]
    public void A_few_groups_on_two_nodes_lift_the_balance_towards_the_global_one()
    {
        var load = Loads.LogNormal(20, 256, 1.0, new Prng(61));
        var problem = new PlacementProblem(load, 288, 32, 4, 8);
        var before = Loads.MeanOfRatios(Apart.Plan(problem, new Prng(1)), load);
        foreach (var most in new[] { 1, 2, 4, 8 })
        {
            var (placement, bound) = Apart.PlanWithBounds(problem with { StraddlingGroups = most });
            var balance = Loads.MeanOfRatios(placement, load);
            Assert.True(most == 1 ? balance == before : balance > before + 0.005, $"{most}: {balance} after {before}");
            for (var l = 0; l < 20; l++)
            {
                var straddling = PlacementMetrics.StraddlingGroups(placement.Layers[l], 8, 4);
                Assert.InRange(straddling, 0, most);
                Assert.True(bound[l] <= Loads.RankLoads(placement.Layers[l], load.Layer(l)).Max() + 1e-6);
                for (var group = 0; group < 8; group++)
                    Assert.InRange(Enumerable.Range(0, 288).Where(s => placement.Layers[l].ExpertOfSlot[s] / 32 == group).Select(s => placement.Layers[l].RankOfSlot[s] / 8).Distinct().Count(), 1, 2);
                Assert.Equal(0, Loads.WastedSlots(placement.Layers[l]));
            }

            before = most == 1 ? before : balance;
        }

        Assert.InRange(before, 0.99, 1.0);
    }

    [Fact]
    public void The_flashlb_instance_reaches_its_optimum()
    {
        var load = Loads.Of([600, 560, 120, 120, 20, 10, 10, 10]);
        foreach (var planner in new[] { Refined, Apart })
            Assert.Equal(590.0 / 3, Loads.RankLoads(planner.Plan(new PlacementProblem(load, 16, 8), new Prng(1)).Layers[0], load.Layer(0)).Max(), 1e-9);
    }

    [Fact]
    public void Two_slots_a_rank_gain_from_other_counts_than_the_greedy_ones()
    {
        var load = Loads.LogNormal(12, 256, 0.6, new Prng(41));
        var problem = new PlacementProblem(load, 288, 144);
        var eplb = Loads.MeanOfRatios(new EplbPlanner().Plan(problem, new Prng(1)), load);
        Assert.True(Loads.MeanOfRatios(Apart.Plan(problem, new Prng(1)), load) > eplb + 0.015, "greedy counts give 0.922, a search over counts 0.936 (balancing spec 6.3), the best counts 0.945");
    }

    private static PlacementProblem RandomProblem(Prng prng)
    {
        var (nodes, groupsPerNode, groupSize) = (1 + prng.NextInt(4), 1 + prng.NextInt(3), 1 + prng.NextInt(6));
        var groups = nodes * groupsPerNode;
        var experts = groups * groupSize;
        var ranks = nodes * (1 + prng.NextInt(4));
        if (prng.NextInt(3) == 0) (nodes, ranks) = (groups + 1, 1 + prng.NextInt(7)); // global
        var slots = (((experts + ranks - 1) / ranks) + prng.NextInt(4)) * ranks;
        var tokens = new long[2 * experts];
        int[] tops = [1, 3, 20, 1000, 1_000_000];
        var top = tops[prng.NextInt(tops.Length)];
        foreach (ref var t in tokens.AsSpan()) t = prng.NextInt(top);
        if (prng.NextInt(3) == 0) tokens[prng.NextInt(tokens.Length)] = 5_000_000;
        return new PlacementProblem(new ExpertLoad(2, experts, tokens), slots, ranks, nodes, groups);
    }
}
