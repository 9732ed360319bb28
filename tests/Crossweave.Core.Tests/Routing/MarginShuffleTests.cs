using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

public sealed class MarginShuffleTests
{
    private const int Experts = 12;
    private const int TopK = 3;

    [Fact]
    public void Margins_stay_and_pairs_do_not()
    {
        using var trace = Clustered(2000);
        using var shuffled = MarginShuffle.Of(trace, new Prng(5));
        for (var l = 0; l < 2; l++)
        {
            var (before, after) = (TokenSets.Of(trace, l), TokenSets.Of(shuffled, l));
            for (var e = 0; e < Experts; e++) Assert.Equal(before.Load(e), after.Load(e));
            for (var s = 0; s < after.Count; s++) Assert.Equal(TopK, after.Experts(s).ToArray().Distinct().Count());

            // Tokens choose within one of four groups: placed by group they reach one rank, shuffled nearly as many as uniform choice.
            int[] rankOf = [.. Enumerable.Range(0, Experts).Select(e => e / TopK)];
            Assert.Equal(1.0, (double)before.Copies(rankOf, 4) / before.TokenCount);
            Assert.InRange((double)after.Copies(rankOf, 4) / after.TokenCount, 2.3, 2.6); // uniform: 2.47
        }

        Assert.Equal(trace.Sequences, shuffled.Sequences);
        using var again = MarginShuffle.Of(trace, new Prng(5));
        Assert.Equal(Choices(shuffled), Choices(again));
    }

    [Fact]
    public void A_subset_of_layers_is_those_layers_in_the_order_asked_for()
    {
        using var trace = Clustered(50);
        using var swapped = new LayerSubsetTrace(trace, [1, 0]);
        Assert.Equal([8, 7], swapped.LayerIds);
        var (all, both, one) = (Choices(trace), Choices(swapped), new ushort[50 * TopK]);
        for (var t = 0; t < 50; t++)
            Assert.Equal(all.AsSpan(t * 2 * TopK, TopK), both.AsSpan(((t * 2) + 1) * TopK, TopK));
        swapped.ReadLayer(0, 0, 50, one);
        Assert.Equal(all.AsSpan(TopK, TopK), one.AsSpan(0, TopK));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerSubsetTrace(trace, [2]));
    }

    private static ushort[] Choices(RoutingTrace trace)
    {
        var choices = new ushort[trace.TokenCount * trace.LayerCount * trace.TopK];
        trace.ReadExperts(0, trace.TokenCount, choices);
        return choices;
    }

    private static InMemoryTrace Clustered(int tokens)
    {
        var prng = new Prng(3).Split("clustered");
        var choices = new ushort[tokens * 2 * TopK];
        for (var row = 0; row < tokens * 2; row++)
        {
            var group = prng.NextInt(Experts / TopK);
            for (var i = 0; i < TopK; i++) choices[(row * TopK) + i] = (ushort)((group * TopK) + i);
        }

        return new InMemoryTrace(2, TopK, Experts, choices, layerIds: [7, 8]);
    }
}
