using System.Buffers.Binary;

namespace Crossweave.Core.Formats.Containers;

/// <summary>CRC-32 of zip and PNG (reflected polynomial EDB88320), eight bytes per step through eight tables (Kounavis and Berry, 2005).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Continues a CRC over more bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        var t = Table;
        var c = ~crc;
        while (bytes.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ c;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            c = t[(7 << 8) + (int)(low & 255)] ^ t[(6 << 8) + (int)((low >> 8) & 255)]
                ^ t[(5 << 8) + (int)((low >> 16) & 255)] ^ t[(4 << 8) + (int)(low >> 24)]
                ^ t[(3 << 8) + (int)(high & 255)] ^ t[(2 << 8) + (int)((high >> 8) & 255)]
                ^ t[(1 << 8) + (int)((high >> 16) & 255)] ^ t[(int)(high >> 24)];
            bytes = bytes[8..];
        }

        foreach (var b in bytes) c = (c >> 8) ^ t[(int)((c ^ b) & 255)];
        return ~c;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            var c = i;
            for (var bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
            table[i] = c;
        }

        for (var step = 1; step < 8; step++)
        {
            for (var i = 0; i < 256; i++)
            {
                var before = table[((step - 1) << 8) + i];
                table[(step << 8) + i] = (before >> 8) ^ table[(int)(before & 255)];
            }
        }

        return table;
    }
}
