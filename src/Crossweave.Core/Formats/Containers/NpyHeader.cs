using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Crossweave.Core.Formats.Containers;

/// <summary>
/// Header of a NumPy .npy file, versions 1 to 3: magic, version, header length, a Python dictionary with descr, fortran_order and
/// shape. Only little-endian, C-order arrays of plain numbers are accepted. Source: NumPy enhancement proposal 1.
/// </summary>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="DataOffset">Bytes from the start of the .npy data to the first element.</param>
public sealed record NpyHeader(ElementType Type, long[] Shape, int DataOffset)
{
    private const int MaxHeaderBytes = 1 << 16;

    private static readonly (string Descr, ElementType Type)[] Types =
    [
        ("|u1", ElementType.UInt8), ("|i1", ElementType.Int8), ("<u2", ElementType.UInt16), ("<i2", ElementType.Int16),
        ("<u4", ElementType.UInt32), ("<i4", ElementType.Int32), ("<u8", ElementType.UInt64), ("<i8", ElementType.Int64),
        ("<f2", ElementType.Float16), ("<f4", ElementType.Float32), ("<f8", ElementType.Float64), ("|b1", ElementType.Bool),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public string ShapeText => $"({string.Join(", ", Shape)})";

    public static bool HasMagic(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Reads a header and checks that exactly the announced elements follow it.</summary>
    /// <param name="bytes">Region that holds the .npy data.</param>
    /// <param name="offset">Where the .npy data starts.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="where">File (and entry) for messages.</param>
    /// <exception cref="InputException">Not a .npy file, an unsupported array, truncated, or followed by more bytes.</exception>
    public static NpyHeader Read(ByteRegion bytes, long offset, long length, string where)
    {
        var start = bytes.Slice(offset, (int)Math.Min(length, MaxHeaderBytes + 12));
        if (!HasMagic(start)) throw InputException.At(where, "another kind of file", "a NumPy .npy array (bytes 93 4E 55 4D 50 59 first)");
        if (start.Length < 12) throw InputException.At($"{where}: byte {start.Length}", "the end of the file", "a .npy header");
        var major = start[6];
        if (major is < 1 or > 3) throw InputException.At($"{where}: byte 6", $".npy version {major}", "version 1, 2 or 3");
        var prefix = major == 1 ? 10 : 12;
        var headerLength = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (headerLength > MaxHeaderBytes) throw InputException.At($"{where}: byte 8", $"a header of {headerLength} bytes", $"at most {MaxHeaderBytes}");
        if (start.Length < prefix + headerLength)
            throw InputException.At($"{where}: byte {start.Length}", "the end of the file", $"a header of {headerLength} bytes");
        var text = Encoding.Latin1.GetString(start.Slice(prefix, (int)headerLength));
        var (type, shape) = new HeaderText(text, $"{where}: header").Parse();

        var header = new NpyHeader(type, shape, prefix + (int)headerLength);
        var expected = (UInt128)(ulong)type.Size();
        foreach (var n in shape)
        {
            expected *= (ulong)n;
            if (expected > long.MaxValue) break;
        }

        var found = length - header.DataOffset;
        if (expected != (ulong)found)
            throw InputException.At(where, $"{found} bytes of data", $"{expected} for {type.Name()} of shape {header.ShapeText}{(expected > (ulong)found ? " (the file is truncated)" : "")}");
        return header;
    }

    /// <summary>Version 1 header, padded so that the data starts at a multiple of 64 bytes, as NumPy writes it.</summary>
    public static byte[] Bytes(ElementType type, params ReadOnlySpan<long> shape)
    {
        var descr = Types.First(t => t.Type == type).Descr;
        var dims = new StringBuilder("(");
        for (var i = 0; i < shape.Length; i++) dims.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? ", " : "")}{shape[i]}");
        dims.Append(shape.Length == 1 ? ",)" : ")");
        var text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {dims}, }}";
        var total = (10 + text.Length + 1 + 63) / 64 * 64;
        var bytes = new byte[total];
        bytes.AsSpan().Fill((byte)' ');
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        bytes[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    /// <summary>The subset of Python's literal syntax that NumPy writes.</summary>
    private sealed class HeaderText(string text, string where)
    {
        private int _at;

        public (ElementType Type, long[] Shape) Parse()
        {
            ElementType? type = null;
            long[]? shape = null;
            var order = false;
            Expect('{');
            while (!Accept('}'))
            {
                var key = Quoted();
                Expect(':');
                switch (key)
                {
                    case "descr": type = Descr(); break;
                    case "fortran_order": order = FortranOrder(); break;
                    case "shape": shape = Dimensions(); break;
                    default: throw InputException.At(where, $"the key '{key}'", "descr, fortran_order and shape");
                }

                if (!Accept(',') && Peek() != '}') throw Unexpected("',' or '}'");
            }

            if (type is null || shape is null || !order) throw InputException.At(where, "an incomplete description", "descr, fortran_order and shape");
            return (type.Value, shape);
        }

        private ElementType Descr()
        {
            if (Peek() != '\'' && Peek() != '"') throw InputException.At(where, "a structured dtype", "an array of plain numbers");
            var descr = Quoted();
            var known = Array.FindIndex(Types, t => t.Descr == descr);
            if (known >= 0) return Types[known].Type;
            throw InputException.At(where, $"dtype '{descr}'", descr.StartsWith('>') ? "little-endian numbers ('<...')" : $"one of {string.Join(", ", Types.Select(t => t.Descr))}");
        }

        // Returns true when the key was read; True as its value is refused.
        private bool FortranOrder()
        {
            var word = Word();
            return word switch
            {
                "False" => true,
                "True" => throw InputException.At(where, "fortran_order True", "C order (numpy.ascontiguousarray)"),
                _ => throw InputException.At(where, $"fortran_order '{word}'", "True or False"),
            };
        }

        private long[] Dimensions()
        {
            var dims = new List<long>();
            Expect('(');
            while (!Accept(')'))
            {
                var word = Word();
                if (!long.TryParse(word.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var n))
                    throw InputException.At(where, $"'{word}' as a dimension", "a whole number");
                dims.Add(n);
                if (dims.Count > 32) throw InputException.At(where, "more than 32 dimensions", "at most 32");
                if (!Accept(',') && Peek() != ')') throw Unexpected("',' or ')'");
            }

            return [.. dims];
        }

        private string Quoted()
        {
            var quote = Peek();
            if (quote is not ('\'' or '"')) throw Unexpected("a quoted name");
            var end = text.IndexOf(quote, _at + 1);
            if (end < 0) throw Unexpected("a closed quote");
            var value = text[(_at + 1)..end];
            _at = end + 1;
            return value;
        }

        private string Word()
        {
            Peek();
            var from = _at;
            while (_at < text.Length && char.IsAsciiLetterOrDigit(text[_at])) _at++;
            return text[from.._at];
        }

        private char Peek()
        {
            while (_at < text.Length && text[_at] is ' ' or '\n' or '\t') _at++;
            return _at < text.Length ? text[_at] : '\0';
        }

        private bool Accept(char c)
        {
            if (Peek() != c || _at >= text.Length) return false;
            _at++;
            return true;
        }

        private void Expect(char c)
        {
            if (!Accept(c)) throw Unexpected($"'{c}'");
        }

        private InputException Unexpected(string expected) =>
            InputException.At($"{where} position {_at}", _at < text.Length ? $"U+{(int)text[_at]:X4}" : "the end of the header", expected);
    }
}
