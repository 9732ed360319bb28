using System.Buffers.Binary;
using System.Text.Json;

namespace Crossweave.Core.Formats.Containers;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Key.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record SafeTensor(string Name, ElementType Type, long[] Shape, long Offset, long Length);

/// <summary>
/// Reader of safetensors: 8-byte header length, JSON header {name: {dtype, shape, data_offsets}}, raw little-endian data without
/// overlaps or holes (balancing spec 7.6). Headers above 100 MB are refused.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private const long MaxHeaderBytes = 100_000_000;
    private readonly ByteRegion _bytes;

    private SafetensorsFile(ByteRegion bytes, IReadOnlyList<SafeTensor> tensors)
    {
        _bytes = bytes;
        Tensors = tensors;
    }

    /// <summary>In the order of their data.</summary>
    public IReadOnlyList<SafeTensor> Tensors { get; }

    public static SafetensorsFile Open(string path)
    {
        var bytes = ByteRegion.Open(path);
        try
        {
            return new SafetensorsFile(bytes, ReadHeader(bytes, path));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>All values of an integer tensor.</summary>
    public long[] Integers(SafeTensor tensor)
    {
        var size = tensor.Type.Size();
        var values = new long[tensor.Length / size];
        var data = _bytes.Slice(tensor.Offset, checked((int)tensor.Length));
        for (var i = 0; i < values.Length; i++) values[i] = ElementTypes.ReadInteger(tensor.Type, data.Slice(i * size, size));
        return values;
    }

    public void Dispose() => _bytes.Dispose();

    private static List<SafeTensor> ReadHeader(ByteRegion bytes, string path)
    {
        if (bytes.Length < 8) throw InputException.At($"{path}: byte {bytes.Length}", "the end of the file", "an 8-byte safetensors header length");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, 8));
        if (length > MaxHeaderBytes) throw InputException.At($"{path}: byte 0", $"a header of {length} bytes", $"at most {MaxHeaderBytes} (is this a safetensors file?)");
        if (length > (ulong)bytes.Length - 8) throw InputException.At(path, $"{bytes.Length - 8} bytes after the header length", $"a header of {length} bytes (the file is truncated)");
        var dataStart = 8 + (long)length;
        var tensors = ForeignJson.Parse(bytes.Slice(8, (int)length).ToArray(), $"{path}: header", root => ReadTensors(root, dataStart, path));
        tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Length.CompareTo(b.Length));
        var at = dataStart;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != at)
                throw InputException.At($"{path}: '{tensor.Name}'", $"data at offset {tensor.Offset - dataStart}", $"{at - dataStart}: tensors without {(tensor.Offset < at ? "overlap" : "hole")}");
            at += tensor.Length;
        }

        if (at != bytes.Length) throw InputException.At(path, $"{bytes.Length - dataStart} bytes of data", $"{at - dataStart}{(at > bytes.Length ? " (the file is truncated)" : "")}");
        return tensors;
    }

    private static List<SafeTensor> ReadTensors(JsonElement root, long dataStart, string path)
    {
        if (root.ValueKind != JsonValueKind.Object) throw InputException.At($"{path}: header", "no JSON object", "{name: {dtype, shape, data_offsets}}");
        var tensors = new List<SafeTensor>();
        var names = new HashSet<string>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == "__metadata__") continue;
            var where = $"{path}: '{property.Name}'";
            if (!names.Add(property.Name)) throw InputException.At(where, "the name twice", "distinct names");
            var dtype = ForeignJson.Member(property.Value, "dtype", where).GetString();
            ElementType? type = dtype switch
            {
                "BOOL" => ElementType.Bool,
                "U8" => ElementType.UInt8,
                "I8" => ElementType.Int8,
                "U16" => ElementType.UInt16,
                "I16" => ElementType.Int16,
                "U32" => ElementType.UInt32,
                "I32" => ElementType.Int32,
                "U64" => ElementType.UInt64,
                "I64" => ElementType.Int64,
                "F16" => ElementType.Float16,
                "BF16" => ElementType.BFloat16,
                "F32" => ElementType.Float32,
                "F64" => ElementType.Float64,
                _ => null,
            };
            if (type is null) throw InputException.At(where, $"dtype '{dtype}'", "BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F16, BF16, F32 or F64");
            var shape = ForeignJson.Integers(ForeignJson.Member(property.Value, "shape", where), $"{where}.shape");
            var offsets = ForeignJson.Integers(ForeignJson.Member(property.Value, "data_offsets", where), $"{where}.data_offsets");
            if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) throw InputException.At($"{where}.data_offsets", $"[{string.Join(", ", offsets)}]", "[begin, end] with 0 <= begin <= end");
            var bytes = (UInt128)(ulong)type.Value.Size();
            foreach (var n in shape)
            {
                if (n < 0) throw InputException.At($"{where}.shape", $"{n}", "dimensions of at least 0");
                bytes *= (ulong)n;
                if (bytes > long.MaxValue) break;
            }

            var length = offsets[1] - offsets[0];
            if (bytes != (ulong)length) throw InputException.At(where, $"{length} bytes", $"{bytes} for {dtype} of shape [{string.Join(", ", shape)}]");
            if (offsets[1] > long.MaxValue - dataStart) throw InputException.At($"{where}.data_offsets", $"{offsets[1]}", "an offset inside the file");
            tensors.Add(new SafeTensor(property.Name, type.Value, shape, dataStart + offsets[0], length));
        }

        return tensors;
    }
}
