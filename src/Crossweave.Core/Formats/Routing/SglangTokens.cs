using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Per-token records of SGLang as a trace. Rows of -1 are padding: a layer without any choice in the whole recording is dense and left
/// out (layer numbers stay those of the model), a token without any choice in the other layers is left out, and k is the number of
/// choices before the padding. Tokens are ordered by (forward pass, rank); the recording rank is the source rank, and
/// <c>extend_seq_lens</c> gives the sequences of a prefill pass (otherwise the pass of a rank is one sequence).
/// </summary>
internal static class SglangTokens
{
    public static InMemoryTrace ToTrace(List<PassRecord> records, SlotMap map)
    {
        var ids = new List<IntegerArray>();
        foreach (var record in records) ids.Add(ReadIds(record, map));
        var (layers, topK) = Shape(ids, map.Layers, records);
        var choices = new List<ushort>();
        var ranks = new List<int>();
        var sequences = new List<TokenSequence>();
        var row = new ushort[topK];
        for (var r = 0; r < records.Count; r++)
        {
            var tokens = ids[r].Shape[1];
            var kept = new bool[tokens];
            for (var t = 0; t < tokens; t++)
            {
                kept[t] = layers.Exists(l => Raw(ids[r], l, t, 0) >= 0);
                if (!kept[t]) continue;
                foreach (var layer in layers)
                {
                    Map(ids[r], layer, t, map, row, records[r].Where);
                    choices.AddRange(row);
                }

                ranks.Add(records[r].Rank);
                if ((long)choices.Count + (layers.Count * (long)topK) > Array.MaxLength) throw InputException.At(records[r].Where, "too many choices", $"at most {Array.MaxLength} in this format");
            }

            AddSequences(records[r], kept, sequences);
        }

        if (ranks.Count == 0) throw InputException.At(records[0].Where, "no token", "at least one");
        return new InMemoryTrace(layers.Count, topK, map.Experts, [.. choices], sequences, weights: null, [.. ranks], layers);
    }

    private static IntegerArray ReadIds(PassRecord record, SlotMap map)
    {
        var where = $"{record.Where}.topk_ids_of_layer";
        var ids = record.Value.Get("topk_ids_of_layer")!.Integers(3, 3, where);
        if (ids.Shape[0] != map.Layers) throw InputException.At(where, $"shape {ids.ShapeText}", $"{map.Layers} layers as the physical-to-logical map");
        return ids;
    }

    private static long Raw(IntegerArray ids, int layer, int token, int choice) => ids.Values[(((layer * ids.Shape[1]) + token) * ids.Shape[2]) + choice];

    // Layers with any choice, and the number of choices of the first such row.
    private static (List<int> Layers, int TopK) Shape(List<IntegerArray> ids, int layerCount, List<PassRecord> records)
    {
        var layers = new List<int>();
        var topK = 0;
        for (var layer = 0; layer < layerCount; layer++)
        {
            foreach (var array in ids)
            {
                var token = 0;
                while (token < array.Shape[1] && Raw(array, layer, token, 0) < 0) token++;
                if (token == array.Shape[1]) continue;
                layers.Add(layer);
                if (topK == 0)
                    while (topK < array.Shape[2] && Raw(array, layer, token, topK) >= 0)
                        topK++;
                break;
            }
        }

        return topK > 0 ? (layers, topK) : throw InputException.At(records[0].Where, "only padding (-1)", "expert ids");
    }

    private static void Map(IntegerArray ids, int layer, int token, SlotMap map, ushort[] row, string record)
    {
        var where = $"{record}.topk_ids_of_layer[{layer}][{token}]";
        for (var i = 0; i < Math.Max(row.Length, ids.Shape[2]); i++)
        {
            var slot = i < ids.Shape[2] ? Raw(ids, layer, token, i) : -1;
            if (i >= row.Length)
            {
                if (slot != -1) throw InputException.At($"{where}[{i}]", $"{slot}", $"-1 after {row.Length} choices");
                continue;
            }

            if (slot < 0 || slot >= map.Slots) throw InputException.At($"{where}[{i}]", $"physical expert {slot}", $"one in [0, {map.Slots})");
            row[i] = (ushort)map.ExpertOf(layer, (int)slot);
        }

        if (ChoiceValidator.FaultInRow(row, map.Experts) is >= 0 and var fault) throw ChoiceValidator.RowFault(row, fault, map.Experts, where);
    }

    private static void AddSequences(PassRecord record, bool[] kept, List<TokenSequence> sequences)
    {
        var lengths = Lengths(record, kept.Length);
        var start = sequences.Count == 0 ? 0 : sequences[^1].FirstToken + sequences[^1].TokenCount;
        var at = 0;
        for (var s = 0; s < lengths.Count; s++)
        {
            var tokens = kept.AsSpan(at, lengths[s]).Count(true);
            at += lengths[s];
            if (tokens == 0) continue;
            sequences.Add(new TokenSequence(start, tokens, $"pass {record.Pass} rank {record.Rank}{(lengths.Count > 1 ? $" sequence {s}" : "")}", ""));
            start += tokens;
        }
    }

    private static List<int> Lengths(PassRecord record, int tokens)
    {
        var lengths = new List<int>();
        var left = tokens;
        foreach (var item in record.Value.Get("extend_seq_lens")?.Items() ?? [])
        {
            if (item.Integer() is not { } n || n < 0 || n > left) return [tokens];
            if (n > 0) lengths.Add((int)n);
            left -= (int)n;
        }

        // Padding tokens may follow the last sequence.
        if (lengths.Count == 0) return [tokens];
        if (left > 0) lengths.Add(left);
        return lengths;
    }
}
