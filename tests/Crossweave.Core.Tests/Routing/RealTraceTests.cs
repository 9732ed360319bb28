using System.Globalization;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Testing;

namespace Crossweave.Core.Tests.Routing;

public sealed class RealTraceTests
{
    [Theory]
    [InlineData("deepseek-v2-lite-esft", "intent", 8222, 26, 6, 64, 127, 1, true)]
    [InlineData("deepseek-v2-lite-esft", "summary", 8479, 26, 6, 64, 13, 1, true)]
    [InlineData("deepseek-v2-lite-esft", "translation", 8251, 26, 6, 64, 40, 1, true)]
    [InlineData("gpt-oss-20b-fingerprinting", "gpqa_diamond", 10193, 24, 4, 32, 24, 0, true)]
    [InlineData("gpt-oss-20b-fingerprinting", "mmlu_validation", 40122, 24, 4, 32, 145, 0, false)]
    public void Counting_a_recorded_trace_reproduces_its_counts_csv(string set, string name, int tokens, int layers, int topK, int experts, int sequences, int firstLayer, bool weights)
    {
        var folder = SharedData.Require($"traces/{set}");
        using var trace = Importers.Open(Path.Combine(folder, $"{name}.ids.npy"), null, new ImportOptions()).Trace!;
        Assert.Equal((tokens, layers, topK, experts, sequences, weights), (trace.TokenCount, trace.LayerCount, trace.TopK, trace.ExpertCount, trace.Sequences.Count, trace.HasWeights));
        var counted = new long[layers * experts];
        var block = new ushort[1000 * layers * topK];
        for (var first = 0; first < tokens; first += 1000)
        {
            var n = Math.Min(1000, tokens - first);
            trace.ReadExperts(first, n, block);
            for (var i = 0; i < n * layers * topK; i++) counted[(i / topK % layers * experts) + block[i]]++;
        }

        var load = Importers.Open(Path.Combine(folder, "counts.csv"), null, new ImportOptions(Dataset: name)).Load!;
        Assert.Equal(Enumerable.Range(firstLayer, layers), load.LayerIds);
        for (var l = 0; l < layers; l++) Assert.Equal(counted.AsSpan(l * experts, experts), load.Layer(l));
        RandomTrace.AssertReadersAgree(trace, new Prng(1));
        if (!weights) return;
        var gates = new float[tokens * topK];
        trace.ReadWeights(layers - 1, 0, tokens, gates);
        Assert.True(Array.TrueForAll(gates, w => w is >= 0 and <= 1));
        Assert.InRange(gates.Sum() / tokens, 0.1f, 1.05f);
    }

    [Fact]
    public void A_count_file_of_several_models_asks_which_one_and_lists_them()
    {
        var path = SharedData.Require("traces/olmoe-mixtral-counts/counts.csv");
        Assert.Equal(
            $"{path}: found 2 values of model, expected a choice with --model: Mixtral-8x7B-v0.1, OLMoE-1B-7B-0924",
            Assert.Throws<InputException>(() => Importers.Open(path, null, new ImportOptions())).Message);
        var several = Assert.Throws<InputException>(() => Importers.Open(path, null, new ImportOptions(Model: "Mixtral-8x7B-v0.1")));
        Assert.Contains("--dataset: arxiv, book, c4, github, wikipedia", several.Message);
        var load = Importers.Open(path, null, new ImportOptions(Model: "Mixtral-8x7B-v0.1", Dataset: "arxiv")).Load!;
        Assert.Equal([0, 7, 15], load.LayerIds);
        Assert.Equal(55713, load.Layer(0)[0]);
        Assert.Contains("no dataset 'law'", Assert.Throws<InputException>(() => Importers.Open(path, null, new ImportOptions(Model: "OLMoE-1B-7B-0924", Dataset: "law"))).Message);
    }

    [Fact]
    public void The_switch_base_8_capture_is_read_with_all_its_tokens()
    {
        using var trace = Importers.Open(SharedData.Require("traces/switch-base-8-stratamoe/router-trace.v2.json"), null, new ImportOptions()).Trace!;
        Assert.Equal((215, 6, 1, 8), (trace.TokenCount, trace.LayerCount, trace.TopK, trace.ExpertCount));
        var first = new ushort[6];
        trace.ReadExperts(0, 1, first);
        Assert.Equal([7, 0, 2, 1, 3, 7], first.Select(e => (int)e));
    }

    [Fact]
    public void Several_sets_become_one_trace_with_a_domain_each_or_keep_their_categories()
    {
        var folder = SharedData.Require("traces/deepseek-v2-lite-esft");
        var files = Directory.GetFiles(folder, "*.ids.npy").Order(StringComparer.Ordinal).ToArray();
        using var trace = Importers.OpenAll(files, null, new ImportOptions()).Trace!;
        Assert.Equal(24952, trace.TokenCount);
        Assert.Equal(["intent", "summary", "translation"], trace.Sequences.Select(s => s.Domain).Distinct());
        var (planning, heldOut) = TraceSplit.BySequence(trace, 0.5, new Prng(0));
        Assert.Equal(3, planning.Sequences.Select(s => s.Domain).Distinct().Count());
        Assert.Equal(3, heldOut.Sequences.Select(s => s.Domain).Distinct().Count());
        Assert.InRange(planning.TokenCount / 24952.0, 0.47, 0.53);
    }

    [Fact]
    public void A_placement_is_not_taken_for_routing()
    {
        var path = SharedData.Require("traces/deepseek-v3-placements-omni/prefill_16ranks_20250626.csv");
        Assert.Contains("no known format", Assert.Throws<InputException>(() => Importers.Open(path, null, new ImportOptions())).Message);
    }
}
