using System.Globalization;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Pair counts in a file: a pickled NumPy array (the public C2R profiles) or a <c>.npy</c>, [layers, experts, experts] or [experts, experts] of integers, or
/// one matrix as comma-separated lines. Their -1 on the diagonal ("self") counts as 0.
/// </summary>
public static class PairCountFile
{
    /// <exception cref="InputException">Another shape, a negative or asymmetric count, a count on the diagonal; the place is named.</exception>
    public static PairCounts Read(string path)
    {
        var head = Sniff.Head(path);
        var (shape, values) = NpyHeader.HasMagic(head) ? Npy(path) : NumpyPickle.HasMagic(head) ? Pickle(path) : Csv(path);
        if (shape.Length is not (2 or 3) || shape[^1] != shape[^2] || shape[^1] < 2 || values.Length == 0)
            throw InputException.At(path, $"an array of shape ({string.Join(", ", shape)})", "[layers, experts, experts] or [experts, experts]");
        var experts = shape[^1];
        if (experts > ushort.MaxValue) throw InputException.At(path, $"{experts} experts", $"at most {ushort.MaxValue}");
        var layers = values.Length / experts / experts;
        var most = long.MaxValue / ((long)experts * experts);
        for (var l = 0; l < layers; l++)
            for (var i = 0; i < experts; i++)
                for (var j = 0; j <= i; j++)
                {
                    var at = (((l * experts) + i) * experts) + j;
                    var (count, mirrored) = (values[at], values[(((l * experts) + j) * experts) + i]);
                    var where = $"{path}: layer {l}, experts {i} and {j}";
                    if (i == j && count is not (0 or -1)) throw InputException.At(where, $"{count}", "0 or -1 on the diagonal");
                    if (i == j) values[at] = 0;
                    else if (count != mirrored) throw InputException.At(where, $"{count}, but {mirrored} the other way round", "a symmetric matrix");
                    else if (count < 0 || count > most) throw InputException.At(where, $"{count}", $"0 to {most}");
                }

        return new PairCounts(layers, experts, values);
    }

    private static (int[] Shape, long[] Values) Npy(string path)
    {
        using var bytes = ByteRegion.Open(path);
        var header = NpyHeader.Read(bytes, 0, bytes.Length, path);
        if (!header.Type.IsInteger()) throw InputException.At(path, $"{header.Type.Name()} values", "integers");
        var size = header.Type.Size();
        var data = bytes.Slice(header.DataOffset, (int)Math.Min(int.MaxValue, bytes.Length - header.DataOffset));
        var values = new long[data.Length / size];
        for (var i = 0; i < values.Length; i++) values[i] = ElementTypes.ReadInteger(header.Type, data.Slice(i * size, size));
        return (Array.ConvertAll(header.Shape, n => (int)Math.Min(n, int.MaxValue)), values);
    }

    private static (int[] Shape, long[] Values) Pickle(string path)
    {
        using var bytes = ByteRegion.Open(path);
        return NumpyPickle.Read(bytes.Slice(0, (int)Math.Min(int.MaxValue, bytes.Length)), path);
    }

    private static (int[] Shape, long[] Values) Csv(string path)
    {
        var values = new List<long>();
        var (rows, columns, line) = (0, 0, 0);
        foreach (var text in InputFile.ReadText(path).Split('\n'))
        {
            line++;
            if (text.AsSpan().Trim().Length == 0 || text[0] == '#') continue;
            var cells = text.Split(',');
            if (rows++ == 0) columns = cells.Length;
            if (cells.Length != columns) throw InputException.At($"{path}: line {line}", $"{cells.Length} values", $"{columns} as in the first row");
            foreach (var cell in cells)
            {
                if (!long.TryParse(cell.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
                    throw InputException.At($"{path}: line {line}", $"'{cell.Trim()[..Math.Min(40, cell.Trim().Length)]}'", "a whole number of tokens");
                values.Add(count);
            }
        }

        return ([rows, columns], [.. values]);
    }
}
