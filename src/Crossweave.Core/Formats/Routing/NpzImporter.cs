using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// numpy.savez or savez_compressed: <c>ids</c> [tokens, layers, k] and optionally <c>weights</c> (or <c>weights_e4</c>),
/// <c>sequences</c> [n, 2] (first token, tokens), <c>source_ranks</c> [tokens], <c>layer_ids</c> [layers]. An archive of a single
/// array may call it anything. Stored arrays are used in place, deflated ones are inflated into memory.
/// </summary>
public sealed class NpzImporter : IRoutingImporter
{
    public string Name => "npz";

    public string Summary => "X.npz with ids [tokens, layers, k] and optionally weights, sequences [n, 2], source_ranks, layer_ids";

    public bool Recognises(string path)
    {
        if (!Sniff.IsZip(path)) return false;
        try
        {
            using var bytes = ByteRegion.Open(path);
            return ZipDirectory.Read(bytes, path).Exists(i => i.Name.EndsWith(".npy", StringComparison.Ordinal));
        }
        catch (InputException)
        {
            return path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);
        }
    }

    public Recording Import(string path, ImportOptions options)
    {
        var archive = ByteRegion.Open(path);
        try
        {
            return new Recording(ReadTrace(archive, path, options), Load: null);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    private static ArrayTrace ReadTrace(ByteRegion archive, string path, ImportOptions options)
    {
        var arrays = new Dictionary<string, Entry>();
        var items = ZipDirectory.Read(archive, path);
        foreach (var item in items)
        {
            var name = item.Name.EndsWith(".npy", StringComparison.Ordinal) ? item.Name[..^4] : item.Name;
            if (items.Count == 1) name = "ids";
            var known = name is "ids" or "sequences" or "source_ranks" or "layer_ids" || name.StartsWith("weights", StringComparison.Ordinal);
            if (!known) throw InputException.At(path, $"the array '{name}'", "ids, weights, weights_e<digits>, sequences, source_ranks or layer_ids");
            if (name.StartsWith("weights", StringComparison.Ordinal) && arrays.Keys.Any(k => k.StartsWith("weights", StringComparison.Ordinal))) throw InputException.At(path, $"'{name}' beside other weights", "one array of weights");
            if (!arrays.TryAdd(name, Entry.Open(archive, item, path))) throw InputException.At(path, $"'{name}' twice", "distinct names");
        }

        if (!arrays.TryGetValue("ids", out var entry)) throw InputException.At(path, "no array 'ids'", "ids [tokens, layers, k]");
        var ids = NpyImporter.IdsOf(entry.Bytes, entry.Header, entry.Offset, entry.Where);
        ChoiceValidator.CheckExpertCount(options.ExpertCount, path);
        var experts = ChoiceValidator.Check(ids, options.ExpertCount, entry.Where);
        WeightArray? weights = null;
        foreach (var (name, w) in arrays)
            if (name.StartsWith("weights", StringComparison.Ordinal))
                weights = NpyImporter.WeightsOf(w.Bytes, w.Header, w.Offset, entry.Header, name, w.Where);
        var sequences = arrays.TryGetValue("sequences", out var s) ? Sequences(s, ids.TokenCount) : SequenceTable.Whole(ids.TokenCount, Path.GetFileNameWithoutExtension(path));
        var ranks = arrays.TryGetValue("source_ranks", out var r) ? NpyImporter.RanksOf(r.Bytes, r.Header, r.Offset, ids.TokenCount, r.Where) : null;
        var layerIds = arrays.TryGetValue("layer_ids", out var l) ? NpyImporter.DistinctLayers(NpyImporter.RanksOf(l.Bytes, l.Header, l.Offset, ids.LayerCount, l.Where), l.Where) : null;
        return new ArrayTrace(ids, experts, sequences, layerIds, weights, ranks, archive);
    }

    private static TokenSequence[] Sequences(Entry entry, int tokenCount)
    {
        if (entry.Header.Shape is not [var rows, 2] || !entry.Header.Type.IsInteger() || rows > int.MaxValue / 2)
            throw InputException.At(entry.Where, $"{entry.Header.Type.Name()} of shape {entry.Header.ShapeText}", "whole numbers of shape (n, 2): first token, tokens");
        var values = NpyImporter.RanksOf(entry.Bytes, entry.Header with { Shape = [rows * 2] }, entry.Offset, (int)rows * 2, entry.Where);
        var sequences = new TokenSequence[rows];
        for (var i = 0; i < sequences.Length; i++) sequences[i] = new TokenSequence(values[2 * i], values[(2 * i) + 1], $"{i}", "");
        return SequenceTable.Fault(sequences, tokenCount) is { } fault ? throw InputException.At(entry.Where, fault, "sequences that cover the trace in order") : sequences;
    }

    private sealed record Entry(ByteRegion Bytes, long Offset, NpyHeader Header, string Where)
    {
        public static Entry Open(ByteRegion archive, ZipItem item, string path)
        {
            var where = $"{path}: {item.Name}";
            if (!item.IsStored)
            {
                var inflated = new ArrayBytes(ZipDirectory.Extract(archive, item, path, checkCrc: true));
                return new Entry(inflated, 0, NpyHeader.Read(inflated, 0, inflated.Length, where), where);
            }

            const int Block = 1 << 20;
            uint crc = 0;
            for (var at = 0L; at < item.Length; at += Block) crc = Crc32.Append(crc, archive.Slice(item.DataOffset + at, (int)Math.Min(Block, item.Length - at)));
            if (crc != item.Crc) throw InputException.At(where, "content that does not match its CRC-32", "an undamaged entry");
            return new Entry(archive, item.DataOffset, NpyHeader.Read(archive, item.DataOffset, item.Length, where), where);
        }
    }
}
