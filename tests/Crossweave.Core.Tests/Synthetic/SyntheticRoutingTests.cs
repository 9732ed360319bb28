using Crossweave.Algorithms;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Statistics;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Testing;

namespace Crossweave.Core.Tests.Synthetic;

public sealed class SyntheticRoutingTests
{
    private static readonly SyntheticParameters Small = new()
    {
        Experts = 32,
        TopK = 4,
        Layers = 3,
        Tokens = 3000,
        Domains = [new("code", 2), new("chat", 1)],
        MedianLength = 60,
    };

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 3)]
    public void Every_token_has_k_different_experts_and_sequences_cover_all_tokens(int groups, int groupTopK)
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var skewed = Small with { ZipfExponent = [4.0, 0.0, 12.0], ZipfOffset = [0], TopicBoost = [15], Groups = groups, GroupTopK = groupTopK };
            using var trace = SyntheticRouting.Generate(skewed, new Prng(seed));
            var ids = Ids(trace);
            for (var at = 0; at < ids.Length; at += 4)
            {
                Assert.True(ids.AsSpan(at, 4).ToArray().Distinct().Count() == 4, $"seed {seed}, row {at / 4}");
                Assert.All(ids[at..(at + 4)], e => Assert.InRange(e, 0, 31));
            }

            Assert.Equal(0, trace.Sequences[0].FirstToken);
            for (var s = 1; s < trace.Sequences.Count; s++)
                Assert.Equal(trace.Sequences[s - 1].FirstToken + trace.Sequences[s - 1].TokenCount, trace.Sequences[s].FirstToken);
            Assert.Equal(3000, trace.Sequences.Sum(s => s.TokenCount));
        }
    }

    [Fact]
    public void Threads_change_nothing_and_seeds_change_everything()
    {
        var one = Ids(SyntheticRouting.Generate(Small, new Prng(3), threads: 1));
        Assert.Equal(one, Ids(SyntheticRouting.Generate(Small, new Prng(3), threads: 2)));
        Assert.Equal(one, Ids(SyntheticRouting.Generate(Small, new Prng(3), threads: 5)));
        Assert.NotEqual(one, Ids(SyntheticRouting.Generate(Small, new Prng(4))));
    }

    [Fact]
    public void Gate_weights_sum_to_one_and_leave_the_choices_alone()
    {
        using var plain = SyntheticRouting.Generate(Small, new Prng(3));
        using var weighted = SyntheticRouting.Generate(Small with { GateWeights = true }, new Prng(3));
        Assert.Equal(Ids(plain), Ids(weighted));
        Assert.False(plain.HasWeights);
        var weights = new float[3000 * 4];
        weighted.ReadWeights(2, 0, 3000, weights);
        for (var t = 0; t < 3000; t++) Assert.Equal(1.0, weights.AsSpan(t * 4, 4).ToArray().Sum(w => (double)w), 5);
        Assert.All(weights, w => Assert.True(w > 0));
    }

    [Fact]
    public void Group_limited_routing_stays_within_its_groups()
    {
        using var trace = SyntheticRouting.Generate(Small with { Groups = 8, GroupTopK = 2, Domains = [new("", 1)] }, new Prng(6));
        var ids = Ids(trace);
        for (var at = 0; at < ids.Length; at += 4) Assert.InRange(ids[at..(at + 4)].Select(e => e / 4).Distinct().Count(), 1, 2);
    }

    [Fact]
    public void Without_any_preference_routing_is_uniform()
    {
        var flat = Small with { Tokens = 20_000, ZipfExponent = [0], DomainSpread = [0], SequenceSpread = [0], TopicBoost = [0], Drift = 0 };
        using var trace = SyntheticRouting.Generate(flat, new Prng(5));
        foreach (var layer in TraceStatistics.Compute(trace, [4, 8]).PerLayer)
        {
            foreach (var ranks in layer.Ranks)
                Assert.InRange(ranks.DistinctRanks - ranks.UniformDistinctRanks!.Value, -4 * ranks.UniformDeviation!.Value / Math.Sqrt(20_000), 4 * ranks.UniformDeviation.Value / Math.Sqrt(20_000));
            Assert.True(layer.MaxOverMeanExpert < 1.1);
            Assert.InRange(layer.CoActivation!.Strength / layer.CoActivation.ChanceStrength, 0.85, 1.15);
        }
    }

    [Fact]
    public void Every_part_of_the_recipe_moves_the_statistic_it_is_for()
    {
        var flat = Small with { ZipfExponent = [0], DomainSpread = [0], SequenceSpread = [0], TopicBoost = [0], Drift = 0, DomainBlocks = false };
        double Of(SyntheticParameters p, Func<LayerStatistics, double> value) =>
            TraceStatistics.Compute(SyntheticRouting.Generate(p, new Prng(2)), []).PerLayer.Average(value);
        Assert.True(Of(flat with { ZipfExponent = [1.0], ZipfOffset = [2] }, l => l.Gini) > 5 * Of(flat, l => l.Gini));
        Assert.True(Of(flat with { TopicBoost = [4] }, l => l.CoActivation!.Strength) > 3 * Of(flat, l => l.CoActivation!.Strength));
        Assert.True(Of(flat with { Drift = 0.7 }, l => l.Drift.MeanDistance) > 3 * Of(flat, l => l.Drift.MeanDistance));
        Assert.True(Of(flat with { DomainSpread = [1.5], DomainBlocks = true }, l => l.Drift.MeanDistance) > 2 * Of(flat, l => l.Drift.MeanDistance));
        Assert.True(Of(flat with { SequenceSpread = [2] }, l => l.CoActivation!.Strength) > 2 * Of(flat, l => l.CoActivation!.Strength));
    }

    [Fact]
    public void The_recipe_survives_JSON_and_unknown_keys_are_refused()
    {
        var json = (Small with { Note = "test", ZipfExponent = [1, 2, 3] }).ToJson();
        Assert.Equal(json, SyntheticParameters.Parse(json, "x.json").ToJson());
        var error = Assert.Throws<InputException>(() => SyntheticParameters.Parse(json.Replace("\"note\"", "\"nota\""), "x.json"));
        Assert.Contains("nota", error.Message);
        Assert.StartsWith("x.json", error.Message);
    }

    [Theory]
    [InlineData("\"topK\": 4", "\"topK\": 40", "topK")]
    [InlineData("\"groups\": 1", "\"groups\": 5", "groups")]
    [InlineData("\"groupTopK\": 1", "\"groupTopK\": 2", "groupTopK")]
    [InlineData("\"topicStay\": 0.3", "\"topicStay\": 1", "topicStay")]
    [InlineData("\"tokens\": 3000", "\"tokens\": 0", "tokens")]
    [InlineData("\"share\": 2", "\"share\": -2", "domains")]
    [InlineData("\"drift\": 0.1", "\"drift\": \"x\"", "drift")]
    public void Values_that_do_not_fit_are_refused_by_key(string from, string to, string key)
    {
        var json = Small.ToJson();
        Assert.Contains(from, json);
        var error = Assert.Throws<InputException>(() => SyntheticParameters.Parse(json.Replace(from, to), "x.json"));
        Assert.Contains(key, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_sample_recipe_is_valid_and_small()
    {
        var p = SyntheticParameters.Read(Path.Combine(SharedData.RepositoryRoot, "samples", "routing.synth.json"));
        Assert.Equal((64, 6, 8, 3), (p.Experts, p.TopK, p.Layers, p.Domains.Count));
        Assert.True(p.Tokens * p.Layers * p.TopK < 400_000);
        using var trace = SyntheticRouting.Generate(p, new Prng(1));
        var layers = TraceStatistics.Compute(trace, [8]).PerLayer;
        Assert.InRange(layers.Average(l => l.MaxOverMeanExpert), 3, 6.5);
        Assert.InRange(layers.Average(l => l.Gini), 0.35, 0.6);
        Assert.InRange(layers.Average(l => l.CoActivation!.Strength), 0.2, 0.45);
    }

    private static ushort[] Ids(RoutingTrace trace)
    {
        var ids = new ushort[trace.TokenCount * trace.LayerCount * trace.TopK];
        trace.ReadExperts(0, trace.TokenCount, ids);
        var layer = new ushort[trace.TokenCount * trace.TopK];
        trace.ReadLayer(trace.LayerCount - 1, 0, trace.TokenCount, layer);
        for (var i = 0; i < layer.Length; i++)
            Assert.Equal(ids[(((i / trace.TopK * trace.LayerCount) + trace.LayerCount - 1) * trace.TopK) + (i % trace.TopK)], layer[i]);
        return ids;
    }
}
