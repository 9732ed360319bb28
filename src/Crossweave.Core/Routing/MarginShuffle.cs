using Crossweave.Algorithms;

namespace Crossweave.Core.Routing;

/// <summary>
/// Null test of co-activation (execution spec 3.14): experts are exchanged between tokens until nothing but popularity is left. Every
/// token keeps k distinct experts and every expert its tokens, within each part, so what a placement gains on the result is what skewed popularity alone explains.
/// </summary>
public static class MarginShuffle
{
    private const int ExchangesPerChoice = 10;

    /// <summary>A shuffled copy in memory; sequences and layer ids stay, layers are shuffled independently. O(10 x tokens x layers x k^2).</summary>
    /// <param name="trace">Any recording.</param>
    /// <param name="prng">One child stream per layer.</param>
    public static InMemoryTrace Of(RoutingTrace trace, Prng prng)
    {
        var (tokens, layers, k) = (trace.TokenCount, trace.LayerCount, trace.TopK);
        var choices = new ushort[(long)tokens * layers * k];
        var layer = new ushort[tokens * k];
        for (var l = 0; l < layers; l++)
        {
            trace.ReadLayer(l, 0, tokens, layer);
            Shuffle(layer, k, prng.Split(l));
            for (var t = 0; t < tokens; t++) layer.AsSpan(t * k, k).CopyTo(choices.AsSpan(((t * layers) + l) * k));
        }

        return new InMemoryTrace(layers, k, trace.ExpertCount, choices, trace.Sequences, layerIds: trace.LayerIds);
    }

    // [token, k] in place: 10 T k attempts to exchange one expert of a token for one of another that neither has twice afterwards.
    private static void Shuffle(ushort[] layer, int k, Prng prng)
    {
        var tokens = layer.Length / k;
        for (var n = (long)ExchangesPerChoice * layer.Length; n > 0; n--)
        {
            var t = layer.AsSpan(prng.NextInt(tokens) * k, k);
            var u = layer.AsSpan(prng.NextInt(tokens) * k, k);
            ref var x = ref t[prng.NextInt(k)];
            ref var y = ref u[prng.NextInt(k)];
            if (!t.Contains(y) && !u.Contains(x)) (x, y) = (y, x);
        }
    }
}
