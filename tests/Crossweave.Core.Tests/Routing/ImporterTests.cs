using Crossweave.Algorithms;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Core.Tests.Containers;

namespace Crossweave.Core.Tests.Routing;

public sealed class ImporterTests : IDisposable
{
    private static readonly ImportOptions Plain = new();
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_format_recognises_its_own_files_and_no_other_format_comes_first()
    {
        foreach (var sample in Samples.Make(_folder))
            Assert.Equal(sample.Importer, Importers.All.First(i => i.Recognises(sample.Path)).Name);
        Assert.Equal(Importers.All.Count, Importers.All.Select(i => i.Name).Distinct().Count());
        Assert.All(Importers.All, i => Assert.Same(i, Importers.Find(i.Name, "--format")));
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_by_every_importer()
    {
        byte[][] contents = [[], "hello"u8.ToArray(), "{}"u8.ToArray(), "[[1,2]]"u8.ToArray(), [0x50, 0x4B, 3, 4, 9, 9], [0x93, 78, 85, 77, 80, 89], [.. Enumerable.Repeat((byte)0, 300)]];
        for (var i = 0; i < contents.Length; i++)
        {
            var path = _folder.Write($"{i}.bin", contents[i]);
            foreach (var importer in Importers.All) Assert.Throws<InputException>(() => importer.Import(path, Plain));
            Assert.Throws<InputException>(() => Importers.Open(path, null, Plain));
        }

        Assert.Contains("no such file", Assert.Throws<InputException>(() => Importers.Open(_folder.File("none"), null, Plain)).Message);
        var map = _folder.Write("map.json", """{"moe_layer_count":1,"layer_list":[]}""");
        Assert.Contains("a placement", Assert.Throws<InputException>(() => Importers.Open(map, null, Plain)).Message);
    }

    [Fact]
    public void What_the_writer_writes_comes_back_the_same()
    {
        foreach (var experts in new[] { 12, 256, 300 })
        {
            var prng = new Prng((ulong)experts);
            var trace = RandomTrace.Make(prng, 300, 3, 4, experts, weights: true, ranks: true, domains: 3);
            NpyTraceWriter.Write(trace, _folder.File("t"));
            using var back = Importers.Open(_folder.File("t.ids.npy"), null, Plain).Trace!;
            Assert.Equal(RandomTrace.All(trace), RandomTrace.All(back));
            Assert.Equal(trace.Sequences, back.Sequences);
            Assert.Equal((experts, true, true), (back.ExpertCount, back.HasWeights, back.HasSourceRanks));
            RandomTrace.AssertReadersAgree(back, prng);
            float[] a = new float[1200], b = new float[1200];
            int[] r = new int[300], s = new int[300];
            trace.ReadWeights(2, 0, 300, a);
            back.ReadWeights(2, 0, 300, b);
            for (var i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-6f);
            trace.ReadSourceRanks(0, 300, r);
            back.ReadSourceRanks(0, 300, s);
            Assert.Equal(r, s);
        }
    }

    [Fact]
    public void All_element_types_and_both_npz_forms_hold_the_same_choices()
    {
        var samples = Samples.Make(_folder);
        foreach (var sample in samples.Where(s => s.Path.Contains("npy-", StringComparison.Ordinal)))
        {
            using var trace = Importers.Open(sample.Path, null, Plain).Trace!;
            Assert.Equal(Samples.Choices(27, 2, 8), RandomTrace.All(trace).Select(v => (long)v));
            RandomTrace.AssertReadersAgree(trace, new Prng(5));
        }

        foreach (var sample in samples.Where(s => s.Importer == "npz"))
        {
            using var trace = Importers.Open(sample.Path, null, Plain).Trace!;
            Assert.Equal(Samples.Choices(10, 3, 8), RandomTrace.All(trace).Select(v => (long)v));
            Assert.Equal([3, 4], trace.LayerIds);
            Assert.Equal([3, 2], trace.Sequences.Select(s => s.TokenCount));
            Assert.True(trace.HasWeights && trace.HasSourceRanks);
        }
    }

    [Theory]
    [InlineData(new long[] { 4, 6 }, new long[] { 0, 1, 2, 3, 4, 9, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5 }, "token 0, layer index 0, choice 5: found expert 9, expected an expert in [0, 8)")]
    [InlineData(new long[] { 2, 2, 2 }, new long[] { 0, 1, 2, 3, 4, 5, 6, 6 }, "token 1, layer index 1, choice 1: found expert 6 again (also choice 0), expected distinct experts per token and layer")]
    [InlineData(new long[] { 8 }, new long[] { 0, 1, 2, 3, 4, 5, 6, 6 }, "found an array of shape (8), expected [tokens, layers, k] or [tokens, k]")]
    [InlineData(new long[] { 0, 2, 2 }, new long[0], "at least one token")]
    public void A_bad_array_is_refused_with_its_first_fault(long[] shape, long[] values, string message)
    {
        var path = _folder.Write("bad.npy", Samples.Npy(ElementType.UInt8, shape, values));
        var error = Assert.Throws<InputException>(() => Importers.Open(path, null, new ImportOptions(ExpertCount: 8)));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void Big_endian_Fortran_and_float_arrays_are_refused_by_name()
    {
        byte[] With(string from, string to) => System.Text.Encoding.Latin1.GetBytes(System.Text.Encoding.Latin1.GetString(Samples.Npy(ElementType.UInt16, [2, 2], [0, 1, 2, 3])).Replace(from, to));
        Assert.Contains("dtype '>u2'", Refused("a.npy", With("<u2", ">u2")));
        Assert.Contains("fortran_order True", Refused("a.npy", With("False", "True ")));
        Assert.Contains("float16 ids", Refused("a.npy", With("<u2", "<f2")));
        Assert.Contains("(the file is truncated)", Refused("a.npy", With("(2, 2)", "(3, 2)")));
    }

    [Theory]
    [InlineData("sequence,first_token,tokens\n0,0,2\n1,3,1\n", "line 3, first_token: found 3, expected 2")]
    [InlineData("sequence,first_token,tokens\n0,0,2\n", "found sequences of 2 tokens together, expected 4")]
    [InlineData("sequence,first_token,tokens\n0,0,5\n", "line 2, tokens: found 5, expected at most 4")]
    [InlineData("sequence,first_token\n0,0\n", "expected a column 'tokens'")]
    [InlineData("sequence,first_token,tokens\n0,0\n", "line 2: found 2 fields, expected 3")]
    public void A_sequence_table_that_does_not_fit_is_refused_with_its_line(string table, string message)
    {
        _folder.Write("s.sequences.csv", table);
        Assert.Contains(message, Refused("s.ids.npy", Samples.Npy(ElementType.UInt8, [4, 2], [0, 1, 2, 3, 0, 1, 2, 3])));
    }

    [Fact]
    public void Megatron_ranks_line_up_across_layers_and_become_source_ranks()
    {
        _folder.Write("m/router_trace_rank0.jsonl", Samples.MegatronLines(0, 4));
        _folder.Write("m/router_trace_rank1.jsonl", Samples.MegatronLines(1, 2));
        var trace = Importers.Open(_folder.File("m"), null, Plain).Trace!;
        Assert.Equal((12, 2, 2, 8), (trace.TokenCount, trace.LayerCount, trace.TopK, trace.ExpertCount));
        Assert.Equal([1, 2], trace.LayerIds);
        Assert.Equal(["step 0 rank 0", "step 0 rank 1", "step 1 rank 0", "step 1 rank 1"], trace.Sequences.Select(s => s.Name));
        var ranks = new int[12];
        trace.ReadSourceRanks(0, 12, ranks);
        Assert.Equal([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1], ranks);
        var second = new ushort[4];
        trace.ReadExperts(5, 1, second); // token 1 of rank 1: layer 1 chooses (1 + 1 + 1, +3), layer 2 one more
        Assert.Equal([3, 6, 4, 7], second.Select(e => (int)e));
    }

    [Theory]
    [InlineData("""{"step":0,"layer":1,"rank":0,"num_tokens":2,"topk":2,"top_indices":[[0,1],[2,2]]}""", "line 1, token 1: found expert 2 twice (choices 0 and 1)")]
    [InlineData("""{"step":0,"layer":1,"rank":0,"num_tokens":2,"topk":2,"top_indices":[[0,1],[2,8]]}""", "line 1, token 1, choice 1: found expert 8, expected an expert in [0, 8)")]
    [InlineData("""{"step":0,"layer":1,"rank":0,"num_tokens":3,"topk":2,"top_indices":[[0,1],[2,3]]}""", "line 1, top_indices: found 2 tokens, expected 3 as num_tokens says")]
    [InlineData("""{"step":0,"layer":1,"rank":0,"num_tokens":1,"topk":3,"top_indices":[[0,1]]}""", "found 2 choices per token, expected 3 as topk says")]
    [InlineData("""{"step":0,"layer":1,"rank":0,"topk":2,"top_indices":[[0,1]]}""", "no key 'num_tokens'")]
    [InlineData("""{"step":0,"layer":1,"rank":0,"num_tokens":1,"topk":2,"top_indices":[[0,""", "a JSON syntax error")]
    [InlineData("{\"step\":0,\"layer\":1,\"rank\":0,\"num_tokens\":1,\"topk\":1,\"top_indices\":[[0]]}\n{\"step\":0,\"layer\":2,\"rank\":0,\"num_tokens\":2,\"topk\":1,\"top_indices\":[[0],[1]]}", "line 2: found 2 tokens with top-1, expected 1 with top-1")]
    [InlineData("{\"step\":0,\"layer\":1,\"rank\":0,\"num_tokens\":1,\"topk\":1,\"top_indices\":[[0]]}\n{\"step\":0,\"layer\":2,\"rank\":1,\"num_tokens\":1,\"topk\":1,\"top_indices\":[[0]]}", "no record of decoder layer 2 for step 0, rank 0")]
    public void A_bad_Megatron_record_is_refused_with_its_line(string lines, string message)
    {
        var path = _folder.Write("bad.jsonl", lines);
        Assert.Contains(message, Assert.Throws<InputException>(() => Importers.Open(path, "megatron-jsonl", new ImportOptions(ExpertCount: 8))).Message);
    }

    [Fact]
    public void Sglang_counts_are_added_over_steps_passes_and_ranks()
    {
        var stat = Importers.Open(_folder.Write("stat.pt", TorchWriter.Save(Samples.Stat())), null, Plain).Load!;
        Assert.Equal([11L, 22, 33, 44], stat.Layer(0).ToArray());
        Assert.Equal([55L, 66, 77, 88], stat.Layer(1).ToArray());
        var perPass = Importers.Open(Samples.Make(_folder).Single(s => s.Path.EndsWith("per_pass.json", StringComparison.Ordinal)).Path, null, Plain).Load!;
        Assert.Equal([2L + 3, 2], perPass.Layer(0).ToArray());
        Assert.Equal([5L, 4 + 7], perPass.Layer(1).ToArray());
    }

    [Fact]
    public void Sglang_per_token_files_of_all_ranks_become_one_trace_of_logical_experts()
    {
        _folder.Write("pt/r_0.pt", TorchWriter.Save(Samples.PerToken(0)));
        _folder.Write("pt/r_1.pt", TorchWriter.Save(Samples.PerToken(1)));
        var trace = Importers.Open(_folder.File("pt"), null, Plain).Trace!;
        Assert.Equal((6, 1, 2, 4), (trace.TokenCount, trace.LayerCount, trace.TopK, trace.ExpertCount));
        Assert.Equal([1], trace.LayerIds); // the model's layer 0 is dense
        Assert.Equal([0, 1, 0, 3, 2, 3, 0, 1, 0, 3, 1, 3], RandomTrace.All(trace).Select(e => (int)e));
        Assert.Equal([2, 1, 2, 1], trace.Sequences.Select(s => s.TokenCount));
        var ranks = new int[6];
        trace.ReadSourceRanks(0, 6, ranks);
        Assert.Equal([0, 0, 0, 1, 1, 1], ranks);
    }

    [Theory]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"global_physical_count":[[1,2]]},{"forward_pass_id":1,"rank":1,"global_physical_count":[[1,2]]}],"last_physical_to_logical_map":[[0,1]]}""", "without all ranks")]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"global_physical_count":[[1,2]]},{"forward_pass_id":0,"rank":0,"global_physical_count":[[1,2]]}],"last_physical_to_logical_map":[[0,1]]}""", "forward pass 0 of rank 0 again")]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"global_physical_count":[[1,2,3]]}],"last_physical_to_logical_map":[[0,1]]}""", "shape [1, 3], expected [1, 2]")]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"global_physical_count":[[1,2]]}],"last_physical_to_logical_map":[[0,2]]}""", "no slot of expert 1")]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"topk_ids_of_layer":[[[0,2]]]}],"last_physical_to_logical_map":[[0,1,0]]}""", "expert 0 twice")]
    [InlineData("""{"records":[{"forward_pass_id":0,"rank":0,"topk_ids_of_layer":[[[0,1],[1,-1]]]}],"last_physical_to_logical_map":[[0,1,0]]}""", "physical expert -1")]
    [InlineData("""{"logical_count":[[1,2],[3]]}""", "logical_count[1]: found a list of 1, expected a list of 2")]
    [InlineData("""{"logical_count":[[1,2],[3,-4]]}""", "load -4")]
    [InlineData("""{"logical_count":[1,2]}""", "lists 1 deep")]
    public void A_bad_recording_of_SGLang_is_refused_by_name(string json, string message)
    {
        var path = _folder.Write("bad.json", json);
        Assert.Contains(message, Assert.Throws<InputException>(() => Importers.Open(path, null, Plain)).Message);
    }

    [Fact]
    public void Statistics_of_TensorRT_LLM_are_added_over_ranks_and_iterations_and_must_be_complete()
    {
        var trt = Samples.Make(_folder).First(s => s.Importer == "tensorrt-llm").Path;
        var load = Importers.Open(trt, null, Plain).Load!;
        Assert.Equal([3, 4], load.LayerIds);
        Assert.Equal([16L, 20, 24, 28], load.Layer(0).ToArray()); // 2 x ((0..3) + (8..11))
        File.Copy(Path.Combine(trt, "rank1.safetensors"), Path.Combine(trt, "rank3.safetensors"));
        Assert.Contains("without rank2.safetensors", Assert.Throws<InputException>(() => Importers.Open(trt, null, Plain)).Message);
        File.Delete(Path.Combine(trt, "rank3.safetensors"));
        var gap = """{"5_3":{"dtype":"I32","shape":[4],"data_offsets":[0,16]},"7_3":{"dtype":"I32","shape":[4],"data_offsets":[16,32]}}""";
        foreach (var rank in new[] { 0, 1 }) _folder.Write($"trt/rank{rank}.safetensors", SafetensorsTests.File(gap, 32));
        Assert.Contains("iteration 7 after 5", Assert.Throws<InputException>(() => Importers.Open(trt, null, Plain)).Message);
    }

    [Fact]
    public void Loads_of_several_kinds_keep_all_choices_and_pairs_appear_once()
    {
        var load = Importers.Open(_folder.Write("k.csv", "kind,layer,expert,count\ntop1,0,0,1\ntopk,0,0,7\ntop1,0,1,2\ntopk,0,1,8\n"), null, Plain).Load!;
        Assert.Equal([7L, 8, 0, 0], load.Layer(0).ToArray());
        var twice = _folder.Write("t.csv", "layer,expert,count\n0,0,1\n0,1,1\n0,0,2\n");
        Assert.Equal($"{twice}: line 4: found layer 0, expert 0 again (also line 2), expected each pair once", Assert.Throws<InputException>(() => Importers.Open(twice, null, Plain)).Message);
        var negative = _folder.Write("n.csv", "layer,expert,count\n0,0,-1\n");
        Assert.Contains("line 2, count: found '-1'", Assert.Throws<InputException>(() => Importers.Open(negative, null, Plain)).Message);
    }

    [Fact]
    public void Loads_of_several_files_are_added_and_do_not_mix_with_tokens()
    {
        var a = _folder.Write("a.csv", "layer,expert,count\n0,0,1\n0,3,5\n");
        var b = _folder.Write("b.csv", "layer,expert,count\n0,3,2\n");
        Assert.Equal([1L, 0, 0, 7], Importers.OpenAll([a, b], null, Plain).Load!.Layer(0).ToArray());
        var tokens = _folder.Write("t.npy", Samples.Npy(ElementType.UInt8, [2, 2], [0, 1, 2, 3]));
        Assert.Throws<InputException>(() => Importers.OpenAll([a, tokens], null, Plain));
    }

    [Fact]
    public void Ten_million_tokens_of_sixty_layers_are_read_in_place()
    {
        const int Tokens = 10_000_000, Layers = 60, K = 8; // 4.8 GB, a sparse file that takes no room
        var path = _folder.File("big.npy");
        var header = NpyHeader.Bytes(ElementType.UInt8, Tokens, Layers, K);
        using (var stream = File.Create(path))
        {
            stream.Write(header);
            stream.SetLength(header.Length + ((long)Tokens * Layers * K));
            stream.Seek(-K, SeekOrigin.End);
            stream.Write([1, 2, 3, 4, 5, 6, 7, 8]);
        }

        using var region = ByteRegion.Open(path);
        var ids = NpyImporter.IdsOf(region, NpyHeader.Read(region, 0, region.Length, path), 0, path);
        using var trace = new ArrayTrace(ids, 256, SequenceTable.Whole(Tokens, "all"), layerIds: null, weights: null, sourceRanks: null);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var block = new ushort[2 * Layers * K];
        trace.ReadExperts(Tokens - 2, 2, block);
        Assert.Equal([0, 0, 1, 2, 3, 4, 5, 6, 7, 8], block[^10..].Select(e => (int)e));
        var rows = new ushort[K];
        trace.ReadLayer(Layers - 1, Tokens - 1, 1, rows);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], rows.Select(e => (int)e));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Contains("token 0, layer index 0, choice 1: found expert 0 again", Assert.Throws<InputException>(() => Importers.Open(path, null, Plain)).Message);
    }

    [Fact]
    public void A_file_of_weights_is_not_taken_for_ids()
    {
        var path = _folder.Write("x.weights_e4.npy", Samples.Npy(ElementType.UInt16, [2, 2], [9000, 1000, 8000, 2000]));
        Assert.Contains("a file of gate weights", Assert.Throws<InputException>(() => Importers.Open(path, null, Plain)).Message);
    }

    private string Refused(string name, byte[] content)
    {
        var path = _folder.Write(name, content);
        var error = Assert.Throws<InputException>(() => Importers.Open(path, null, Plain));
        Assert.Contains(_folder.Path, error.Message);
        return error.Message;
    }
}
