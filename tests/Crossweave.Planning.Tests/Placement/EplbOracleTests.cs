using Crossweave.Algorithms;
using Crossweave.Cli.Bench;
using Crossweave.Core;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>The fast EPLB against the rules written down plainly, and properties that hold for both.</summary>
public sealed class EplbOracleTests
{
    [Fact]
    public void Random_small_shapes_with_heavy_ties_and_zeros_match_the_plain_rules()
    {
        var hierarchical = 0;
        for (var seed = 0UL; seed < 6000; seed++)
        {
            var prng = new Prng(seed).Split("eplb-oracle");
            var (nodes, groupsPerNode, groupSize) = (1 + prng.NextInt(4), 1 + prng.NextInt(3), 1 + prng.NextInt(6));
            var groups = nodes * groupsPerNode;
            var experts = groups * groupSize;
            var ranks = nodes * (1 + prng.NextInt(4));
            if (prng.NextInt(3) == 0) (nodes, ranks) = (groups + 1, 1 + prng.NextInt(7)); // global; nodes need not divide the ranks
            var slots = (((experts + ranks - 1) / ranks) + prng.NextInt(5)) * ranks;
            if (groups % nodes == 0 && nodes > 1) hierarchical++;
            Compare(RandomLoad(2, experts, prng), slots, groups, nodes, ranks, $"seed {seed}");
        }

        Assert.InRange(hierarchical, 1500, 5000);
    }

    [Theory]
    [InlineData(256, 288, 8, 4, 32)]
    [InlineData(256, 288, 8, 3, 32)]
    [InlineData(256, 320, 8, 4, 64)]
    [InlineData(256, 288, 8, 1, 144)]
    [InlineData(256, 320, 8, 5, 40)]
    [InlineData(256, 320, 8, 3, 320)]
    [InlineData(256, 256, 8, 8, 256)]
    [InlineData(128, 1024, 1, 1, 16)]
    [InlineData(64, 64, 64, 1, 8)]
    public void Serving_shapes_match_the_plain_rules(int experts, int slots, int groups, int nodes, int ranks)
    {
        for (var seed = 0UL; seed < 6; seed++)
        {
            var prng = new Prng(seed).Split("eplb-shapes");
            Compare(RandomLoad(4, experts, prng), slots, groups, nodes, ranks, $"seed {seed}, drawn");
            Compare(Loads.LogNormal(4, experts, 1.0, prng), slots, groups, nodes, ranks, $"seed {seed}, log-normal");
            Compare(Loads.Zipf(4, experts, 1.2, prng), slots, groups, nodes, ranks, $"seed {seed}, Zipf");
        }
    }

    [Fact]
    public void Loads_beyond_the_exact_range_of_float32_match_the_plain_rules()
    {
        var prng = new Prng(5);
        var tokens = new long[64];
        foreach (ref var t in tokens.AsSpan()) t = long.MaxValue - prng.NextInt(1 << 30);
        Compare(new ExpertLoad(1, 64, tokens), 80, 4, 2, 8, "near the largest load");
        foreach (ref var t in tokens.AsSpan()) t = (1L << 24) + prng.NextInt(64); // neighbours round to the same float32
        Compare(new ExpertLoad(1, 64, tokens), 80, 4, 2, 8, "rounded to ties");
    }

    [Fact]
    public void Doubling_all_loads_leaves_the_plan_alone()
    {
        for (var seed = 0UL; seed < 200; seed++)
        {
            var load = RandomLoad(1, 32, new Prng(seed).Split("doubling"));
            var doubled = Loads.Of([.. load.Layer(0).ToArray().Select(t => 2 * t)]);
            var shape = new EplbShape(32, 48, 8, 2, 4);
            Assert.True(
                EplbPlanner.PlanLayers(load, shape).ExpertOfSlot.SequenceEqual(EplbPlanner.PlanLayers(doubled, shape).ExpertOfSlot),
                $"seed {seed}");
        }
    }

    [Fact]
    public void Relabelling_experts_of_distinct_loads_relabels_the_global_plan()
    {
        for (var seed = 0UL; seed < 200; seed++)
        {
            var prng = new Prng(seed).Split("relabelling");
            var load = Enumerable.Range(0, 24).Select(e => 1_000_003L + (7919L * e * e)).ToArray();
            var label = Enumerable.Range(0, 24).ToArray();
            prng.Shuffle(label.AsSpan());
            var relabelled = new long[24];
            for (var e = 0; e < 24; e++) relabelled[label[e]] = load[e];
            var shape = new EplbShape(24, 36, 6, 1, 1); // replicas of one expert tie, but different experts never do

            var plan = EplbPlanner.PlanLayers(Loads.Of(load), shape);
            var other = EplbPlanner.PlanLayers(Loads.Of(relabelled), shape);

            Assert.True(plan.ExpertOfSlot.Select(e => label[e]).SequenceEqual(other.ExpertOfSlot), $"seed {seed}");
        }
    }

    [Fact]
    public void Every_layer_is_planned_as_if_it_were_alone()
    {
        var load = RandomLoad(6, 64, new Prng(9));
        var shape = new EplbShape(64, 96, 16, 4, 8);
        var together = EplbPlanner.PlanLayers(load, shape);
        for (var layer = 5; layer >= 0; layer--)
        {
            var alone = EplbPlanner.PlanLayers(Loads.Of(load.Layer(layer).ToArray()), shape);
            Assert.Equal(alone.ExpertOfSlot, together.ExpertOfSlot[(layer * 96)..((layer + 1) * 96)]);
            Assert.Equal(alone.ReplicaOfSlot, together.ReplicaOfSlot[(layer * 96)..((layer + 1) * 96)]);
        }
    }

    [Theory]
    [InlineData(12, 16, 8, 3, 6, "nodes: found 3")] // 3 divides 6 groups but not 8 ranks
    [InlineData(12, 16, 8, 2, 8, "groups: found 8")]
    [InlineData(12, 15, 8, 2, 4, "slots: found 15")]
    [InlineData(12, 8, 8, 2, 4, "slots: found 8")]
    [InlineData(12, 16, 0, 2, 4, "ranks: found 0")]
    [InlineData(12, 16, 8, 0, 4, "nodes: found 0")]
    [InlineData(12, 16, 8, 2, -1, "groups: found -1")]
    public void Shapes_the_original_rejects_are_refused_in_one_line(int experts, int slots, int ranks, int nodes, int groups, string start)
    {
        var error = Assert.Throws<InputException>(() => new EplbShape(experts, slots, ranks, nodes, groups));
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static void Compare(ExpertLoad load, int slots, int groups, int nodes, int ranks, string what)
    {
        var plan = EplbPlanner.PlanLayers(load, new EplbShape(load.ExpertCount, slots, ranks, nodes, groups));
        var text = $"{what}: {load.ExpertCount} experts, {slots} slots, {groups} groups, {nodes} nodes, {ranks} ranks";
        for (var layer = 0; layer < load.LayerCount; layer++)
        {
            var plain = PlainEplb.Plan(load.Layer(layer).ToArray(), slots, groups, nodes, ranks);
            Assert.True(plan.ExpertOfSlot.AsSpan(layer * slots, slots).SequenceEqual(plain.ExpertOfSlot), $"{text}: experts");
            Assert.True(plan.ReplicaOfSlot.AsSpan(layer * slots, slots).SequenceEqual(plain.ReplicaOfSlot), $"{text}: replica numbers");
            Assert.True(
                plan.ReplicaCount.AsSpan(layer * load.ExpertCount, load.ExpertCount).SequenceEqual(plain.ReplicaCount),
                $"{text}: counts");
        }
    }

    /// <summary>Few distinct values, many zeros, sometimes one hot expert: ties everywhere.</summary>
    private static ExpertLoad RandomLoad(int layers, int experts, Prng prng)
    {
        var tokens = new long[layers * experts];
        int[] bounds = [1, 2, 4, 13, 1000, 1_000_000];
        for (var layer = 0; layer < layers; layer++)
        {
            var bound = bounds[prng.NextInt(bounds.Length)];
            var row = tokens.AsSpan(layer * experts, experts);
            foreach (ref var t in row) t = prng.NextInt(bound);
            if (prng.NextInt(3) == 0) row[prng.NextInt(experts)] = 5_000_000;
        }

        return new ExpertLoad(layers, experts, tokens);
    }
}
