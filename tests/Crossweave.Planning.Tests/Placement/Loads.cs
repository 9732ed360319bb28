using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>Load families of the balancing spec (2.3) and the even-split metrics the tests judge by.</summary>
internal static class Loads
{
    public static ExpertLoad Of(params long[][] layers) => new(layers.Length, layers[0].Length, [.. layers.SelectMany(l => l)]);

    public static ExpertLoad LogNormal(int layers, int experts, double sigma, Prng prng)
    {
        var tokens = new long[layers * experts];
        foreach (ref var t in tokens.AsSpan()) t = Math.Max(1, (long)Math.Round(10_000 * Math.Exp(sigma * prng.NextNormal())));
        return new ExpertLoad(layers, experts, tokens);
    }

    public static ExpertLoad Zipf(int layers, int experts, double s, Prng prng)
    {
        var tokens = new long[layers * experts];
        for (var layer = 0; layer < layers; layer++)
        {
            var row = Enumerable.Range(1, experts).Select(rank => Math.Pow(rank, -s) * Math.Exp(0.25 * prng.NextNormal())).ToArray();
            prng.Shuffle(row.AsSpan());
            var scale = 4_000_000 / row.Sum();
            for (var e = 0; e < experts; e++) tokens[(layer * experts) + e] = Math.Max(1, (long)Math.Round(row[e] * scale));
        }

        return new ExpertLoad(layers, experts, tokens);
    }

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
