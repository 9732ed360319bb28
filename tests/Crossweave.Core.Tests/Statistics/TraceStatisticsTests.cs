using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Statistics;

namespace Crossweave.Core.Tests.Statistics;

public sealed class TraceStatisticsTests
{
    [Theory]
    [InlineData(1, 700, 3, 4, 12, 5)]
    [InlineData(2, 1000, 2, 8, 64, 8)]
    [InlineData(3, 300, 2, 1, 8, 3)]
    [InlineData(4, 513, 1, 6, 130, 70)]
    [InlineData(5, 65, 2, 2, 4, 6)]
    public void Counts_agree_with_a_naive_recount(ulong seed, int tokens, int layers, int topK, int experts, int ranks)
    {
        using var trace = ArrayTrace.Random(tokens, layers, topK, experts, new Prng(seed));
        var summary = TraceStatistics.Compute(trace, [ranks, 2]);
        foreach (var (index, count) in new[] { (0, ranks), (1, 2) })
            for (var layer = 0; layer < layers; layer++)
            {
                var placement = TraceStatistics.Contiguous(experts, count, layers).Layers[layer];
                var (rows, copies, inside, pairs) = (new long[count], new long[count], 0L, 0L);
                for (var t = 0; t < tokens; t++)
                {
                    var chosen = Enumerable.Range(0, topK).Select(i => placement.RankOfSlot[trace.At(t, layer, i)]).ToArray();
                    foreach (var r in chosen) rows[r]++;
                    foreach (var r in chosen.Distinct()) copies[r]++;
                    for (var a = 0; a < topK; a++)
                        for (var b = a + 1; b < topK; b++)
                        {
                            pairs++;
                            if (chosen[a] == chosen[b]) inside++;
                        }
                }

                var found = summary.PerLayer[layer].Ranks[index];
                Assert.Equal((double)copies.Sum() / tokens, found.DistinctRanks, 12);
                Assert.Equal((double)rows.Max() * count / rows.Sum(), found.MaxOverMeanRows, 12);
                Assert.Equal((double)copies.Max() * count / copies.Sum(), found.MaxOverMeanCopies, 12);
                if (topK > 1) Assert.Equal((double)inside / pairs, found.IntraFraction!.Value, 12);
            }

        for (var layer = 0; layer < layers; layer++)
            for (var e = 0; e < experts; e++)
                Assert.Equal(Chosen(trace, layer, e).Count, summary.Load.Layer(layer)[e]);
        if (topK == 1) return;
        for (var i = 0; i < experts; i++)
            for (var j = 0; j < experts; j++)
                Assert.Equal(i == j ? 0 : Chosen(trace, 0, i).Intersect(Chosen(trace, 0, j)).Count(), summary.CoActivation!.Tokens(0, i, j));
    }

    [Fact]
    public void Replicas_and_many_ranks_take_the_slow_way_with_the_same_counts()
    {
        using var trace = ArrayTrace.Random(900, 2, 4, 16, new Prng(8));
        var single = TraceStatistics.Contiguous(16, 4, 1).Layers[0];
        // Every expert twice, both copies on its own rank: ranks reached do not change, but the table of masks cannot be used.
        var twice = LayerPlacement.Even(16, [.. Enumerable.Range(0, 4).SelectMany(r => Enumerable.Range(4 * r, 4).Concat(Enumerable.Range(4 * r, 4)))], 4);
        var a = TraceStatistics.Compute(trace, [4], _ => new ExpertPlacement([single, single]));
        var b = TraceStatistics.Compute(trace, [4], _ => new ExpertPlacement([twice, twice]));
        for (var layer = 0; layer < 2; layer++)
        {
            Assert.Equal(a.PerLayer[layer].Ranks[0].DistinctRanks, b.PerLayer[layer].Ranks[0].DistinctRanks);
            Assert.Equal(a.PerLayer[layer].Ranks[0].MaxOverMeanRows, b.PerLayer[layer].Ranks[0].MaxOverMeanRows);
            Assert.Null(b.PerLayer[layer].Ranks[0].UniformDistinctRanks);
        }
    }

    [Theory]
    [InlineData(64, 8)]
    [InlineData(64, 6)]
    [InlineData(60, 4)]
    public void Random_routing_has_the_uniform_number_of_ranks_and_no_co_activation(int experts, int topK)
    {
        const int Tokens = 20_000;
        using var trace = ArrayTrace.Random(Tokens, 1, topK, experts, new Prng(11));
        var layer = TraceStatistics.Compute(trace, TraceStatistics.DefaultRankCounts).PerLayer[0];
        foreach (var ranks in layer.Ranks)
            Assert.InRange(ranks.DistinctRanks - ranks.UniformDistinctRanks!.Value, -4 * ranks.UniformDeviation!.Value / Math.Sqrt(Tokens), 4 * ranks.UniformDeviation.Value / Math.Sqrt(Tokens));
        Assert.InRange(layer.CoActivation!.Strength / layer.CoActivation.ChanceStrength, 0.9, 1.1);
        Assert.InRange(layer.Drift.MeanDistance / layer.Drift.ChanceDistance, 0.8, 1.2);
    }

    [Fact]
    public void Threads_change_nothing()
    {
        using var trace = ArrayTrace.Random(30_000, 3, 6, 64, new Prng(4));
        var one = TraceStatistics.Compute(trace, [8, 16], options: new StatisticsOptions { Threads = 1 });
        foreach (var threads in new[] { 2, 7 })
        {
            var many = TraceStatistics.Compute(trace, [8, 16], options: new StatisticsOptions { Threads = threads });
            Assert.Equal(System.Text.Json.JsonSerializer.Serialize(one.PerLayer), System.Text.Json.JsonSerializer.Serialize(many.PerLayer));
            for (var layer = 0; layer < 3; layer++) Assert.Equal(one.CoActivation!.Layer(layer), many.CoActivation!.Layer(layer));
        }
    }

    [Fact]
    public void Skew_of_a_hand_worked_load()
    {
        long[] load = [0, 10, 20, 30, 40];
        // Gini = 2 (0 + 2*10 + 3*20 + 4*30 + 5*40) / (5 * 100) - 6/5 = 800/500 - 1.2 = 0.4.
        Assert.Equal(0.4, LoadSkew.Gini(load), 12);
        Assert.Equal(2.0, LoadSkew.MaxOverMean(load), 12);
        Assert.Equal(0.4, LoadSkew.TopTenthShare(load), 12);
        Assert.Equal(0.6, LoadSkew.Distance(load, [40, 30, 20, 10, 0]), 12);
    }

    [Fact]
    public void Expected_pairs_agree_with_enumeration_and_keep_popularity()
    {
        // Weights 1, 2, 3, 4 and k = 2: a pair has probability w_i w_j / e_2, e_2 = 35; loads follow, so weights must be found again.
        double[] w = [1, 2, 3, 4];
        var load = new long[4];
        for (var i = 0; i < 4; i++)
            for (var j = 0; j < 4; j++)
                if (i != j)
                    load[i] += (long)(w[i] * w[j] * 1000);
        var expected = IndependentPairs.Expected(load, 35_000, 2);
        for (var i = 0; i < 4; i++)
            for (var j = 0; j < 4; j++)
                Assert.Equal(i == j ? 0 : w[i] * w[j] * 1000, expected[(i * 4) + j], 3);

        long[] skewed = [2450, 2450, 2000, 1500, 800, 500, 200, 100, 0]; // 2,500 tokens x 4, two experts in nearly every token
        var pairs = IndependentPairs.Expected(skewed, 2500, 4);
        for (var i = 0; i < 9; i++) Assert.Equal(3.0 * skewed[i], Enumerable.Range(0, 9).Sum(j => pairs[(i * 9) + j]), tolerance: 0.1);
    }

    [Fact]
    public void Real_translation_trace_shows_the_published_skew_and_ranks()
    {
        using var trace = ArrayTrace.Recorded("deepseek-v2-lite-esft", "translation", 64);
        var summary = TraceStatistics.Compute(trace, [8, 16, 32]);
        Assert.Equal((8251, 26, 6), (summary.Tokens, summary.Layers, summary.TopK));
        Assert.Equal(1.69, summary.PerLayer.Average(l => l.Ranks[0].MaxOverMeanRows), 2);
        Assert.Equal(2.36, summary.PerLayer.Average(l => l.Ranks[1].MaxOverMeanRows), 2);
        Assert.Equal(3.54, summary.PerLayer.Average(l => l.Ranks[2].MaxOverMeanRows), 2);
        Assert.Equal(4.54, summary.PerLayer.Average(l => l.Ranks[0].DistinctRanks), 2);
        Assert.All(summary.PerLayer, l => Assert.True(l.CoActivation!.Strength > 3 * l.CoActivation.ChanceStrength));
    }

    [Fact]
    public void Wrong_shapes_are_refused_in_one_line()
    {
        using var trace = ArrayTrace.Random(10, 1, 2, 8, new Prng(1));
        Assert.Contains("ranks", Assert.Throws<InputException>(() => TraceStatistics.Compute(trace, [0])).Message);
        Assert.Contains("placement", Assert.Throws<InputException>(() => TraceStatistics.Compute(trace, [2], r => TraceStatistics.Contiguous(9, r, 1))).Message);
    }

    private static HashSet<int> Chosen(ArrayTrace trace, int layer, int expert) =>
        [.. Enumerable.Range(0, trace.TokenCount).Where(t => Enumerable.Range(0, trace.TopK).Any(i => trace.At(t, layer, i) == expert))];
}
