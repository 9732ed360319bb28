using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// The placement pattern of omni-infer: a NumPy array [rank, MoE layer, expert] of 0 and 1 (int32 as that project's own tool
/// writes it; other integer types and bool are read). It says which experts a rank holds, so a second copy on a rank cannot be
/// expressed, and the local slots are the rank's experts in ascending order, which is how that server numbers them.
/// </summary>
public sealed partial class OmniFormat : IPlacementFormat
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
        var header = $"{{'descr': '<i4', 'fortran_order': False, 'shape': ({ranks}, {layers}, {experts}), }}";
        var padded = header.PadRight((header.Length + 11 + 63) / 64 * 64 - 11) + "\n"; // magic, version, length and header end on a multiple of 64
        var bytes = new byte[10 + padded.Length + (4L * ranks * layers * experts)];
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)padded.Length);
        Encoding.ASCII.GetBytes(padded, bytes.AsSpan(10));
        var start = 10 + padded.Length;
        for (var l = 0; l < layers; l++)
            for (var slot = 0; slot < placement.Layers[l].SlotCount; slot++)
                bytes[start + (4L * (((((long)placement.Layers[l].RankOfSlot[slot] * layers) + l) * experts) + placement.Layers[l].ExpertOfSlot[slot]))] = 1;
        AtomicFile.WriteAllBytes(path, bytes);
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        var bytes = InputFile.ReadBytes(path);
        var (size, shape, start) = Header(bytes, path);
        var (ranks, layers, experts) = (PlacementRows.SameRanks(path, shape[0], options), shape[1], shape[2]);
        if (options.ExpertCount is { } expected && expected != experts) throw InputException.At(path, $"{experts} experts", $"{expected}");
        var cells = (long)ranks * layers * experts;
        if (bytes.Length - start != cells * size)
            throw InputException.At(path, $"{bytes.Length - start} bytes of data", $"{cells * size} for shape ({ranks}, {layers}, {experts})");
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

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private static (int Size, int[] Shape, int Start) Header(byte[] bytes, string path)
    {
        if (bytes.Length < 12 || !bytes.AsSpan().StartsWith(Magic)) throw InputException.At(path, "another kind of file", "a NumPy .npy file");
        var wide = bytes[6] >= 2;
        var start = wide ? 12 : 10;
        var length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)) : BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        if (bytes[6] is < 1 or > 3 || length > bytes.Length - start) throw InputException.At(path, "a truncated or unknown header", "version 1, 2 or 3 of .npy");
        var text = Encoding.ASCII.GetString(bytes, start, (int)length);
        var descr = DescrPattern().Match(text);
        if (!descr.Success) throw InputException.At(path, $"the type {TypePattern().Match(text).Value}", "a little-endian integer type or bool");
        if (!text.Contains("'fortran_order': False")) throw InputException.At(path, "Fortran order", "C order");
        var shape = ShapePattern().Match(text);
        string[] dimensions = ["ranks", "layers", "experts"];
        var sizes = new int[3];
        var cells = 1L;
        for (var i = 0; i < 3; i++)
        {
            if (!shape.Success || !int.TryParse(shape.Groups[dimensions[i]].Value, NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]) || sizes[i] == 0)
                throw InputException.At(path, "another shape", "three positive sizes: (ranks, layers, experts)");
            cells *= sizes[i];
            if (cells > MaxCells) throw InputException.At(path, "a larger array", $"at most {MaxCells} values");
        }

        return (descr.Groups["size"].Value[0] - '0', sizes, start + (int)length);
    }

    [GeneratedRegex(@"'descr':\s*'[<|](?:[iu]|b(?=1))(?<size>[1248])'", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DescrPattern();

    [GeneratedRegex(@"'descr':[^,]{0,40}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"'shape':\s*\((?<ranks>\d{1,9}),\s*(?<layers>\d{1,9}),\s*(?<experts>\d{1,9}),?\s*\)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ShapePattern();
}
