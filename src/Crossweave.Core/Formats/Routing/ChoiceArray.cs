using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Crossweave.Core.Formats.Containers;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Expert ids [token, layer, k] as they lie in a file, read as ushort blocks.</summary>
/// <param name="Bytes">File or memory.</param>
/// <param name="Offset">First byte of the array.</param>
/// <param name="Type">uint8, uint16, int16, int32 or int64.</param>
/// <param name="TokenCount">Tokens.</param>
/// <param name="LayerCount">Layers.</param>
/// <param name="TopK">Choices per token and layer.</param>
internal sealed record ChoiceArray(ByteRegion Bytes, long Offset, ElementType Type, int TokenCount, int LayerCount, int TopK)
{
    private const int BlockElements = 1 << 20;

    public long Count => (long)TokenCount * LayerCount * TopK;

    public static bool IsSupported(ElementType type) =>
        type is ElementType.UInt8 or ElementType.UInt16 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64;

    /// <summary>Raw bytes of elements [first, first + count).</summary>
    public ReadOnlySpan<byte> Raw(long first, int count) => Bytes.Slice(Offset + (first * Type.Size()), count * Type.Size());

    /// <summary>One element by value, unchecked.</summary>
    public long At(long index) => ElementTypes.ReadInteger(Type, Raw(index, 1));

    /// <summary>Elements [first, first + target.Length), truncated to 16 bits. True when no value was truncated.</summary>
    public bool Read(long first, Span<ushort> target)
    {
        var whole = true;
        while (target.Length > 0)
        {
            var count = Math.Min(target.Length, BlockElements);
            whole &= ReadBlock(Raw(first, count), target[..count]);
            first += count;
            target = target[count..];
        }

        return whole;
    }

    /// <summary>One layer of a range of tokens, shape [token, k].</summary>
    public void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> target)
    {
        var k = TopK;
        var perToken = LayerCount * k;
        var size = Type.Size();
        var tokensPerBlock = Math.Max(1, BlockElements / perToken);
        for (var done = 0; done < tokenCount; done += tokensPerBlock)
        {
            var tokens = Math.Min(tokensPerBlock, tokenCount - done);
            var first = ((long)(firstToken + done) * perToken) + (layer * k);
            var raw = Raw(first, ((tokens - 1) * perToken) + k);
            var part = target.Slice(done * k, tokens * k);
            if (Type == ElementType.UInt8) Gather(raw, perToken, k, part);
            else if (size == 2) Gather(MemoryMarshal.Cast<byte, ushort>(raw), perToken, k, part);
            else
            {
                for (var t = 0; t < tokens; t++) ReadBlock(raw.Slice(t * perToken * size, k * size), part.Slice(t * k, k));
            }
        }
    }

    // Eight values are moved at once where source and target have room; what lies beyond k is overwritten by the next token.
    private static void Gather(ReadOnlySpan<byte> source, int stride, int k, Span<ushort> target)
    {
        int from = 0, to = 0;
        if (k <= 8)
        {
            for (; from + 16 <= source.Length && to + 8 <= target.Length; from += stride, to += k)
                Vector128.WidenLower(Vector128.Create(source.Slice(from, 16))).CopyTo(target[to..]);
        }

        for (; to < target.Length; from += stride, to += k)
        {
            for (var i = 0; i < k; i++) target[to + i] = source[from + i];
        }
    }

    private static void Gather(ReadOnlySpan<ushort> source, int stride, int k, Span<ushort> target)
    {
        for (int from = 0, to = 0; to < target.Length; from += stride, to += k) source.Slice(from, k).CopyTo(target[to..]);
    }

    private bool ReadBlock(ReadOnlySpan<byte> raw, Span<ushort> target)
    {
        switch (Type)
        {
            case ElementType.UInt8:
                Widen(raw, target);
                return true;
            case ElementType.UInt16:
                MemoryMarshal.Cast<byte, ushort>(raw).CopyTo(target);
                return true;
            case ElementType.Int16:
                var signed = MemoryMarshal.Cast<byte, short>(raw);
                MemoryMarshal.Cast<short, ushort>(signed).CopyTo(target);
                return Or(signed) >= 0;
            case ElementType.Int32:
                var ints = MemoryMarshal.Cast<byte, int>(raw);
                Narrow(ints, target);
                return (uint)Or(ints) <= ushort.MaxValue;
            case ElementType.Int64:
                var longs = MemoryMarshal.Cast<byte, long>(raw);
                for (var i = 0; i < longs.Length; i++) target[i] = (ushort)longs[i];
                return (ulong)Or(longs) <= ushort.MaxValue;
            default:
                throw new NotSupportedException($"ids of type {Type}");
        }
    }

    private static void Widen(ReadOnlySpan<byte> source, Span<ushort> target)
    {
        var i = 0;
        for (; i + 32 <= source.Length; i += 32)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(source.Slice(i, 32)));
            low.CopyTo(target[i..]);
            high.CopyTo(target[(i + 16)..]);
        }

        for (; i < source.Length; i++) target[i] = source[i];
    }

    private static void Narrow(ReadOnlySpan<int> source, Span<ushort> target)
    {
        var i = 0;
        for (; i + 16 <= source.Length; i += 16)
            Vector256.Narrow(Vector256.Create(source.Slice(i, 8)).AsUInt32(), Vector256.Create(source.Slice(i + 8, 8)).AsUInt32()).CopyTo(target[i..]);
        for (; i < source.Length; i++) target[i] = (ushort)source[i];
    }

    private static T Or<T>(ReadOnlySpan<T> values)
        where T : struct, IBinaryInteger<T>
    {
        var all = Vector<T>.Zero;
        var i = 0;
        for (; i + Vector<T>.Count <= values.Length; i += Vector<T>.Count) all |= new Vector<T>(values[i..]);
        var result = T.Zero;
        for (var lane = 0; lane < Vector<T>.Count; lane++) result |= all[lane];
        for (; i < values.Length; i++) result |= values[i];
        return result;
    }
}
