using System.Globalization;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// TensorRT-LLM expert statistics (EXPERT_STATISTIC_PATH): a folder with <c>meta_info.json</c> (num_experts, num_experts_per_token) and
/// <c>rank{r}.safetensors</c>, keys "{iteration}_{layer}" with counts [num_experts]. Ranks are added up, then iterations; iterations
/// must be contiguous and every (iteration, layer) present on some rank. <c>rank{r}_raw.safetensors</c> is left out (balancing spec 7.4).
/// </summary>
public sealed class TensorRtImporter : IRoutingImporter
{
    private const string MetaFile = "meta_info.json";

    public string Name => "tensorrt-llm";

    public string Summary => "TensorRT-LLM statistics folder: meta_info.json and rank*.safetensors (loads only)";

    public bool Recognises(string path) => File.Exists(Path.Combine(FolderOf(path), MetaFile)) && (Directory.Exists(path) || Path.GetFileName(path) == MetaFile);

    public Recording Import(string path, ImportOptions options)
    {
        var folder = FolderOf(path);
        var metaPath = Path.Combine(folder, MetaFile);
        var experts = ForeignJson.ReadFile(metaPath, root =>
        {
            var n = ForeignJson.Int(root, "num_experts", metaPath, 1, ChoiceValidator.MaxExperts);
            if (root.TryGetProperty("num_experts_per_token", out _)) ForeignJson.Int(root, "num_experts_per_token", metaPath, 1, n);
            return n;
        });
        LoadTable.CheckExperts(options, experts, metaPath);
        var counts = new SortedDictionary<(int Iteration, int Layer), long[]>();
        foreach (var file in RankFiles(folder)) AddRank(file, experts, counts);
        return new Recording(Trace: null, Sum(counts, experts, folder));
    }

    private static string FolderOf(string path) => Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;

    private static string[] RankFiles(string folder)
    {
        var files = new SortedDictionary<int, string>();
        foreach (var file in Sniff.Files(folder, "rank*.safetensors"))
        {
            var middle = Path.GetFileNameWithoutExtension(file)["rank".Length..];
            if (int.TryParse(middle, NumberStyles.None, CultureInfo.InvariantCulture, out var rank)) files[rank] = file;
        }

        if (files.Count == 0) throw InputException.At(folder, "no rank*.safetensors", "one per rank");
        for (var rank = 0; rank < files.Count; rank++)
            if (!files.ContainsKey(rank))
                throw InputException.At(folder, $"{files.Count} rank files without rank{rank}.safetensors", $"rank0 to rank{files.Count - 1}");
        return [.. files.Values];
    }

    private static void AddRank(string file, int experts, SortedDictionary<(int Iteration, int Layer), long[]> counts)
    {
        using var tensors = SafetensorsFile.Open(file);
        if (tensors.Tensors.Count == 0) throw InputException.At(file, "no tensor", "counts under keys {iteration}_{layer}");
        foreach (var tensor in tensors.Tensors)
        {
            var where = $"{file}: '{tensor.Name}'";
            var parts = tensor.Name.Split('_');
            if (parts.Length != 2 || !TryNumber(parts[0], out var iteration) || !TryNumber(parts[1], out var layer)) throw InputException.At(where, "another key", "{iteration}_{layer}");
            if (tensor.Shape is not [var n] || n != experts || !tensor.Type.IsInteger())
                throw InputException.At(where, $"{tensor.Type.Name()} of shape [{string.Join(", ", tensor.Shape)}]", $"whole numbers of shape [{experts}]");
            var values = tensors.Integers(tensor);
            for (var e = 0; e < values.Length; e++)
                if (values[e] < 0)
                    throw InputException.At($"{where}[{e}]", $"{values[e]}", "a count of at least 0");
            if (counts.TryAdd((iteration, layer), values)) continue;
            var sum = counts[(iteration, layer)];
            for (var e = 0; e < sum.Length; e++)
            {
                if (values[e] > long.MaxValue - sum[e]) throw InputException.At($"{where}[{e}]", $"{values[e]}", "counts that can be added up in 64 bits");
                sum[e] += values[e];
            }
        }

        static bool TryNumber(string text, out int n) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out n);
    }

    private static ExpertLoad Sum(SortedDictionary<(int Iteration, int Layer), long[]> counts, int experts, string folder)
    {
        int[] layers = [.. counts.Keys.Select(k => k.Layer).Distinct().Order()];
        int[] iterations = [.. counts.Keys.Select(k => k.Iteration).Distinct()];
        for (var i = 1; i < iterations.Length; i++)
            if (iterations[i] != iterations[i - 1] + 1)
                throw InputException.At(folder, $"iteration {iterations[i]} after {iterations[i - 1]}", "contiguous iterations");
        var table = new LoadTable(layers.Length, experts, folder);
        foreach (var iteration in iterations)
        {
            for (var l = 0; l < layers.Length; l++)
            {
                if (!counts.TryGetValue((iteration, layers[l]), out var values)) throw InputException.At(folder, $"no counts of iteration {iteration}, layer {layers[l]}", "every (iteration, layer)");
                for (var e = 0; e < experts; e++) table.Add(l, e, values[e], $"{folder}: iteration {iteration}, layer {layers[l]}, expert {e}");
            }
        }

        return table.ToLoad(folder, layers);
    }
}
