using System.Text.Json;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// NumPy array [tokens, layers, k] (or [tokens, k] for one layer) of uint8, uint16, int16, int32 or int64, memory-mapped. Beside
/// <c>x.ids.npy</c> (or <c>x.npy</c>) may lie <c>x.weights.npy</c> or <c>x.weights_e4.npy</c>, <c>x.sequences.csv</c>,
/// <c>x.source_ranks.npy</c> and <c>x.meta.json</c> as <see cref="NpyTraceWriter"/> writes them.
/// </summary>
public sealed class NpyImporter : IRoutingImporter
{
    public string Name => "npy";

    public string Summary => "X.ids.npy [tokens, layers, k], with X.weights*.npy, X.sequences.csv, X.source_ranks.npy, X.meta.json beside it";

    public bool Recognises(string path) => NpyHeader.HasMagic(Sniff.Head(path));

    public Recording Import(string path, ImportOptions options)
    {
        var stem = StemOf(path);
        if (Path.GetFileName(stem).Contains(".weights", StringComparison.Ordinal)) throw InputException.At(path, "a file of gate weights", "the file of ids beside it");
        var owned = new List<ByteRegion>();
        try
        {
            var (region, header) = OpenArray(path, owned);
            var ids = IdsOf(region, header, 0, path);
            var meta = ReadMeta(stem + ".meta.json", ids.LayerCount, options);
            var experts = ChoiceValidator.Check(ids, meta.Experts, path);
            var sequencesPath = stem + ".sequences.csv";
            var sequences = File.Exists(sequencesPath) ? SequenceCsv.Read(sequencesPath, ids.TokenCount) : SequenceTable.Whole(ids.TokenCount, Path.GetFileName(stem));
            var trace = new ArrayTrace(ids, experts, sequences, meta.LayerIds, OpenWeights(stem, header, owned), ReadRanks(stem + ".source_ranks.npy", ids.TokenCount), [.. owned]);
            return new Recording(trace, Load: null);
        }
        catch
        {
            foreach (var region in owned) region.Dispose();
            throw;
        }
    }

    /// <summary>Shape and type of an array of ids.</summary>
    internal static ChoiceArray IdsOf(ByteRegion region, NpyHeader header, long offset, string where)
    {
        if (header.Shape.Length is not (2 or 3)) throw InputException.At(where, $"an array of shape {header.ShapeText}", "[tokens, layers, k] or [tokens, k]");
        if (!ChoiceArray.IsSupported(header.Type)) throw InputException.At(where, $"{header.Type.Name()} ids", "uint8, uint16, int16, int32 or int64");
        var layers = header.Shape.Length == 3 ? header.Shape[1] : 1;
        var (tokens, topK) = (header.Shape[0], header.Shape[^1]);
        if (tokens is < 1 or > int.MaxValue || layers < 1 || topK < 1 || (Int128)layers * topK > 1 << 20)
            throw InputException.At(where, $"an array of shape {header.ShapeText}", "at least one token, layer and choice, at most 2^20 choices per token");
        return new ChoiceArray(region, offset + header.DataOffset, header.Type, (int)tokens, (int)layers, (int)topK);
    }

    /// <summary>Whole numbers [tokens] within int.</summary>
    internal static int[] RanksOf(ByteRegion region, NpyHeader header, long offset, int tokenCount, string where)
    {
        if (header.Shape is not [var n] || n != tokenCount || !header.Type.IsInteger()) throw InputException.At(where, $"{header.Type.Name()} of shape {header.ShapeText}", $"whole numbers of shape ({tokenCount})");
        var ranks = new int[tokenCount];
        var size = header.Type.Size();
        for (var t = 0; t < tokenCount; t++)
        {
            var rank = ElementTypes.ReadInteger(header.Type, region.Slice(offset + header.DataOffset + ((long)t * size), size));
            if (rank is < 0 or > int.MaxValue) throw InputException.At($"{where}: token {t}", $"source rank {rank}", $"a rank in [0, {int.MaxValue}]");
            ranks[t] = (int)rank;
        }

        return ranks;
    }

    internal static WeightArray WeightsOf(ByteRegion region, NpyHeader header, long offset, NpyHeader ids, string name, string where)
    {
        if (!header.Shape.SequenceEqual(ids.Shape)) throw InputException.At(where, $"weights of shape {header.ShapeText}", $"{ids.ShapeText} as the ids");
        var weights = new WeightArray(region, offset + header.DataOffset, header.Type, WeightArray.ScaleOf(name, header.Type, where));
        var layers = ids.Shape.Length == 3 ? (int)ids.Shape[1] : 1;
        weights.CheckFinite(ids.Shape.Aggregate(1L, (a, b) => a * b), layers, (int)ids.Shape[^1], where);
        return weights;
    }

    private static string StemOf(string path)
    {
        foreach (var ending in (ReadOnlySpan<string>)[".ids.npy", ".npy"])
            if (path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                return path[..^ending.Length];
        return path;
    }

    private static (ByteRegion Region, NpyHeader Header) OpenArray(string path, List<ByteRegion> owned)
    {
        var region = ByteRegion.Open(path);
        owned.Add(region);
        return (region, NpyHeader.Read(region, 0, region.Length, path));
    }

    private static WeightArray? OpenWeights(string stem, NpyHeader ids, List<ByteRegion> owned)
    {
        var found = Sniff.Files(Path.GetDirectoryName(Path.GetFullPath(stem))!, $"{Path.GetFileName(stem)}.weights*.npy");
        if (found.Length == 0) return null;
        if (found.Length > 1) throw InputException.At(found[1], $"a second file of weights beside {Path.GetFileName(found[0])}", "one");
        var (region, header) = OpenArray(found[0], owned);
        return WeightsOf(region, header, 0, ids, Path.GetFileNameWithoutExtension(found[0]), found[0]);
    }

    private static int[]? ReadRanks(string path, int tokenCount)
    {
        if (!File.Exists(path)) return null;
        using var region = ByteRegion.Open(path);
        return RanksOf(region, NpyHeader.Read(region, 0, region.Length, path), 0, tokenCount, path);
    }

    private static (int? Experts, IReadOnlyList<int>? LayerIds) ReadMeta(string path, int layerCount, ImportOptions options)
    {
        if (!File.Exists(path)) return (options.ExpertCount, null);
        return ForeignJson.ReadFile(path, root =>
        {
            var experts = ForeignJson.Int(root, "experts", path, 1, ChoiceValidator.MaxExperts);
            if (options.ExpertCount is { } asked && asked != experts) throw InputException.At($"{path}.experts", $"{experts}", $"{asked} as asked for");
            int[]? layerIds = null;
            foreach (var property in root.EnumerateObject())
            {
                if (property.Name == "experts") continue;
                if (property.Name != "layerIds") throw InputException.At(path, $"the key '{property.Name}'", "experts and layerIds");
                layerIds = LayerIds(property.Value, layerCount, $"{path}.layerIds");
            }

            return ((int?)experts, (IReadOnlyList<int>?)layerIds);
        });
    }

    private static int[] LayerIds(JsonElement list, int layerCount, string where)
    {
        var ids = ForeignJson.Integers(list, where);
        if (ids.Length != layerCount) throw InputException.At(where, $"{ids.Length} layer numbers", $"{layerCount}");
        return DistinctLayers([.. ids.Select(id => id is >= 0 and <= int.MaxValue ? (int)id : throw InputException.At(where, $"{id}", "layer numbers of at least 0"))], where);
    }

    /// <summary>The numbers themselves: files of a plan and placements name layers by them.</summary>
    /// <exception cref="InputException">A number that occurs twice.</exception>
    internal static int[] DistinctLayers(int[] ids, string where) =>
        ids.GroupBy(id => id).FirstOrDefault(g => g.Count() > 1) is { } twice ? throw InputException.At(where, $"layer {twice.Key} twice", "every layer number once") : ids;
}
