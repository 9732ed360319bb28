using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Tests.Containers;

namespace Crossweave.Core.Tests.Routing;

/// <summary>A small valid recording: the path to import, and the file that is worth damaging.</summary>
internal sealed record Sample(string Importer, string Path, string File);

/// <summary>One or more valid files of every registered format, made here.</summary>
internal static class Samples
{
    public static List<Sample> Make(TempFolder folder)
    {
        var samples = new List<Sample>();
        void Add(string importer, string name, byte[] bytes) => samples.Add(new Sample(importer, folder.Write(name, bytes), folder.File(name)));

        foreach (var type in new[] { ElementType.UInt8, ElementType.UInt16, ElementType.Int16, ElementType.Int32, ElementType.Int64 })
            Add("npy", $"npy-{type}.ids.npy", Npy(type, [9, 3, 2], Choices(9 * 3, 2, 8)));
        Add("npy", "flat.npy", Npy(ElementType.UInt8, [6, 4], Choices(6, 4, 16)));
        NpyTraceWriter.Write(RandomTrace.Make(new Prng(4), 20, 2, 2, 8, weights: true, ranks: true, domains: 2), folder.File("written"));
        foreach (var companion in new[] { ".ids.npy", ".weights_e4.npy", ".sequences.csv", ".meta.json", ".source_ranks.npy" })
            samples.Add(new Sample("npy", folder.File("written.ids.npy"), folder.File("written" + companion)));

        (string, byte[])[] arrays =
        [
            ("ids.npy", Npy(ElementType.Int64, [5, 2, 3], Choices(10, 3, 8))),
            ("weights.npy", [.. NpyHeader.Bytes(ElementType.Float32, 5, 2, 3), .. new byte[5 * 2 * 3 * 4]]),
            ("sequences.npy", Npy(ElementType.Int64, [2, 2], [0, 3, 3, 2])),
            ("source_ranks.npy", Npy(ElementType.Int32, [5], [0, 1, 2, 3, 0])),
            ("layer_ids.npy", Npy(ElementType.Int64, [2], [3, 4])),
        ];
        Add("npz", "stored.npz", TorchWriter.Zip(arrays));
        Add("npz", "deflated.npz", Deflated(arrays));

        Add("megatron-jsonl", "router_trace_rank0.jsonl", Encoding.UTF8.GetBytes(MegatronLines(0, 4) + MegatronLines(1, 2)));
        Add("stratamoe-json", "switch.json", """{"version":2,"expertsPerLayer":4,"layers":2,"tokens":3,"topK":1,"seed":1,"selections":[[[0],[3]],[[1],[1]],[[2],[0]]]}"""u8.ToArray());
        Add("weight-json", "weight.json", """{"weight": [[1, 2, 3, 4], [0, 9, 9, 0]]}"""u8.ToArray());
        Add("load-csv", "loads.csv", "dataset,layer,expert,count\na,0,0,5\na,0,1,6\na,3,0,7\n\"a\",3,1,8\n"u8.ToArray());
        Add("sglang-json", "logical.json", """{"rank":0,"logical_count":[[[1,2],[3,4]],[[5,6],[7,8]]],"average_utilization_rate_over_window":null}"""u8.ToArray());
        Add("sglang-json", "per_pass.json", """{"records":[{"forward_pass_id":0,"rank":0,"gatherer_key":"primary","global_physical_count":[[1,2,3],[4,5,6]]},{"forward_pass_id":0,"rank":1,"global_physical_count":[[1,0,0],[0,0,1]]}],"last_physical_to_logical_map":[[0,1,0],[1,0,1]]}"""u8.ToArray());
        Add("sglang-pt", "stat.pt", TorchWriter.Save(Stat()));
        Add("sglang-pt", "per_token.pt", TorchWriter.Save(PerToken(0)));

        var trt = """{"5_3":{"dtype":"I32","shape":[4],"data_offsets":[0,16]},"5_4":{"dtype":"I32","shape":[4],"data_offsets":[16,32]},"6_3":{"dtype":"I32","shape":[4],"data_offsets":[32,48]},"6_4":{"dtype":"I32","shape":[4],"data_offsets":[48,64]}}""";
        folder.Write("trt/rank0.safetensors", SafetensorsTests.File(trt, 64, Counting));
        folder.Write("trt/rank1.safetensors", SafetensorsTests.File(trt, 64, Counting));
        folder.Write("trt/rank0_raw.safetensors", "not looked at");
        folder.Write("trt/meta_info.json", """{"num_experts": 4, "num_experts_per_token": 2}""");
        samples.Add(new Sample("tensorrt-llm", folder.File("trt"), folder.File("trt/rank1.safetensors")));
        samples.Add(new Sample("tensorrt-llm", folder.File("trt"), folder.File("trt/meta_info.json")));
        return samples;
    }

    public static byte[] Npy(ElementType type, long[] shape, long[] values)
    {
        var size = type.Size();
        var data = new byte[values.Length * size];
        Span<byte> whole = stackalloc byte[8];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(whole, values[i]);
            whole[..size].CopyTo(data.AsSpan(i * size));
        }

        return [.. NpyHeader.Bytes(type, shape), .. data];
    }

    /// <summary>Distinct experts in every row.</summary>
    public static long[] Choices(int rows, int topK, int experts) =>
        [.. Enumerable.Range(0, rows).SelectMany(r => Enumerable.Range(0, topK).Select(k => (long)((r + k) % experts)))];

    /// <summary>Two steps of layers 1 and 2 with top-2 of 8; expert of token t, layer l, choice k is (t + l + 3k + rank) mod 8.</summary>
    public static string MegatronLines(int rank, int tokens)
    {
        var text = new StringBuilder();
        for (var step = 0; step < 2; step++)
        {
            foreach (var layer in new[] { 2, 1 })
            {
                var rows = string.Join(", ", Enumerable.Range(0, tokens).Select(t => $"[{(t + layer + rank) % 8}, {(t + layer + 3 + rank) % 8}]"));
                text.Append($"{{\"step\": {step}, \"stage\": \"pre_dispatch\", \"block\": \"decoder\", \"layer\": {layer}, \"rank\": {rank}, \"num_tokens\": {tokens}, \"topk\": 2, \"top_indices\": [{rows}]}}\n");
            }
        }

        return text.ToString();
    }

    public static Dictionary<string, object?> Stat() => new()
    {
        ["rank"] = 0,
        ["logical_count"] = SavedTensor.Int32([2, 2, 4], 1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60, 70, 80),
        ["average_utilization_rate_over_window"] = 0.5,
    };

    /// <summary>Layer 0 is dense; layer 1 chooses two of six slots; slot s holds expert [0 1 2 3 0 1][s]; the last token is padding.</summary>
    public static Dictionary<string, object?> PerToken(int rank) => new()
    {
        ["records"] = new object?[]
        {
            new Dictionary<string, object?>
            {
                ["forward_pass_id"] = 7,
                ["rank"] = rank,
                ["gatherer_key"] = "primary",
                ["input_ids"] = new object?[] { 11, 12, 13, 14 },
                ["extend_seq_lens"] = new object?[] { 2, 1 },
                ["forward_mode"] = 1,
                ["topk_ids_of_layer"] = SavedTensor.Int32(
                    [2, 4, 4],
                    [.. Enumerable.Repeat(-1, 16), 0, 5, -1, -1, 4, 3, -1, -1, 2 - rank, 3, -1, -1, -1, -1, -1, -1]),
                ["misc_objects"] = Array.Empty<object?>(),
            },
        },
        ["last_physical_to_logical_map"] = SavedTensor.Int64([2, 6], 0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 0, 1),
    };

    private static void Counting(byte[] data)
    {
        for (var i = 0; i < data.Length; i += 4) data[i] = (byte)(i / 4);
    }

    private static byte[] Deflated((string Name, byte[] Data)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, data) in entries)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.Optimal).Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }
}
