using Crossweave.Algorithms;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Core.Tests.Statistics;

namespace Crossweave.Core.Tests.Synthetic;

/// <summary>
/// Bands that fitted routing keeps on recorded traces, with another seed than the fit's. What is not banded does not match: which
/// ranks are busy, single layers' maxima, overlap of neighbouring tokens in the first layer, and for GPT-OSS the C_T of contiguous
/// ranks, which lies above independence there (neighbouring experts avoid each other) while the generator knows no positions.
/// </summary>
public sealed class SyntheticFitTests
{
    [Theory]
    [InlineData("deepseek-v2-lite-esft", "translation", 64, 0.03)]
    [InlineData("gpt-oss-20b-fingerprinting", "gpqa_main", 32, 0.07)]
    public void Fitted_routing_matches_recorded_routing_within_bands(string folder, string set, int experts, double rankBand)
    {
        using var real = ArrayTrace.Recorded(folder, set, experts).EveryLayer(4);
        var fitted = SyntheticFit.Fit(real, new Prng(1));
        Assert.Equal(real.TokenCount, fitted.Tokens);
        using var synthetic = SyntheticRouting.Generate(fitted, new Prng(777));
        var rows = SyntheticComparison.Compare(real, synthetic).ToDictionary(r => r.Statistic);
        void Within(string statistic, double ofMeans, double perLayer)
        {
            var row = rows[statistic];
            Assert.True(Math.Abs(row.DifferenceOfMeans) <= ofMeans && row.MeanDifference <= perLayer, $"{set}: {row}");
        }

        Within("Gini of expert load", 0.10, 0.15);
        Within("max/mean expert load", 0.15, 0.25);
        Within("co-activation strength", 0.15, 0.25);
        Within("C_T at EP8", rankBand, rankBand + 0.02);
        Within("sequence load distance", 0.25, 0.30);
    }

    [Fact]
    public void A_fit_is_the_same_on_any_number_of_threads()
    {
        using var real = SyntheticRouting.Generate(
            new SyntheticParameters { Experts = 16, TopK = 2, Layers = 2, Tokens = 1500, MedianLength = 50 }, new Prng(5));
        var one = SyntheticFit.Fit(real, new Prng(2), new FitOptions { Rounds = 4, Threads = 1 });
        Assert.Equal(one.ToJson(), SyntheticFit.Fit(real, new Prng(2), new FitOptions { Rounds = 4, Threads = 3 }).ToJson());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    public void A_fit_finds_the_skew_and_pairs_of_generated_routing_again(int groups, int groupTopK)
    {
        var recipe = new SyntheticParameters { Experts = 32, TopK = 4, Layers = 3, Tokens = 2500, Groups = groups, GroupTopK = groupTopK, ZipfExponent = [0.5, 1.0, 1.5] };
        using var real = SyntheticRouting.Generate(recipe, new Prng(9));
        var fitted = SyntheticFit.Fit(real, new Prng(2), new FitOptions { Groups = groups, GroupTopK = groupTopK });
        using var again = SyntheticRouting.Generate(fitted, new Prng(10));
        foreach (var row in SyntheticComparison.Compare(real, again).Where(r => r.Statistic is "Gini of expert load" or "co-activation strength"))
            Assert.True(Math.Abs(row.DifferenceOfMeans) < 0.15, $"{row}");
    }
}
