using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Crossweave.Core.Formats.Containers;

/// <summary>Element types of the array containers; always little endian.</summary>
public enum ElementType
{
    Bool,
    UInt8,
    Int8,
    UInt16,
    Int16,
    UInt32,
    Int32,
    UInt64,
    Int64,
    Float16,
    BFloat16,
    Float32,
    Float64,
}

/// <summary>Sizes and conversions of <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Bool or ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.UInt32 or ElementType.Int32 or ElementType.Float32 => 4,
        _ => 8,
    };

    public static bool IsInteger(this ElementType type) => type is >= ElementType.UInt8 and <= ElementType.Int64;

    public static bool IsFloat(this ElementType type) => type >= ElementType.Float16;

    /// <summary>The name NumPy and this program's messages use.</summary>
    public static string Name(this ElementType type) => type.ToString().ToLowerInvariant();

    /// <summary>One integer element; an unsigned 64-bit value above the signed range comes out negative.</summary>
    /// <param name="type">An integer or boolean type.</param>
    /// <param name="element">Exactly one element.</param>
    public static long ReadInteger(ElementType type, ReadOnlySpan<byte> element) => type switch
    {
        ElementType.Bool or ElementType.UInt8 => element[0],
        ElementType.Int8 => (sbyte)element[0],
        ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(element),
        ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
        ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(element),
        ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element),
        ElementType.UInt64 or ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an integer type"),
    };

    /// <summary>Converts whole elements to float; integers are converted by value.</summary>
    /// <param name="type">Any type.</param>
    /// <param name="data">values.Length elements.</param>
    /// <param name="values">Receives the values.</param>
    public static void ReadFloats(ElementType type, ReadOnlySpan<byte> data, Span<float> values)
    {
        switch (type)
        {
            case ElementType.Float32:
                MemoryMarshal.Cast<byte, float>(data)[..values.Length].CopyTo(values);
                break;
            case ElementType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(data);
                for (var i = 0; i < values.Length; i++) values[i] = (float)doubles[i];
                break;
            case ElementType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(data);
                for (var i = 0; i < values.Length; i++) values[i] = (float)halves[i];
                break;
            case ElementType.BFloat16:
                var upper = MemoryMarshal.Cast<byte, ushort>(data);
                for (var i = 0; i < values.Length; i++) values[i] = BitConverter.Int32BitsToSingle(upper[i] << 16);
                break;
            case ElementType.UInt16:
                var shorts = MemoryMarshal.Cast<byte, ushort>(data);
                for (var i = 0; i < values.Length; i++) values[i] = shorts[i];
                break;
            default:
                var size = type.Size();
                for (var i = 0; i < values.Length; i++) values[i] = ReadInteger(type, data.Slice(i * size, size));
                break;
        }
    }
}
