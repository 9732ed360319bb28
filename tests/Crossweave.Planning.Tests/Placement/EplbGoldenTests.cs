using System.Globalization;
using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>Golden instances 5.1 to 5.4 of the balancing spec, for EPLB and TensorRT-LLM.</summary>
public sealed class EplbGoldenTests
{
    private static readonly ExpertLoad Readme = Loads.Of(
        [90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86],
        [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27]);

    private static readonly ExpertLoad FlashLb = Loads.Of([600, 560, 120, 120, 20, 10, 10, 10]);

    [Fact]
    public void The_readme_example_is_reproduced_slot_for_slot()
    {
        var plan = EplbPlanner.PlanLayers(Readme, new EplbShape(12, 16, 8, 2, 4));

        Assert.Equal("5 6 5 7 8 4 3 4 10 9 10 2 0 1 11 1 7 10 6 8 6 11 8 9 2 4 5 1 5 0 3 1", Text(plan.ExpertOfSlot));
        Assert.Equal("1 2 1 1 2 2 1 1 1 1 2 1 1 2 1 1 1 2 2 1 2 1 1 1", Text(plan.ReplicaCount));
        Assert.Equal(2, plan.LargestReplicaCount);
        Assert.Equal("12 | 15 13 | 11 | 6 | 7 5 | 0 2 | 1 | 3 | 4 | 9 | 8 10 | 14", SlotsOfReplicas(plan, 0));
        Assert.Equal("13 | 15 11 | 8 | 14 | 9 | 10 12 | 2 4 | 0 | 6 3 | 7 | 1 | 5", SlotsOfReplicas(plan, 1));
    }

    [Fact]
    public void The_readme_example_has_the_derived_rank_loads()
    {
        var placement = Plan(new EplbPlanner(), Readme, 16, 8, 2, 4);
        double[] first = [121.5, 86.5, 125, 113, 147.5, 131.5, 156, 152];
        double[] second = [173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5];

        var loads = Enumerable.Range(0, 2).Select(l => Loads.RankLoads(placement.Layers[l], Readme.Layer(l))).ToArray();

        Assert.Equal(first, loads[0]);
        Assert.Equal(second, loads[1]);
        Assert.Equal(0.8277, Loads.Balancedness(loads[0]), 0.00005);
        Assert.Equal(0.8050, Loads.Balancedness(loads[1]), 0.00005);
        Assert.Equal(0.8164, Loads.MeanOfRatios(placement, Readme), 0.00005);
        Assert.Equal(0.8156, loads.Sum(l => l.Average()) / loads.Sum(l => l.Max()), 0.00005);
        Assert.Equal(0, placement.Layers.Sum(Loads.WastedSlots));
    }

    [Theory]
    [InlineData("eplb", "10 6 10 7 0 2 11 4 5 9 5 4 8 3 1 1", "1 10 2 4 5 11 5 0 6 7 6 3 8 8 9 7")]
    [InlineData("tensorrt-llm", "10 6 10 7 0 2 11 4 5 9 5 4 8 3 1 1", "1 10 2 4 5 11 5 0 6 7 6 3 8 9 8 7")]
    public void The_same_weights_globally_separate_the_two_tie_rules(string planner, string layer0, string layer1)
    {
        var placement = Plan(Planners.Find(planner, "test"), Readme, 16, 8, 1, 1);

        Assert.Equal(layer0, Text(placement.Layers[0].ExpertOfSlot));
        Assert.Equal(layer1, Text(placement.Layers[1].ExpertOfSlot));
        Assert.Equal("1 2 1 1 2 2 1 1 1 1 2 1", Counts(placement.Layers[0]));
        Assert.Equal("1 1 1 1 1 2 2 2 2 1 1 1", Counts(placement.Layers[1]));
        var loads = Enumerable.Range(0, 2).Select(l => Loads.RankLoads(placement.Layers[l], Readme.Layer(l))).ToArray();
        Assert.Equal(138.5, loads[0].Max());
        Assert.Equal(172.0, loads[1].Max());
        Assert.Equal(0.9323, Loads.Balancedness(loads[0]), 0.00005);
        Assert.Equal(0.8401, Loads.Balancedness(loads[1]), 0.00005);
    }

    [Theory]
    [InlineData("eplb", 5, "2 0 0 3 1 1", "2 2 1 1")]
    [InlineData("tensorrt-llm", 5, "0 2 3 1 2 3", "1 1 2 2")]
    [InlineData("eplb", 0, "0 1 2 3 0 0", "3 1 1 1")]
    [InlineData("tensorrt-llm", 0, "0 0 1 1 2 3", "2 2 1 1")]
    public void Equal_and_zero_loads_follow_the_tie_rules(string planner, long load, string slots, string counts)
    {
        var placement = Plan(Planners.Find(planner, "test"), Loads.Of([load, load, load, load]), 6, 2, 1, 1);

        Assert.Equal(slots, Text(placement.Layers[0].ExpertOfSlot));
        Assert.Equal(counts, Counts(placement.Layers[0]));
    }

    [Theory]
    [InlineData("eplb", "0 1 2 1 3 1 0 4 0 5 0 6 0 7 1 1")]
    [InlineData("tensorrt-llm", "0 1 0 1 0 1 0 4 0 5 2 6 3 7 1 1")]
    public void The_flashlb_instance_ends_at_232(string planner, string slots)
    {
        var layer = Plan(Planners.Find(planner, "test"), FlashLb, 16, 8, 1, 1).Layers[0];
        double[] sortedLoads = [130, 130, 130, 140, 224, 232, 232, 232];

        Assert.Equal(slots, Text(layer.ExpertOfSlot));
        Assert.Equal("5 5 1 1 1 1 1 1", Counts(layer));
        Assert.Equal(sortedLoads, Loads.RankLoads(layer, FlashLb.Layer(0)).Order());
    }

    private static ExpertPlacement Plan(IPlacementPlanner planner, ExpertLoad load, int slots, int ranks, int nodes, int groups) =>
        planner.Plan(new PlacementProblem(load, slots, ranks, nodes, groups), new Prng(1));

    private static string Counts(LayerPlacement layer) => Text(Enumerable.Range(0, layer.ExpertCount).Select(layer.ReplicaCount));

    private static string SlotsOfReplicas(EplbPlan plan, int layer)
    {
        var width = plan.LargestReplicaCount;
        var slots = plan.SlotOfReplica();
        return string.Join(
            " | ",
            Enumerable.Range(0, plan.ExpertCount)
                .Select(e => Text(slots.Skip(((layer * plan.ExpertCount) + e) * width).Take(width).Where(s => s >= 0))));
    }

    private static string Text(IEnumerable<int> values) =>
        string.Join(' ', values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
