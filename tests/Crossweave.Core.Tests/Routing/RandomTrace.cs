using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

/// <summary>Random but valid traces.</summary>
internal static class RandomTrace
{
    public static InMemoryTrace Make(Prng prng, int tokens, int layers, int topK, int experts, bool weights = false, bool ranks = false, int sequenceLength = 7, int domains = 1)
    {
        var choices = new ushort[tokens * layers * topK];
        var deck = Enumerable.Range(0, experts).Select(e => (ushort)e).ToArray();
        for (var row = 0; row < tokens * layers; row++)
        {
            for (var k = 0; k < topK; k++)
            {
                var j = k + prng.NextInt(experts - k);
                (deck[k], deck[j]) = (deck[j], deck[k]);
                choices[(row * topK) + k] = deck[k];
            }
        }

        var sequences = new List<TokenSequence>();
        for (var first = 0; first < tokens; first += sequences[^1].TokenCount)
            sequences.Add(new TokenSequence(first, Math.Min(1 + prng.NextInt(sequenceLength), tokens - first), $"s{sequences.Count}", domains > 1 ? $"d{sequences.Count % domains}" : ""));
        return new InMemoryTrace(
            layers, topK, experts, choices, sequences,
            weights ? [.. choices.Select(_ => prng.NextInt(10_000) / 10_000f)] : null,
            ranks ? [.. Enumerable.Range(0, tokens).Select(_ => prng.NextInt(8))] : null);
    }

    public static ushort[] All(RoutingTrace trace)
    {
        var all = new ushort[trace.TokenCount * trace.LayerCount * trace.TopK];
        trace.ReadExperts(0, trace.TokenCount, all);
        return all;
    }

    /// <summary>Every reading method agrees with ReadExperts, in random blocks.</summary>
    public static void AssertReadersAgree(RoutingTrace trace, Prng prng)
    {
        var all = All(trace);
        var (layers, k) = (trace.LayerCount, trace.TopK);
        for (var round = 0; round < 20; round++)
        {
            var first = prng.NextInt(trace.TokenCount);
            var tokens = prng.NextInt(trace.TokenCount - first + 1);
            var block = new ushort[tokens * layers * k];
            trace.ReadExperts(first, tokens, block);
            Assert.True(all.AsSpan(first * layers * k, block.Length).SequenceEqual(block));
            var layer = prng.NextInt(layers);
            var rows = new ushort[tokens * k];
            trace.ReadLayer(layer, first, tokens, rows);
            for (var t = 0; t < tokens; t++)
            {
                if (!all.AsSpan((((first + t) * layers) + layer) * k, k).SequenceEqual(rows.AsSpan(t * k, k))) Assert.Fail($"layer {layer}, token {first + t}: ReadLayer differs from ReadExperts");
            }
        }
    }
}
