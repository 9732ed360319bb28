using System.Buffers.Binary;
using System.Text;

namespace Crossweave.Core.Tests.Containers;

/// <summary>A tensor to be saved: int32 or int64 values in a storage, seen through offset, size and stride.</summary>
internal sealed record SavedTensor(string StorageType, byte[] Storage, int Offset, int[] Size, int[] Stride)
{
    public static SavedTensor Int32(int[] size, params int[] values)
    {
        var bytes = new byte[values.Length * 4];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), values[i]);
        return new SavedTensor("IntStorage", bytes, 0, size, Contiguous(size));
    }

    public static SavedTensor Int64(int[] size, params long[] values)
    {
        var bytes = new byte[values.Length * 8];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        return new SavedTensor("LongStorage", bytes, 0, size, Contiguous(size));
    }

    public int ElementCount => Storage.Length / (StorageType is "LongStorage" ? 8 : StorageType is "IntStorage" or "FloatStorage" ? 4 : 1);

    private static int[] Contiguous(int[] size)
    {
        var stride = new int[size.Length];
        for (int d = size.Length - 1, n = 1; d >= 0; n *= size[d--]) stride[d] = n;
        return stride;
    }
}

/// <summary>
/// Writes what torch.save writes: pickle protocol 2 with persistent storage ids, in a zip whose stored entries are aligned to 64 bytes
/// by an extra field and carry their sizes in the central directory and a data descriptor only.
/// </summary>
internal sealed class TorchWriter : IDisposable
{
    private readonly MemoryStream _pickle = new();
    private readonly List<byte[]> _storages = [];
    private int _memo;

    public static byte[] Save(object? value)
    {
        using var writer = new TorchWriter();
        writer._pickle.Write([0x80, 2]);
        writer.Put(value);
        writer._pickle.WriteByte((byte)'.');
        return Archive(writer._pickle.ToArray(), writer._storages);
    }

    /// <summary>The zip around a hand-made pickle.</summary>
    public static byte[] Archive(byte[] pickle, IReadOnlyList<byte[]> storages)
    {
        var entries = new List<(string Name, byte[] Data)> { ("archive/data.pkl", pickle), ("archive/byteorder", "little"u8.ToArray()) };
        for (var i = 0; i < storages.Count; i++) entries.Add(($"archive/data/{i}", storages[i]));
        entries.Add(("archive/version", "3\n"u8.ToArray()));
        return Zip(entries);
    }

    public static byte[] Zip(IReadOnlyList<(string Name, byte[] Data)> entries)
    {
        using var zip = new MemoryStream();
        using var directory = new MemoryStream();
        foreach (var (name, data) in entries)
        {
            var local = (uint)zip.Position;
            var nameBytes = Encoding.UTF8.GetBytes(name);
            var crc = Crc(data);
            var pad = (64 - (int)((local + 30 + nameBytes.Length + 4) % 64)) % 64;
            Header(zip, 0x04034B50, 20, 0x0808, 0, 0, 0, nameBytes, 4 + pad);
            Bytes(zip, nameBytes);
            U16(zip, 0x4246);
            U16(zip, pad);
            Bytes(zip, Enumerable.Repeat((byte)'Z', pad).ToArray());
            Bytes(zip, data);
            U32(zip, 0x08074B50);
            U32(zip, crc);
            U32(zip, (uint)data.Length);
            U32(zip, (uint)data.Length);

            U32(directory, 0x02014B50);
            U16(directory, 20);
            Header(directory, null, 20, 0x0808, crc, (uint)data.Length, (uint)data.Length, nameBytes, 0);
            Bytes(directory, new byte[10]);
            U32(directory, local);
            Bytes(directory, nameBytes);
        }

        var start = (uint)zip.Position;
        Bytes(zip, directory.ToArray());
        U32(zip, 0x06054B50);
        U32(zip, 0);
        U16(zip, entries.Count);
        U16(zip, entries.Count);
        U32(zip, (uint)directory.Length);
        U32(zip, start);
        U16(zip, 0);
        return zip.ToArray();
    }

    public void Dispose() => _pickle.Dispose();

    private static void Header(Stream s, uint? signature, int version, int flags, uint crc, uint compressed, uint length, byte[] name, int extra)
    {
        if (signature is { } value) U32(s, value);
        U16(s, version);
        U16(s, flags);
        U16(s, 0);
        U32(s, 0);
        U32(s, crc);
        U32(s, compressed);
        U32(s, length);
        U16(s, name.Length);
        U16(s, extra);
    }

    private void Put(object? value)
    {
        switch (value)
        {
            case null: Byte('N'); break;
            case bool b: _pickle.WriteByte(b ? (byte)0x88 : (byte)0x89); break;
            case int n: Integer(n); break;
            case double d:
                Byte('G');
                Span<byte> big = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleBigEndian(big, d);
                _pickle.Write(big);
                break;
            case string text:
                Byte('X');
                var utf8 = Encoding.UTF8.GetBytes(text);
                U32(_pickle, (uint)utf8.Length);
                Bytes(_pickle, utf8);
                Memoize();
                break;
            case SavedTensor tensor: Tensor(tensor); break;
            case Dictionary<string, object?> dictionary:
                Byte('}');
                Memoize();
                Byte('(');
                foreach (var (key, item) in dictionary)
                {
                    Put(key);
                    Put(item);
                }

                Byte('u');
                break;
            case object?[] list:
                Byte(']');
                Memoize();
                Byte('(');
                foreach (var item in list) Put(item);
                Byte('e');
                break;
            default: throw new NotSupportedException(value.GetType().Name);
        }
    }

    private void Tensor(SavedTensor tensor)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Byte('(');
        Byte('(');
        Put("storage");
        Global("torch", tensor.StorageType);
        Put($"{_storages.Count}");
        Put("cpu");
        Integer(tensor.ElementCount);
        Byte('t');
        Memoize();
        Byte('Q');
        _storages.Add(tensor.Storage);
        Integer(tensor.Offset);
        Tuple(tensor.Size);
        Tuple(tensor.Stride);
        _pickle.WriteByte(0x89);
        Global("collections", "OrderedDict");
        Byte(')');
        Byte('R');
        Memoize();
        Byte('t');
        Memoize();
        Byte('R');
        Memoize();
    }

    private void Tuple(int[] values)
    {
        if (values.Length is 0 or > 3) Byte('(');
        foreach (var v in values) Integer(v);
        if (values.Length is 0 or > 3) Byte('t');
        else _pickle.WriteByte((byte)(0x84 + values.Length));
        Memoize();
    }

    private void Integer(int n)
    {
        if (n is >= 0 and < 256) _pickle.Write([(byte)'K', (byte)n]);
        else if (n is >= 0 and < 65536) _pickle.Write([(byte)'M', (byte)n, (byte)(n >> 8)]);
        else
        {
            Byte('J');
            U32(_pickle, (uint)n);
        }
    }

    private void Global(string module, string name)
    {
        Bytes(_pickle, Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
        Memoize();
    }

    private void Memoize()
    {
        if (_memo < 256) _pickle.Write([(byte)'q', (byte)_memo]);
        else
        {
            Byte('r');
            U32(_pickle, (uint)_memo);
        }

        _memo++;
    }

    private void Byte(char c) => _pickle.WriteByte((byte)c);

    private static void Bytes(Stream s, byte[] bytes) => s.Write(bytes, 0, bytes.Length);

    private static void U16(Stream s, int n) => s.Write([(byte)n, (byte)(n >> 8)]);

    private static void U32(Stream s, uint n) => s.Write([(byte)n, (byte)(n >> 8), (byte)(n >> 16), (byte)(n >> 24)]);

    // Bit by bit, independent of the reader's tables.
    private static uint Crc(byte[] data)
    {
        var c = ~0u;
        foreach (var b in data)
        {
            c ^= b;
            for (var i = 0; i < 8; i++) c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
        }

        return ~c;
    }
}
