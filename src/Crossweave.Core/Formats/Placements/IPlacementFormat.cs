using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>What a placement file may not say itself.</summary>
/// <param name="RankCount">Ranks; needed by formats that list slots only.</param>
/// <param name="ExpertCount">Logical experts; null = the largest id + 1.</param>
/// <param name="LayerIds">Model layer numbers for formats that need them; null = 0, 1, ...</param>
/// <param name="LayerCount">Layers, for a flat list that repeats for all layers; null = as the file says (1 for a flat list).</param>
public sealed record PlacementReadOptions(
    int? RankCount = null, int? ExpertCount = null, IReadOnlyList<int>? LayerIds = null, int? LayerCount = null);

/// <summary>A placement file of one serving system: written and read back unchanged. Registered in <c>PlacementFormats.All</c>.</summary>
public interface IPlacementFormat
{
    /// <summary>Name for --format, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line: file, shape, and the server flag that loads it.</summary>
    string Summary { get; }

    /// <summary>Default file name, for example "placement.sglang.json".</summary>
    string DefaultFileName { get; }

    /// <summary>
    /// False when the file says only which experts a rank holds, not in which slot: reading then gives ascending experts per rank.
    /// </summary>
    bool KeepsSlotOrder => true;

    /// <exception cref="InputException">The format cannot express this placement (says which layer, rank, expert and why).</exception>
    void Write(ExpertPlacement placement, string path);

    /// <exception cref="InputException">The file is not valid: names file, layer, slot, value and expectation.</exception>
    ExpertPlacement Read(string path, PlacementReadOptions options);
}
