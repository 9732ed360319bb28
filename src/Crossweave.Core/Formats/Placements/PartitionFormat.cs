using System.Globalization;
using System.Text;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// What hypergraph partitioners write (hMETIS, KaHyPar, mt-KaHyPar): one line per vertex with its block, that is one line per expert with its rank. Several
/// layers stand one after another; how many there are is said with the file. No replicas, no order of experts on a rank; ranks may differ in size.
/// </summary>
public sealed class PartitionFormat : IPlacementFormat
{
    public string Name => "partition";

    public string Summary => "one line per expert with its rank, layer after layer: the result of a hypergraph partitioner, no server reads it";

    public string DefaultFileName => "placement.part";

    public bool KeepsSlotOrder => false;

    public void Write(ExpertPlacement placement, string path)
    {
        var text = new StringBuilder();
        for (var l = 0; l < placement.Layers.Count; l++)
            foreach (var rank in PlacementRows.RankOfExpert(placement, l))
                text.Append(CultureInfo.InvariantCulture, $"{rank}\n");
        AtomicFile.WriteAllText(path, text.ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        var lines = InputFile.ReadText(path).TrimEnd().Split('\n');
        var blocks = new int[lines.Length];
        var most = (options.RankCount ?? PlacementRows.MaxRanks) - 1;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (!int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out blocks[i]) || blocks[i] > most)
                throw InputException.At($"{path}: line {i + 1}", $"'{line[..Math.Min(40, line.Length)]}'", $"a rank from 0 to {most}");
        }

        var layers = options.LayerIds?.Count ?? options.LayerCount ?? 1;
        if (layers < 1 || blocks.Length % layers != 0) throw InputException.At(path, $"{blocks.Length} lines for {layers} layers", "equally many for each layer");
        var experts = blocks.Length / layers;
        if (options.ExpertCount is { } expected && expected != experts) throw InputException.At(path, $"{experts} lines per layer", $"{expected}, one per expert");
        return PlacementRows.FromRanks(path, [.. blocks.Chunk(experts)], options.RankCount ?? blocks.Max() + 1, experts, options.LayerIds);
    }
}
