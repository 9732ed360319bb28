using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>Load families of the balancing spec (2.3) and the even-split metrics the tests judge by.</summary>
internal static class Loads
{
    public static ExpertLoad Of(params long[][] layers) => new(layers.Length, layers[0].Length, [.. layers.SelectMany(l => l)]);

    public static ExpertLoad LogNormal(int layers, int experts, double sigma, Prng prng) => LoadFamilies.LogNormal(layers, experts, sigma, prng);

    public static ExpertLoad Zipf(int layers, int experts, double s, Prng prng) => LoadFamilies.Zipf(layers, experts, s, prng);

    public static double[] RankLoads(LayerPlacement layer, ReadOnlySpan<long> load)
    {
        var ranks = new double[layer.RankCount];
        for (var slot = 0; slot < layer.SlotCount; slot++)
        {
            var expert = layer.ExpertOfSlot[slot];
            ranks[layer.RankOfSlot[slot]] += (double)load[expert] / layer.ReplicaCount(expert);
        }

        return ranks;
    }

    /// <summary>Mean over layers of mean rank load / max rank load.</summary>
    public static double MeanOfRatios(ExpertPlacement placement, ExpertLoad load) =>
        Enumerable.Range(0, load.LayerCount).Average(l => Balancedness(RankLoads(placement.Layers[l], load.Layer(l))));

    public static double Balancedness(double[] rankLoads) => rankLoads.Average() / rankLoads.Max();

    /// <summary>Slots that hold a second copy of an expert on the same rank.</summary>
    public static int WastedSlots(LayerPlacement layer) =>
        layer.SlotCount - Enumerable.Range(0, layer.RankCount).Sum(r => layer.ExpertsOnRank(r).ToArray().Distinct().Count());
}
