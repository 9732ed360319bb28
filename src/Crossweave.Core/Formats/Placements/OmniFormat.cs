using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// The placement pattern of omni-infer: a NumPy array [rank, MoE layer, expert] of 0 and 1 (int32 as that project's own tool
/// writes it; other integer types and bool are read). It says which experts a rank holds, so a second copy on a rank cannot be
/// expressed, and the local slots are the rank's experts in ascending order, which is how that server numbers them.
/// </summary>
public sealed class OmniFormat : IPlacementFormat
{
    private const long MaxCells = 1L << 30;

    public string Name => "omni";

    public string Summary => ".npy of 0/1 [rank, MoE layer, expert], int32; loaded with pattern_path in the omni placement config.yaml";

    public string DefaultFileName => "placement.omni.npy";

    public bool KeepsSlotOrder => false;

    public void Write(ExpertPlacement placement, string path)
    {
        PlacementRows.RequireDistinct(placement, "an omni pattern");
        int ranks = placement.RankCount, layers = placement.Layers.Count, experts = placement.ExpertCount;
        var header = NpyHeader.Bytes(ElementType.Int32, ranks, layers, experts);
        var start = header.Length;
        var bytes = new byte[start + (4L * ranks * layers * experts)];
        header.CopyTo(bytes, 0);
        for (var l = 0; l < layers; l++)
            for (var slot = 0; slot < placement.Layers[l].SlotCount; slot++)
                bytes[start + (4L * (((((long)placement.Layers[l].RankOfSlot[slot] * layers) + l) * experts) + placement.Layers[l].ExpertOfSlot[slot]))] = 1;
        AtomicFile.WriteAllBytes(path, bytes);
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        var bytes = InputFile.ReadBytes(path);
        var header = NpyHeader.Read(new ArrayBytes(bytes), 0, bytes.Length, path);
        if (header.Type is ElementType.Float16 or ElementType.Float32 or ElementType.Float64)
            throw InputException.At(path, $"the type {header.Type.Name()}", "a little-endian integer type or bool");
        if (header.Shape.Length != 3 || header.Shape.Any(d => d is < 1 or > MaxCells) || header.Shape.Aggregate((UInt128)1, (a, d) => a * (ulong)d) > (ulong)MaxCells)
            throw InputException.At(path, $"the shape {header.ShapeText}", $"three positive sizes (ranks, layers, experts), at most {MaxCells} values");
        var (size, start) = (header.Type.Size(), header.DataOffset);
        var (ranks, layers, experts) = (PlacementRows.SameRanks(path, (int)header.Shape[0], options), (int)header.Shape[1], (int)header.Shape[2]);
        if (options.ExpertCount is { } expected && expected != experts) throw InputException.At(path, $"{experts} experts", $"{expected}");
        var expertOfSlot = new int[layers][];
        var rankOfSlot = new int[layers][];
        for (var l = 0; l < layers; l++)
        {
            var e = new List<int>();
            var r = new List<int>();
            for (var rank = 0; rank < ranks; rank++)
            {
                var row = bytes.AsSpan((int)(start + (((((long)rank * layers) + l) * experts) * size)), experts * size);
                for (var expert = 0; expert < experts; expert++)
                {
                    var cell = row.Slice(expert * size, size);
                    if (cell[0] > 1 || cell[1..].ContainsAnyExcept((byte)0))
                        throw InputException.At($"{path}: rank {rank}, layer {l}, expert {expert}", "a value other than 0 and 1", "0 or 1");
                    if (cell[0] == 0) continue;
                    e.Add(expert);
                    r.Add(rank);
                }
            }

            (expertOfSlot[l], rankOfSlot[l]) = ([.. e], [.. r]);
        }

        return PlacementRows.Build(path, expertOfSlot, ranks, experts, options.LayerIds, rankOfSlot);
    }
}
