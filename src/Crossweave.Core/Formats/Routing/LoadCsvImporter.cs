using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Loads as CSV with the columns <c>layer,expert,count</c> in any order, optionally <c>dataset</c>, <c>model</c> and <c>kind</c>.
/// Rows of several data sets or models are never added up: the person names one. Of several kinds, "topk" (all choices of a token) is
/// used. Pairs that are not listed count 0; a pair listed twice is an error. Layers are sorted by number.
/// </summary>
public sealed class LoadCsvImporter : IRoutingImporter
{
    private const string AllChoices = "topk";

    public string Name => "load-csv";

    public string Summary => "layer,expert,count with optional dataset, model and kind columns (loads only)";

    public bool Recognises(string path)
    {
        var head = Sniff.Head(path);
        var line = System.Text.Encoding.UTF8.GetString(head.AsSpan(0, Math.Max(0, head.AsSpan().IndexOf((byte)'\n'))));
        var columns = line.TrimStart('\uFEFF').Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(["layer", "expert", "count"], c => columns.Contains(c, StringComparer.OrdinalIgnoreCase));
    }

    public Recording Import(string path, ImportOptions options)
    {
        ChoiceValidator.CheckExpertCount(options.ExpertCount, path);
        var rows = CsvRows.Open(path);
        int layerColumn = rows.Required("layer"), expertColumn = rows.Required("expert"), countColumn = rows.Required("count");
        var dataset = new Filter(rows.Column("dataset"), "dataset", options.Dataset, path);
        var model = new Filter(rows.Column("model"), "model", options.Model, path);
        var kind = new Filter(rows.Column("kind"), "kind", wanted: null, path);
        var counts = new SortedDictionary<(int Layer, int Expert), (long Count, int Line)>();
        var largest = -1;
        while (rows.Read())
        {
            // Every filter sees every row that the ones before it let through, so that messages list what could be chosen.
            if (!model.Keeps(rows) || !dataset.Keeps(rows) || !KeepsKind(kind, rows, counts)) continue;
            var layer = (int)rows.Integer(layerColumn, 0, int.MaxValue);
            var expert = (int)rows.Integer(expertColumn, 0, (options.ExpertCount ?? ChoiceValidator.MaxExperts) - 1);
            var count = rows.Integer(countColumn, 0, long.MaxValue);
            if (!counts.TryAdd((layer, expert), (count, rows.Line)))
                throw InputException.At(rows.Where, $"layer {layer}, expert {expert} again (also line {counts[(layer, expert)].Line})", "each pair once");
            largest = Math.Max(largest, expert);
        }

        model.CheckChoice();
        dataset.CheckChoice();
        if (counts.Count == 0) throw InputException.At(path, "no row", "at least one load");
        int[] layerIds = [.. counts.Keys.Select(k => k.Layer).Distinct()];
        var table = new LoadTable(layerIds.Length, options.ExpertCount ?? ChoiceValidator.InferredExperts(largest, 1), path);
        foreach (var ((layer, expert), (count, line)) in counts) table.Add(Array.BinarySearch(layerIds, layer), expert, count, $"{path}: line {line}");
        return new Recording(Trace: null, table.ToLoad(path, layerIds));
    }

    // The first kind is kept until "topk" appears, which replaces everything before it.
    private static bool KeepsKind(Filter kind, CsvRows rows, SortedDictionary<(int Layer, int Expert), (long Count, int Line)> counts)
    {
        if (kind.Column < 0) return true;
        var value = rows.Text(kind.Column);
        kind.First ??= value;
        if (kind.First == value) return true;
        if (value == AllChoices)
        {
            counts.Clear();
            kind.First = value;
            return true;
        }

        if (kind.First != AllChoices) throw InputException.At(rows.Where, $"kind '{value}' beside '{kind.First}'", $"one kind, or '{AllChoices}' among them");
        return false;
    }

    private sealed class Filter(int column, string name, string? wanted, string path)
    {
        private readonly SortedSet<string> _values = new(StringComparer.Ordinal);

        public int Column => column;

        public string? First { get; set; }

        public bool Keeps(CsvRows rows)
        {
            if (column < 0) return true;
            var value = rows.Text(column);
            _values.Add(value);
            First ??= value;
            return value == (wanted ?? First);
        }

        public void CheckChoice()
        {
            if (column < 0)
            {
                if (wanted is not null) throw InputException.At(path, $"no column '{name}'", $"one, to choose '{wanted}' from");
                return;
            }

            if (wanted is not null ? !_values.Contains(wanted) : _values.Count > 1)
                throw InputException.At(path, wanted is null ? $"{_values.Count} values of {name}" : $"no {name} '{wanted}'", $"a choice with --{(name == "model" ? "recorded-model" : name)}: {Listed()}");
        }

        private string Listed() => string.Join(", ", _values.Take(20)) + (_values.Count > 20 ? ", ..." : "");
    }
}
