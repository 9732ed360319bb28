using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Placements;

/// <summary>The worked example of EPLB's README (balancing spec 5.1 and 5.2), and small cases by hand.</summary>
public sealed class PlacementMetricsTests
{
    public static readonly ExpertLoad ReadmeLoad = new(2, 12,
    [
        90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86,
        20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27,
    ]);

    public static readonly ExpertPlacement ReadmePlacement = new(
    [
        LayerPlacement.Even(12, [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1], 8),
        LayerPlacement.Even(12, [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1], 8),
    ]);

    [Fact]
    public void Rank_loads_are_those_of_the_published_example()
    {
        Assert.Equal([121.5, 86.5, 125, 113, 147.5, 131.5, 156, 152], PlacementMetrics.RankLoads(ReadmePlacement.Layers[0], ReadmeLoad.Layer(0)));
        Assert.Equal([173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5], PlacementMetrics.RankLoads(ReadmePlacement.Layers[1], ReadmeLoad.Layer(1)));
    }

    [Fact]
    public void All_forms_of_balancedness_are_those_of_the_published_example()
    {
        var ratios = PlacementMetrics.MaxOverMean(ReadmePlacement, ReadmeLoad);
        Assert.Equal(0.8277, 1 / ratios[0], 4);
        Assert.Equal(0.8050, 1 / ratios[1], 4);
        var balance = PlacementMetrics.Balancedness(ReadmePlacement, ReadmeLoad);
        Assert.Equal(0.8164, balance.MeanOfRatios, 4);
        Assert.Equal(0.8156, balance.RatioOfSums, 4);
        // Totals 1033 and 1156 over 8 ranks; largest 156 and 179.5: (156 - 129.125)/129.125 and (179.5 - 144.5)/144.5.
        Assert.Equal(((26.875 / 129.125) + (35.0 / 144.5)) / 2, balance.Excess, 12);
        Assert.Equal(balance.MeanOfRatios, PlacementMetrics.SglangBalancedness(ReadmePlacement, ReadmeLoad), 6);
        Assert.Equal(1, PlacementMetrics.WorstLayer(ReadmePlacement, ReadmeLoad).Layer);
    }

    [Fact]
    public void Duplicates_on_a_rank_are_wasted_slots()
    {
        Assert.Equal(0, PlacementMetrics.DuplicateSlots(ReadmePlacement.Layers[0]));
        // EPLB global on the same loads: expert 1 twice on rank 7; expert 8 twice on rank 6.
        Assert.Equal(1, PlacementMetrics.DuplicateSlots(LayerPlacement.Even(12, [10, 6, 10, 7, 0, 2, 11, 4, 5, 9, 5, 4, 8, 3, 1, 1], 8)));
        Assert.Equal(1, PlacementMetrics.DuplicateSlots(LayerPlacement.Even(12, [1, 10, 2, 4, 5, 11, 5, 0, 6, 7, 6, 3, 8, 8, 9, 7], 8)));
        // Ranks 0 1 0 0 and 0 1 1 0: two wasted slots each.
        Assert.Equal(4, PlacementMetrics.DuplicateSlots(LayerPlacement.Even(2, [0, 1, 0, 0, 0, 1, 1, 0], 2)));
    }

    [Fact]
    public void A_layer_without_load_counts_as_balanced()
    {
        var load = new ExpertLoad(1, 2, [0, 0]);
        var placement = new ExpertPlacement([LayerPlacement.Even(2, [0, 1], 2)]);
        Assert.Equal([1.0], PlacementMetrics.MaxOverMean(placement, load));
        Assert.Equal(new Balancedness(1, 1, 0), PlacementMetrics.Balancedness(placement, load));
    }

    [Fact]
    public void Fetched_counts_distinct_new_experts_per_rank()
    {
        var before = new ExpertPlacement([LayerPlacement.Even(4, [0, 1, 2, 3, 0, 1], 2)]); // rank 0: 0 1 2, rank 1: 3 0 1
        var after = new ExpertPlacement([LayerPlacement.Even(4, [3, 3, 0, 1, 2, 2], 2)]); // rank 0 fetches 3, rank 1 fetches 2
        Assert.Equal(2, PlacementMetrics.Fetched(before, after));
        Assert.Equal(0, PlacementMetrics.Fetched(before, before));
        Assert.Equal(0, PlacementMetrics.Fetched(before, new ExpertPlacement([LayerPlacement.Even(4, [2, 0, 1, 1, 3, 0], 2)])));
    }
}
