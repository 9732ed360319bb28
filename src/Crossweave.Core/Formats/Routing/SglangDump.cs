using System.Text.Json;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>A value of an expert-distribution recording, whichever container it came in.</summary>
internal abstract class DumpValue
{
    /// <summary>Null when this is no dictionary or lacks the key.</summary>
    public abstract DumpValue? Get(string key);

    /// <summary>Items of a list; null when this is none.</summary>
    public abstract IReadOnlyList<DumpValue>? Items();

    /// <summary>A whole number; null when this is none.</summary>
    public abstract long? Integer();

    public abstract string? Text();

    public abstract IntegerArray Integers(int leastRank, int mostRank, string where);
}

internal sealed class JsonDumpValue(JsonElement element) : DumpValue
{
    public override DumpValue? Get(string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? new JsonDumpValue(value) : null;

    public override IReadOnlyList<DumpValue>? Items() =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().Select(e => new JsonDumpValue(e))] : null;

    public override long? Integer() => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var n) ? n : null;

    public override string? Text() => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    public override IntegerArray Integers(int leastRank, int mostRank, string where) => IntegerArray.FromJson(element, leastRank, mostRank, where);
}

internal sealed class TorchDumpValue(object? value) : DumpValue
{
    public override DumpValue? Get(string key) => value is PickleDictionary d && d.TryGet(key, out var found) && found is not null ? new TorchDumpValue(found) : null;

    public override IReadOnlyList<DumpValue>? Items() => value switch
    {
        List<object?> list => [.. list.Select(i => new TorchDumpValue(i))],
        PickleTuple tuple => [.. tuple.Items.Select(i => new TorchDumpValue(i))],
        _ => null,
    };

    public override long? Integer() => value as long?;

    public override string? Text() => value as string;

    public override IntegerArray Integers(int leastRank, int mostRank, string where)
    {
        if (value is not TorchTensor tensor) throw InputException.At(where, "another value", "a tensor");
        if (tensor.Shape.Length < leastRank || tensor.Shape.Length > mostRank || Array.Exists(tensor.Shape, n => n == 0))
            throw InputException.At(where, $"a tensor of shape [{string.Join(", ", tensor.Shape)}]", $"{leastRank}{(mostRank > leastRank ? $" or {mostRank}" : "")} dimensions, none of them 0");
        return new IntegerArray(tensor.Shape, tensor.Integers(where));
    }
}

/// <summary>
/// What SGLang's expert distribution recorder dumps (balancing spec 7.1). Stat modes: <c>logical_count</c> [layers, logical] or
/// [steps, layers, logical], steps added up. Per-pass and per-token modes: <c>records</c> and <c>last_physical_to_logical_map</c>
/// [layers, physical], one file per rank; counts and ids are of physical experts and are mapped to logical ones. Records that all
/// carry <c>topk_ids_of_layer</c> [layers, tokens, k] (padded with -1) give single tokens, others (<c>global_physical_count</c>) loads
/// added up over ranks and passes. Every forward pass must have the same ranks.
/// </summary>
internal static class SglangDump
{
    public static Recording Decode(IReadOnlyList<(string File, DumpValue Root)> files, ImportOptions options)
    {
        ChoiceValidator.CheckExpertCount(options.ExpertCount, files[0].File);
        if (files[0].Root.Get("logical_count") is { } counts)
        {
            if (files.Count > 1) throw InputException.At(files[1].File, "a second file of an all-reduced recording", "one file of mode stat");
            return new Recording(Trace: null, LogicalCount(counts, $"{files[0].File}: logical_count", options));
        }

        var map = new SlotMap(files, options);
        var records = ReadRecords(files);
        return records.TrueForAll(r => r.Value.Get("topk_ids_of_layer") is not null)
            ? new Recording(SglangTokens.ToTrace(records, map), Load: null)
            : new Recording(Trace: null, PhysicalCounts(records, map));
    }

    private static ExpertLoad LogicalCount(DumpValue value, string where, ImportOptions options)
    {
        var array = value.Integers(2, 3, where);
        var (layers, experts) = (array.Shape[^2], array.Shape[^1]);
        LoadTable.CheckExperts(options, experts, where);
        var table = new LoadTable(layers, experts, where);
        for (var i = 0; i < array.Values.Length; i++)
        {
            var (row, expert) = (i / experts, i % experts);
            if (array.Values[i] != 0) table.Add(row % layers, expert, array.Values[i], $"{where}: step {row / layers}, layer {row % layers}, expert {expert}");
        }

        return table.ToLoad(where);
    }

    private static ExpertLoad PhysicalCounts(List<PassRecord> records, SlotMap map)
    {
        var table = new LoadTable(map.Layers, map.Experts, records[0].Where);
        foreach (var record in records)
        {
            var where = $"{record.Where}.global_physical_count";
            var counts = (record.Value.Get("global_physical_count") ?? throw InputException.At(record.Where, "no global_physical_count", "one in every record, or topk_ids_of_layer in every record")).Integers(2, 2, where);
            if (counts.Shape[0] != map.Layers || counts.Shape[1] != map.Slots) throw InputException.At(where, $"shape {counts.ShapeText}", $"[{map.Layers}, {map.Slots}] as the physical-to-logical map");
            for (var i = 0; i < counts.Values.Length; i++)
            {
                var (layer, slot) = (i / map.Slots, i % map.Slots);
                if (counts.Values[i] != 0) table.Add(layer, map.ExpertOf(layer, slot), counts.Values[i], $"{where}: layer {layer}, physical expert {slot}");
            }
        }

        return table.ToLoad(records[0].Where);
    }

    private static List<PassRecord> ReadRecords(IReadOnlyList<(string File, DumpValue Root)> files)
    {
        var records = new SortedDictionary<(long Pass, long Rank), PassRecord>();
        foreach (var (file, root) in files)
        {
            var items = root.Get("records")?.Items() ?? throw InputException.At(file, "no list 'records'", "logical_count, or records and last_physical_to_logical_map");
            for (var i = 0; i < items.Count; i++)
            {
                var where = $"{file}: records[{i}]";
                var pass = Number(items[i], "forward_pass_id", where, long.MaxValue);
                var rank = Number(items[i], "rank", where, int.MaxValue);
                if (items[i].Get("gatherer_key") is { } key && key.Text() != "primary") throw InputException.At($"{where}.gatherer_key", $"'{key.Text()}'", "'primary'");
                var record = new PassRecord(pass, (int)rank, items[i], where);
                if (!records.TryAdd((pass, rank), record)) throw InputException.At(where, $"forward pass {pass} of rank {rank} again (also {records[(pass, rank)].Where})", "each pass of a rank once");
            }
        }

        if (records.Count == 0) throw InputException.At(files[0].File, "no record", "at least one forward pass");
        CheckRanks([.. records.Values]);
        return [.. records.Values];
    }

    // A sum over ranks is only a sum when no rank is missing.
    private static void CheckRanks(List<PassRecord> records)
    {
        int[] ranks = [.. records.Select(r => r.Rank).Distinct().Order()];
        for (var i = 0; i < records.Count; i++)
        {
            var (record, rank) = (records[i], ranks[i % ranks.Length]);
            if (record.Rank != rank || (i % ranks.Length > 0 && record.Pass != records[i - 1].Pass))
                throw InputException.At(record.Where, $"forward pass {(record.Rank == ranks[0] && i > 0 ? records[i - 1].Pass : record.Pass)} without all ranks", $"a record of each of the ranks {string.Join(", ", ranks.Take(20))} for every pass");
        }

        if (records.Count % ranks.Length != 0) throw InputException.At(records[^1].Where, $"forward pass {records[^1].Pass} without all ranks", $"a record of each of {ranks.Length} ranks for every pass");
    }

    private static long Number(DumpValue record, string key, string where, long most) =>
        record.Get(key)?.Integer() is { } n && n >= 0 && n <= most ? n : throw InputException.At($"{where}.{key}", "no such number", $"a whole number in [0, {most}]");
}

/// <summary>One forward pass on one rank.</summary>
internal sealed record PassRecord(long Pass, int Rank, DumpValue Value, string Where);

/// <summary>The physical-to-logical map of a recording, the same in all files.</summary>
internal sealed class SlotMap
{
    private readonly IntegerArray _map;

    public SlotMap(IReadOnlyList<(string File, DumpValue Root)> files, ImportOptions options)
    {
        IntegerArray? first = null;
        foreach (var (file, root) in files)
        {
            var where = $"{file}: last_physical_to_logical_map";
            var map = (root.Get("last_physical_to_logical_map") ?? throw InputException.At(file, "no last_physical_to_logical_map", "logical_count, or records and last_physical_to_logical_map")).Integers(2, 2, where);
            first ??= map;
            if (!map.Shape.SequenceEqual(first.Shape) || !map.Values.AsSpan().SequenceEqual(first.Values)) throw InputException.At(where, "another map", $"the one of {files[0].File}");
        }

        _map = first!;
        Check($"{files[0].File}: last_physical_to_logical_map", options);
    }

    public int Layers => _map.Shape[0];

    public int Slots => _map.Shape[1];

    public int Experts { get; private set; }

    public int ExpertOf(int layer, int slot) => (int)_map.Values[(layer * Slots) + slot];

    private void Check(string where, ImportOptions options)
    {
        var largest = _map.Values.Max();
        if (largest >= ChoiceValidator.MaxExperts) throw InputException.At(where, $"expert {largest}", $"experts below {ChoiceValidator.MaxExperts}");
        Experts = options.ExpertCount ?? (int)Math.Max(0, largest) + 1;
        for (var layer = 0; layer < Layers; layer++)
        {
            var covered = new bool[Experts];
            for (var slot = 0; slot < Slots; slot++)
            {
                var expert = _map.Values[(layer * Slots) + slot];
                if (expert < 0 || expert >= Experts) throw InputException.At($"{where}[{layer}][{slot}]", $"expert {expert}", $"an expert in [0, {Experts})");
                covered[expert] = true;
            }

            var missing = Array.IndexOf(covered, false);
            if (missing >= 0) throw InputException.At($"{where}[{layer}]", $"no slot of expert {missing}", "every expert in every layer");
        }
    }
}
