using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Crossweave.Core.Formats.Containers;

/// <summary>One entry of a zip archive.</summary>
/// <param name="Name">Full name with '/'.</param>
/// <param name="IsStored">True when the bytes lie uncompressed in the archive at <paramref name="DataOffset"/>.</param>
/// <param name="DataOffset">Start of the (compressed) bytes in the archive.</param>
/// <param name="CompressedLength">Bytes in the archive.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="Crc">CRC-32 of the content as the archive says.</param>
internal sealed record ZipItem(string Name, bool IsStored, long DataOffset, long CompressedLength, long Length, uint Crc);

/// <summary>
/// The central directory of a zip archive (PKWARE APPNOTE 6.3, zip64 included), read from mapped bytes so that stored entries can be
/// used in place. Stored and deflated entries only; nothing is trusted: every range is checked against the file.
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054B50;
    private const uint End64Signature = 0x06064B50;
    private const uint Locator64Signature = 0x07064B50;
    private const uint EntrySignature = 0x02014B50;
    private const uint LocalSignature = 0x04034B50;
    private const int MaxEntries = 1 << 20;

    public static bool HasMagic(ReadOnlySpan<byte> start) => start.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(start) == LocalSignature;

    public static List<ZipItem> Read(ByteRegion bytes, string where)
    {
        if (bytes.Length < 22 || !HasMagic(bytes.Slice(0, 4))) throw InputException.At(where, "another kind of file", "a zip archive (bytes 50 4B 03 04 first)");
        var (count, offset, size) = FindDirectory(bytes, where);
        if (count > MaxEntries) throw InputException.At(where, $"{count} zip entries", $"at most {MaxEntries}");
        if (offset > (ulong)bytes.Length || size > (ulong)bytes.Length - offset)
            throw InputException.At(where, "a zip directory beyond the end of the file", "a complete file (it is truncated)");
        var items = new List<ZipItem>();
        var at = (long)offset;
        var end = (long)(offset + size);
        for (ulong i = 0; i < count; i++) items.Add(ReadEntry(bytes, ref at, end, where));
        return items;
    }

    /// <summary>The content of an entry in memory.</summary>
    /// <param name="bytes">The archive.</param>
    /// <param name="item">Entry of this archive.</param>
    /// <param name="where">File for messages.</param>
    /// <param name="checkCrc">False for torch files, which may be written without a real CRC.</param>
    /// <param name="maxLength">Refused above this many bytes.</param>
    public static byte[] Extract(ByteRegion bytes, ZipItem item, string where, bool checkCrc, int maxLength = int.MaxValue - 64)
    {
        var name = $"{where}: {item.Name}";
        if (item.Length > maxLength) throw InputException.At(name, $"{item.Length} bytes", $"at most {maxLength}");
        byte[] content;
        if (item.IsStored) content = bytes.Slice(item.DataOffset, (int)item.Length).ToArray();
        else
        {
            // Deflate cannot exceed 1032:1, so a larger claim is a lie that must not be allocated.
            if (item.CompressedLength > maxLength || item.Length > (item.CompressedLength * 1032) + 64)
                throw InputException.At(name, $"{item.Length} bytes out of {item.CompressedLength}", "a possible deflate ratio");
            content = Inflate(bytes.Slice(item.DataOffset, (int)item.CompressedLength).ToArray(), (int)item.Length, name);
        }

        if (checkCrc && Crc32.Of(content) != item.Crc) throw InputException.At(name, "content that does not match its CRC-32", "an undamaged entry");
        return content;
    }

    private static byte[] Inflate(byte[] compressed, int length, string name)
    {
        var content = new byte[length];
        try
        {
            using var inflater = new DeflateStream(new MemoryStream(compressed), CompressionMode.Decompress);
            var got = inflater.ReadAtLeast(content, length, throwOnEndOfStream: false);
            if (got < length || inflater.ReadByte() >= 0) throw InputException.At(name, "a different length after inflating", $"{length} bytes");
            return content;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw InputException.At(name, "damaged deflate data", "a valid deflate stream");
        }
    }

    private static (ulong Count, ulong Offset, ulong Size) FindDirectory(ByteRegion bytes, string where)
    {
        var tailLength = (int)Math.Min(bytes.Length, 22 + ushort.MaxValue);
        var tailStart = bytes.Length - tailLength;
        var tail = bytes.Slice(tailStart, tailLength);
        for (var at = tailLength - 22; at >= 0; at--)
        {
            var record = tail[at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(record) != EndSignature) continue;
            if (BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) != record.Length - 22) continue;
            ulong count = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
            ulong size = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
            ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
            var locatorAt = tailStart + at - 20;
            if (locatorAt < 0) return (count, offset, size);
            var locator = bytes.Slice(locatorAt, 20);
            if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature) return (count, offset, size);
            var end64 = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
            if (bytes.Length < 56 || end64 > (ulong)bytes.Length - 56) throw InputException.At(where, "a zip64 record beyond the end of the file", "a complete zip archive");
            var record64 = bytes.Slice((long)end64, 56);
            if (BinaryPrimitives.ReadUInt32LittleEndian(record64) != End64Signature) throw InputException.At($"{where}: byte {end64}", "no zip64 record", "a valid zip archive");
            return (BinaryPrimitives.ReadUInt64LittleEndian(record64[32..]), BinaryPrimitives.ReadUInt64LittleEndian(record64[48..]), BinaryPrimitives.ReadUInt64LittleEndian(record64[40..]));
        }

        throw InputException.At(where, "no zip directory at the end of the file", "a complete zip archive (it is truncated)");
    }

    private static ZipItem ReadEntry(ByteRegion bytes, ref long at, long end, string where)
    {
        if (end - at < 46) throw InputException.At($"{where}: byte {at}", "the end of the zip directory", "another entry");
        var fixedPart = bytes.Slice(at, 46);
        if (BinaryPrimitives.ReadUInt32LittleEndian(fixedPart) != EntrySignature) throw InputException.At($"{where}: byte {at}", "no zip entry", "an entry of the zip directory");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[8..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[10..]);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[16..]);
        ulong compressed = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[20..]);
        ulong length = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[24..]);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[32..]);
        ulong local = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[42..]);
        if (end - at - 46 < nameLength + extraLength + commentLength) throw InputException.At($"{where}: byte {at}", "an entry longer than the zip directory", "a valid zip archive");
        var name = Encoding.UTF8.GetString(bytes.Slice(at + 46, nameLength));
        Zip64Values(bytes.Slice(at + 46 + nameLength, extraLength), ref length, ref compressed, ref local);
        at += 46 + nameLength + extraLength + commentLength;

        var here = $"{where}: {name}";
        if ((flags & 1) != 0) throw InputException.At(here, "an encrypted zip entry", "a plain one");
        if (method is not (0 or 8)) throw InputException.At(here, $"zip compression method {method}", "0 (stored) or 8 (deflated)");
        if (local > (ulong)bytes.Length - 30) throw InputException.At(here, $"local header at byte {local}", "a position inside the file");
        var header = bytes.Slice((long)local, 30);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature) throw InputException.At(here, $"no local header at byte {local}", "a valid zip archive");
        var data = local + 30 + BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (data > (ulong)bytes.Length || compressed > (ulong)bytes.Length - data) throw InputException.At(here, $"{compressed} bytes at byte {data}", "a range inside the file (it is truncated)");
        if (method == 0 && compressed != length) throw InputException.At(here, $"a stored entry of {compressed} and {length} bytes", "two equal lengths");
        if (length > long.MaxValue) throw InputException.At(here, $"{length} bytes", "a smaller entry");
        return new ZipItem(name, method == 0, (long)data, (long)compressed, (long)length, crc);
    }

    // Extra field 1 holds, in this order, the values whose 32-bit place is all ones.
    private static void Zip64Values(ReadOnlySpan<byte> extra, ref ulong length, ref ulong compressed, ref ulong local)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4) return;
            if (id == 1)
            {
                var body = extra.Slice(4, size);
                Take(ref body, ref length);
                Take(ref body, ref compressed);
                Take(ref body, ref local);
            }

            extra = extra[(4 + size)..];
        }
    }

    private static void Take(ref ReadOnlySpan<byte> body, ref ulong value)
    {
        if (value != uint.MaxValue || body.Length < 8) return;
        value = BinaryPrimitives.ReadUInt64LittleEndian(body);
        body = body[8..];
    }
}
