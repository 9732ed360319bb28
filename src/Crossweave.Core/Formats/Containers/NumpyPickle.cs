namespace Crossweave.Core.Formats.Containers;

/// <summary>
/// One NumPy array of plain little-endian integers in C order, pickled (protocols 3 to 5, as <c>pickle.dump</c> writes it). The stream is read by
/// <see cref="PickleReader"/>, which runs nothing; only arrays and their element types are allowed. Source: NumPy's array_reduce.
/// </summary>
internal static class NumpyPickle
{
    /// <summary>True when the file starts like a pickle.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) => start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5;

    /// <summary>Shape and values in C order.</summary>
    /// <exception cref="InputException">Another object, another element type or order, damaged, or data that does not fill the shape.</exception>
    public static (int[] Shape, long[] Values) Read(ReadOnlySpan<byte> bytes, string where) =>
        PickleReader.Read(bytes, where, new Host()) is Array { Data: not null } array ? array.Values(where) : throw InputException.At(where, "another object", "one NumPy array");

    private sealed class Array
    {
        public ElementType Type { get; init; }

        public int[] Shape { get; init; } = [];

        public byte[]? Data { get; init; }

        public (int[] Shape, long[] Values) Values(string where)
        {
            var count = 1L;
            foreach (var n in Shape) count = Math.Min(count * n, int.MaxValue);
            var size = Type.Size();
            if (count * size != Data!.Length) throw InputException.At(where, $"{Data.Length} bytes of data", $"{count * size} for {Type.Name()} of shape ({string.Join(", ", Shape)})");
            var values = new long[count];
            for (var i = 0; i < values.Length; i++) values[i] = ElementTypes.ReadInteger(Type, Data.AsSpan(i * size, size));
            return (Shape, values);
        }
    }

    private sealed record Element(ElementType Type);

    private sealed class Host : IPickleHost
    {
        private static readonly (string Module, string Name)[] Allowed =
        [
            ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"), ("numpy.core.numeric", "_frombuffer"),
            ("numpy._core.numeric", "_frombuffer"), ("numpy", "ndarray"), ("numpy", "dtype"),
        ];

        private static readonly (string Code, ElementType Type)[] Types =
        [
            ("u1", ElementType.UInt8), ("i1", ElementType.Int8), ("u2", ElementType.UInt16), ("i2", ElementType.Int16),
            ("u4", ElementType.UInt32), ("i4", ElementType.Int32), ("i8", ElementType.Int64),
        ];

        public bool TakesArrays => true;

        public PickleGlobal? Allow(string module, string name) => Allowed.Contains((module, name)) ? new PickleGlobal(module, name) : null;

        public object? Reduce(PickleGlobal function, object?[] arguments, string where) => (function.Name, arguments) switch
        {
            ("_reconstruct", _) => new Array(),
            ("dtype", [string code, ..]) => new Element(TypeOf(code, where)),
            ("_frombuffer", [byte[] data, Element element, PickleTuple shape, string order]) => ArrayOf(element, shape, order == "C", data, where),
            _ => throw InputException.At(where, $"a call of {function.Name}", "numpy arrays of integers"),
        };

        public object? Build(object? target, object? state, string where) => (target, (state as PickleTuple)?.Items) switch
        {
            (Element element, [_, string order, ..]) when order is "<" or "|" => element,
            (Element, [_, string order, ..]) => throw InputException.At(where, $"byte order '{order}'", "little endian"),
            (Array, [_, PickleTuple shape, Element element, bool isFortran, byte[] data]) => ArrayOf(element, shape, !isFortran, data, where),
            _ => throw InputException.At(where, "the state of something else", "that of an array or its element type"),
        };

        public object? Persistent(object? id, string where) => throw InputException.At(where, "a reference to another file", "an array");

        private static ElementType TypeOf(string code, string where)
        {
            foreach (var (known, type) in Types)
                if (known == code)
                    return type;
            throw InputException.At(where, $"dtype '{code}'", $"one of {string.Join(", ", Types.Select(t => t.Code))}");
        }

        private static Array ArrayOf(Element element, PickleTuple shape, bool isC, byte[] data, string where)
        {
            if (!isC) throw InputException.At(where, "Fortran order", "C order (numpy.ascontiguousarray)");
            var dimensions = System.Array.ConvertAll(shape.Items, n => n is long and >= 0 and <= int.MaxValue ? (int)(long)n : throw InputException.At(where, "another shape", "whole numbers"));
            return new Array { Type = element.Type, Shape = dimensions, Data = data };
        }
    }
}
