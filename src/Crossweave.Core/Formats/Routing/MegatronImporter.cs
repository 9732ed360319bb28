using System.Text.Json;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Megatron-core's router trace: JSON Lines, one record per (step, block, layer, rank) with <c>num_tokens, topk, top_indices</c>, and
/// <c>mtp_idx</c> for multi-token-prediction layers. A file, or a folder of <c>router_trace_rank*.jsonl</c>. Tokens are ordered by
/// (step, repetition, rank): a step that lists a layer several times for one rank (micro-batches) counts its repetitions. Every layer
/// must list the same tokens. The rank becomes the source rank, each (step, repetition, rank) one sequence. Layer numbers are those of
/// the decoder; MTP layers follow after them. Source: NVIDIA/Megatron-LM, megatron/core/transformer/moe/router_trace.py.
/// </summary>
public sealed class MegatronImporter : IRoutingImporter
{
    public string Name => "megatron-jsonl";

    public string Summary => "Megatron-core router trace, JSON Lines (step, block, layer, rank, num_tokens, topk, top_indices), file or folder of router_trace_rank*.jsonl";

    public bool Recognises(string path) =>
        Sniff.Files(path, "router_trace_rank*.jsonl").Length > 0 ||
        (Sniff.JsonKeys(path) is { } keys && keys.Contains("step") && keys.Contains("layer") && (keys.Contains("num_tokens") || keys.Contains("top_indices")));

    public Recording Import(string path, ImportOptions options)
    {
        ChoiceValidator.CheckExpertCount(options.ExpertCount, path);
        string[] files = Directory.Exists(path) ? Sniff.Files(path, "router_trace_rank*.jsonl") : [path];
        if (files.Length == 0) throw InputException.At(path, "no router_trace_rank*.jsonl", "at least one such file in the folder");
        var assembly = new Assembly(options.ExpertCount ?? ChoiceValidator.MaxExperts);
        foreach (var file in files) ReadFile(file, assembly);
        return new Recording(assembly.ToTrace(path, options), Load: null);
    }

    private static void ReadFile(string file, Assembly assembly)
    {
        using var bytes = ByteRegion.Open(file);
        var line = 0;
        for (var at = 0L; at < bytes.Length;)
        {
            var length = LineLength(bytes, at, $"{file}: line {line + 1}");
            var text = bytes.Slice(at, length);
            at += length + 1;
            line++;
            if (text.Trim(" \t\r"u8).IsEmpty) continue;
            var where = $"{file}: line {line}";
            try
            {
                assembly.Add(RecordReader.Read(text, where, assembly.ExpertLimit), where);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
            {
                throw InputException.At(e is JsonException { BytePositionInLine: { } b } ? $"{where}, byte {b + 1}" : where, "a JSON syntax error", "one JSON object per line (a truncated file?)");
            }
        }
    }

    private static int LineLength(ByteRegion bytes, long start, string where)
    {
        const int Window = 1 << 20;
        for (var at = start; at < bytes.Length; at += Window)
        {
            if (at - start > 1 << 30) throw InputException.At(where, "a line above 1 GiB", "shorter records");
            var found = bytes.Slice(at, (int)Math.Min(Window, bytes.Length - at)).IndexOf((byte)'\n');
            if (found >= 0) return (int)(at - start) + found;
        }

        return (int)Math.Min(bytes.Length - start, int.MaxValue);
    }

    private readonly record struct LayerKey(string Block, int MtpIndex, int Layer);

    private sealed record Record(long Step, int Rank, LayerKey Key, int Tokens, int TopK, ushort[] Choices, string Where);

    /// <summary>One line: keys in any order, unknown keys skipped.</summary>
    private static class RecordReader
    {
        public static Record Read(ReadOnlySpan<byte> line, string where, int expertLimit)
        {
            var reader = new Utf8JsonReader(line);
            long? step = null, layer = null, rank = null, tokens = null, topK = null, mtp = null;
            var block = "decoder";
            List<ushort>? choices = null;
            var rowLength = -1;
            var rows = 0;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw InputException.At(where, "no JSON object", "a router trace record");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("step"u8)) step = Number(ref reader, "step", where, long.MaxValue);
                else if (reader.ValueTextEquals("layer"u8)) layer = Number(ref reader, "layer", where, int.MaxValue / 2);
                else if (reader.ValueTextEquals("rank"u8)) rank = Number(ref reader, "rank", where, int.MaxValue);
                else if (reader.ValueTextEquals("num_tokens"u8)) tokens = Number(ref reader, "num_tokens", where, int.MaxValue);
                else if (reader.ValueTextEquals("topk"u8)) topK = Number(ref reader, "topk", where, ChoiceValidator.MaxExperts);
                else if (reader.ValueTextEquals("mtp_idx"u8)) mtp = Number(ref reader, "mtp_idx", where, int.MaxValue);
                else if (reader.ValueTextEquals("block"u8))
                {
                    reader.Read();
                    block = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw InputException.At($"{where}, block", "no string", "a block name such as decoder");
                }
                else if (reader.ValueTextEquals("top_indices"u8)) choices = Choices(ref reader, where, expertLimit, out rowLength, out rows);
                else reader.Skip();
            }

            // Reads past the object: more text on the line is a syntax error.
            while (reader.Read())
            {
            }

            if (choices is null) throw Missing("top_indices");
            var result = new Record(step ?? throw Missing("step"), (int)(rank ?? throw Missing("rank")), new LayerKey(block, (int)(mtp ?? -1), (int)(layer ?? throw Missing("layer"))), (int)(tokens ?? throw Missing("num_tokens")), (int)(topK ?? throw Missing("topk")), [.. choices], where);
            if (rows != result.Tokens) throw InputException.At($"{where}, top_indices", $"{rows} tokens", $"{result.Tokens} as num_tokens says");
            if (rows > 0 && rowLength != result.TopK) throw InputException.At($"{where}, top_indices", $"{rowLength} choices per token", $"{result.TopK} as topk says");
            return result;

            InputException Missing(string key) => InputException.At(where, $"no key '{key}'", "step, layer, rank, num_tokens, topk and top_indices");
        }

        private static long Number(ref Utf8JsonReader reader, string key, string where, long most)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var n) && n >= 0 && n <= most) return n;
            throw InputException.At($"{where}, {key}", reader.TokenType == JsonTokenType.Number ? "a number out of range" : "no number", $"a whole number in [0, {most}]");
        }

        private static List<ushort> Choices(ref Utf8JsonReader reader, string where, int expertLimit, out int rowLength, out int rows)
        {
            var choices = new List<ushort>();
            rowLength = -1;
            rows = 0;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray) throw InputException.At($"{where}, top_indices", "no list", "a list of lists of experts");
            while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
            {
                var first = choices.Count;
                while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                {
                    if (!reader.TryGetInt64(out var id) || id < 0 || id >= expertLimit)
                        throw InputException.At($"{where}, token {rows}, choice {choices.Count - first}", $"expert {System.Text.Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(20, reader.ValueSpan.Length)])}", $"an expert in [0, {expertLimit})");
                    choices.Add((ushort)id);
                }

                if (reader.TokenType != JsonTokenType.EndArray) throw InputException.At($"{where}, token {rows}", "a value that is no number", "a list of experts");
                var length = choices.Count - first;
                if (rowLength < 0) rowLength = length;
                if (length != rowLength || length == 0) throw InputException.At($"{where}, token {rows}", $"{length} choices", $"{Math.Max(1, rowLength)} for every token");
                var row = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(choices).Slice(first, length);
                if (ChoiceValidator.FaultInRow(row, expertLimit) is >= 0 and var fault) throw ChoiceValidator.RowFault(row, fault, expertLimit, $"{where}, token {rows}");
                rows++;
            }

            if (reader.TokenType != JsonTokenType.EndArray) throw InputException.At($"{where}, top_indices", "a value that is no list", "a list of lists of experts");
            return choices;
        }
    }

    private sealed class Assembly(int expertLimit)
    {
        private readonly Dictionary<(long Step, int Rank, LayerKey Key), int> _repetitions = [];
        private readonly SortedDictionary<(long Step, int Repetition, int Rank), Dictionary<LayerKey, Record>> _chunks = [];
        private readonly HashSet<LayerKey> _layers = [];

        public int ExpertLimit => expertLimit;

        public void Add(Record record, string where)
        {
            var id = (record.Step, record.Rank, record.Key);
            var repetition = _repetitions.GetValueOrDefault(id);
            _repetitions[id] = repetition + 1;
            var place = (record.Step, repetition, record.Rank);
            if (!_chunks.TryGetValue(place, out var chunk)) _chunks.Add(place, chunk = []);
            else if (chunk.Values.First() is var other && (other.Tokens != record.Tokens || other.TopK != record.TopK))
                throw InputException.At(where, $"{record.Tokens} tokens with top-{record.TopK}", $"{other.Tokens} with top-{other.TopK} as at {other.Where} (every layer lists the same tokens)");
            chunk.Add(record.Key, record);
            _layers.Add(record.Key);
        }

        public InMemoryTrace ToTrace(string path, ImportOptions options)
        {
            var records = _chunks.Values.SelectMany(c => c.Values);
            var first = records.FirstOrDefault(r => r.Tokens > 0) ?? throw InputException.At(path, "no token", "at least one record with tokens");
            LayerKey[] layers = [.. _layers];
            Array.Sort(layers, Compare);
            foreach (var (place, chunk) in _chunks)
            {
                var any = chunk.Values.First();
                if (any.TopK != first.TopK && any.Tokens > 0) throw InputException.At(any.Where, $"top-{any.TopK}", $"top-{first.TopK} as at {first.Where}");
                foreach (var key in layers)
                    if (!chunk.ContainsKey(key))
                        throw InputException.At(path, $"no record of {key.Block} layer {key.Layer} for step {place.Step}, rank {place.Rank}{(place.Repetition > 0 ? $", repetition {place.Repetition}" : "")}", $"one, as of the other layers ({any.Where})");
            }

            return Build(path, options, layers, first.TopK);
        }

        private InMemoryTrace Build(string path, ImportOptions options, LayerKey[] layers, int k)
        {
            var total = _chunks.Values.Sum(c => (long)c.Values.First().Tokens);
            if (total * layers.Length * k > Array.MaxLength) throw InputException.At(path, $"{total * layers.Length * k} choices", $"at most {Array.MaxLength} in this format");
            var choices = new ushort[total * layers.Length * k];
            var ranks = new int[total];
            var sequences = new List<TokenSequence>();
            var next = 0;
            var largest = 0;
            foreach (var (place, chunk) in _chunks)
            {
                var tokens = chunk.Values.First().Tokens;
                if (tokens == 0) continue;
                for (var l = 0; l < layers.Length; l++)
                {
                    var source = chunk[layers[l]].Choices;
                    for (var t = 0; t < tokens; t++)
                    {
                        var row = source.AsSpan(t * k, k);
                        row.CopyTo(choices.AsSpan((((next + t) * layers.Length) + l) * k, k));
                        foreach (var id in row) largest = Math.Max(largest, id);
                    }
                }

                ranks.AsSpan(next, tokens).Fill(place.Rank);
                sequences.Add(new TokenSequence(next, tokens, $"step {place.Step} rank {place.Rank}{(place.Repetition > 0 ? $" repetition {place.Repetition}" : "")}", ""));
                next += tokens;
            }

            var experts = options.ExpertCount ?? ChoiceValidator.InferredExperts(largest, k);
            if (experts < k) throw InputException.At(path, $"top-{k}", $"at most {experts}, the experts asked for");
            return new InMemoryTrace(layers.Length, k, experts, choices, sequences, weights: null, ranks, LayerIds(layers));
        }

        private static int[] LayerIds(LayerKey[] layers)
        {
            var ids = new int[layers.Length];
            var next = 0;
            for (var l = 0; l < ids.Length; l++)
            {
                ids[l] = IsDecoder(layers[l]) ? layers[l].Layer : next;
                next = Math.Max(next, ids[l] + 1);
            }

            return ids;
        }

        private static bool IsDecoder(LayerKey key) => key.Block == "decoder" && key.MtpIndex < 0;

        private static int Compare(LayerKey a, LayerKey b)
        {
            if (IsDecoder(a) != IsDecoder(b)) return IsDecoder(a) ? -1 : 1;
            var block = string.CompareOrdinal(a.Block, b.Block);
            if (block != 0) return block;
            return a.MtpIndex != b.MtpIndex ? a.MtpIndex.CompareTo(b.MtpIndex) : a.Layer.CompareTo(b.Layer);
        }
    }
}
