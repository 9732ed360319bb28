using System.Globalization;
using System.Text;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// An omni-infer pattern as readable text: lines <c>layer,rank,experts</c> with space-separated expert ids in slot order. Ranks may
/// hold different numbers of experts, also from layer to layer.
/// </summary>
public sealed class OmniCsvFormat : IPlacementFormat
{
    private const string Header = "layer,rank,experts";

    public string Name => "omni-csv";

    public string Summary => "CSV layer,rank,experts (space-separated ids); the readable twin of omni, no server reads it";

    public string DefaultFileName => "placement.omni.csv";

    public void Write(ExpertPlacement placement, string path)
    {
        var text = new StringBuilder().Append(Header).Append('\n');
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            for (var rank = 0; rank < placement.RankCount; rank++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{placement.LayerIds[l]},{rank},");
                text.AppendJoin(' ', placement.Layers[l].ExpertsOnRank(rank).ToArray()).Append('\n');
            }
        }

        AtomicFile.WriteAllText(path, text.ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        var lines = InputFile.ReadText(path).Split('\n');
        if (lines[0].TrimEnd('\r') != Header) throw InputException.At($"{path}: line 1", $"'{Shorten(lines[0].Trim())}'", $"the header {Header}");
        var layers = new List<(int Id, List<int> Experts, List<int> Ranks, int RankCount)>();
        for (var i = 1; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 && i == lines.Length - 1) continue;
            var where = $"{path}: line {i + 1}";
            var fields = line.Split(',');
            if (fields.Length != 3) throw InputException.At(where, $"{fields.Length} fields", $"3 ({Header})");
            var id = Number(fields[0], where, "a layer number");
            var rank = Number(fields[1], where, "a rank");
            if (layers.Count == 0 || layers[^1].Id != id) layers.Add((id, [], [], 0));
            var layer = layers[^1];
            if (rank != layer.RankCount) throw InputException.At(where, $"rank {rank} of layer {id}", $"rank {layer.RankCount} (all ranks of a layer in ascending order)");
            foreach (var expert in fields[2].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                layer.Experts.Add(Number(expert, where, "an expert id"));
                layer.Ranks.Add(rank);
            }

            layers[^1] = layer with { RankCount = rank + 1 };
        }

        if (layers.Count == 0) throw InputException.At(path, "no lines", "at least one layer");
        var ranks = PlacementRows.SameRanks(path, layers[0].RankCount, options);
        foreach (var (id, _, _, found) in layers)
            if (found != ranks)
                throw InputException.At($"{path}: layer {id}", $"{found} ranks", $"{ranks} as in the first layer");
        return PlacementRows.Build(
            path,
            [.. layers.Select(l => l.Experts.ToArray())],
            ranks,
            options.ExpertCount,
            options.LayerIds ?? [.. layers.Select(l => l.Id)],
            [.. layers.Select(l => l.Ranks.ToArray())]);
    }

    private static int Number(string text, string where, string what) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw InputException.At(where, $"'{Shorten(text.Trim())}'", what);

    private static string Shorten(string text) => text.Length > 40 ? text[..40] + "..." : text;
}
