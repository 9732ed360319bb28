namespace Crossweave.Core.Formats.Containers;

/// <summary>A tensor of a torch file: a strided view of a storage, checked to lie inside it.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Storage">Bytes of the whole storage.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Stride">Elements between neighbours, per dimension.</param>
internal sealed record TorchTensor(ElementType Type, byte[] Storage, long Offset, int[] Shape, long[] Stride)
{
    /// <summary>All values in C order; the type must be integer or boolean.</summary>
    public long[] Integers(string where)
    {
        if (Type.IsFloat()) throw InputException.At(where, $"a {Type.Name()} tensor", "an integer tensor");
        var count = 1;
        foreach (var n in Shape) count *= n;
        var values = new long[count];
        var index = new int[Shape.Length];
        var size = Type.Size();
        var element = Offset;
        for (var i = 0; i < count; i++)
        {
            values[i] = ElementTypes.ReadInteger(Type, Storage.AsSpan((int)element * size, size));
            for (var d = Shape.Length - 1; d >= 0; d--)
            {
                element += Stride[d];
                if (++index[d] < Shape[d]) break;
                element -= Stride[d] * Shape[d];
                index[d] = 0;
            }
        }

        return values;
    }
}

/// <summary>
/// Reader of torch's zip files (.pt, .pth): one top folder with data.pkl, data/KEY raw storages and optionally byteorder
/// (balancing spec 7.6). The pickle is read by <see cref="PickleReader"/>, which runs nothing.
/// </summary>
internal static class TorchFile
{
    /// <summary>The object that was saved: dictionaries, lists, tuples, numbers, strings and tensors.</summary>
    /// <exception cref="InputException">Another kind of file, a damaged one, or one that asks for anything but tensors.</exception>
    public static object? Load(string path)
    {
        using var bytes = ByteRegion.Open(path);
        if (bytes.Length >= 2 && bytes.Slice(0, 1)[0] == 0x80)
            throw InputException.At(path, "a bare pickle (torch's format before 1.6)", "a zip archive; save it again with a current torch.save");
        var items = ZipDirectory.Read(bytes, path);
        var pickle = items.Find(i => i.Name.EndsWith("/data.pkl", StringComparison.Ordinal) && i.Name.IndexOf('/') == i.Name.Length - 9)
            ?? throw InputException.At(path, "no entry */data.pkl", "a file written by torch.save");
        var folder = pickle.Name[..^8];
        if (items.Find(i => i.Name == folder + "byteorder") is { } order)
        {
            var text = System.Text.Encoding.ASCII.GetString(ZipDirectory.Extract(bytes, order, path, checkCrc: false, maxLength: 64));
            if (text.Trim() != "little") throw InputException.At($"{path}: byteorder", "another byte order", "little");
        }

        var host = new Host(bytes, items, folder, path);
        return PickleReader.Read(ZipDirectory.Extract(bytes, pickle, path, checkCrc: false), $"{path}: {pickle.Name}", host);
    }

    private sealed record Storage(ElementType Type, byte[] Bytes)
    {
        public long Count => Bytes.Length / Type.Size();
    }

    private sealed class Host : IPickleHost
    {
        private static readonly (string Name, ElementType Type)[] StorageTypes =
        [
            ("IntStorage", ElementType.Int32), ("LongStorage", ElementType.Int64), ("ShortStorage", ElementType.Int16),
            ("FloatStorage", ElementType.Float32), ("DoubleStorage", ElementType.Float64), ("HalfStorage", ElementType.Float16),
            ("BFloat16Storage", ElementType.BFloat16), ("BoolStorage", ElementType.Bool), ("ByteStorage", ElementType.UInt8),
            ("CharStorage", ElementType.Int8),
        ];

        private readonly ByteRegion _archive;
        private readonly string _folder;
        private readonly string _path;
        private readonly Dictionary<string, ZipItem> _items = [];
        private readonly Dictionary<string, Storage> _storages = [];
        private long _extracted;

        public Host(ByteRegion archive, List<ZipItem> items, string folder, string path)
        {
            _archive = archive;
            _folder = folder;
            _path = path;
            foreach (var item in items)
                if (!_items.TryAdd(item.Name, item))
                    throw InputException.At($"{path}: {item.Name}", "two entries of this name", "one");
        }

        public PickleGlobal? Allow(string module, string name)
        {
            var allowed = (module, name) switch
            {
                ("torch._utils", "_rebuild_tensor" or "_rebuild_tensor_v2") => true,
                ("collections", "OrderedDict") => true,
                ("torch", _) => Array.Exists(StorageTypes, t => t.Name == name),
                _ => false,
            };
            return allowed ? new PickleGlobal(module, name) : null;
        }

        public object? Reduce(PickleGlobal function, object?[] arguments, string where)
        {
            if (function.Name == "OrderedDict" && arguments.Length == 0) return new PickleDictionary();
            if (!function.Name.StartsWith("_rebuild_tensor", StringComparison.Ordinal)) throw InputException.At(where, $"a call of {function.Name}", "a call of a tensor-rebuild function");
            if (arguments is not [Storage storage, long offset, PickleTuple size, PickleTuple stride, ..]) throw InputException.At(where, "other arguments", "(storage, offset, size, stride, ...)");
            return Tensor(storage, offset, Dimensions(size, where), Dimensions(stride, where), where);
        }

        public object? Persistent(object? id, string where)
        {
            if (id is not PickleTuple { Items: ["storage", PickleGlobal { Module: "torch" } type, string key, string, long count] })
                throw InputException.At(where, "another persistent id", "('storage', type, key, device, element count)");
            var elementType = Array.Find(StorageTypes, t => t.Name == type.Name).Type;
            if (!_storages.TryGetValue(key, out var storage))
            {
                if (!_items.TryGetValue($"{_folder}data/{key}", out var item)) throw InputException.At(where, "a storage that is not in the file", $"an entry {_folder}data/<key>");
                // Entries that overlap could name the same bytes any number of times.
                _extracted += item.Length;
                if (!item.IsStored || _extracted > _archive.Length) throw InputException.At($"{_path}: {item.Name}", item.IsStored ? "storages larger than the file together" : "a compressed storage", "stored entries side by side, as torch.save writes them");
                storage = new Storage(elementType, ZipDirectory.Extract(_archive, item, _path, checkCrc: false));
                _storages.Add(key, storage);
            }

            if (storage.Type != elementType) throw InputException.At(where, $"storage {key} as {elementType.Name()} and {storage.Type.Name()}", "one type per storage");
            if (count < 0 || (Int128)count * elementType.Size() != storage.Bytes.Length)
                throw InputException.At(where, $"storage {key} of {storage.Bytes.Length} bytes", $"{count} elements of {elementType.Size()} bytes");
            return storage;
        }

        private static TorchTensor Tensor(Storage storage, long offset, long[] size, long[] stride, string where)
        {
            if (size.Length != stride.Length) throw InputException.At(where, $"{size.Length} sizes and {stride.Length} strides", "one stride per dimension");
            var count = (Int128)1;
            var last = (Int128)offset;
            for (var d = 0; d < size.Length; d++)
            {
                if (size[d] < 0 || stride[d] < 0) throw InputException.At(where, $"size {size[d]} with stride {stride[d]}", "values of at least 0");
                count *= size[d];
                if (count > storage.Count) break;
                last += (Int128)Math.Max(0, size[d] - 1) * stride[d];
            }

            // A view larger than its storage (stride 0) is never needed for recordings and could claim any amount of memory.
            var shape = $"shape ({string.Join(", ", size)}), stride ({string.Join(", ", stride)}), offset {offset}";
            if (count > storage.Count || offset < 0 || (count > 0 && last >= storage.Count))
                throw InputException.At(where, $"a tensor of {shape}", $"a view inside its storage of {storage.Count} elements");
            if (count == 0) return new TorchTensor(storage.Type, storage.Bytes, 0, [.. size.Select(n => (int)Math.Min(n, int.MaxValue))], stride);
            return new TorchTensor(storage.Type, storage.Bytes, offset, [.. size.Select(n => (int)n)], stride);
        }

        private static long[] Dimensions(PickleTuple tuple, string where)
        {
            if (tuple.Items.Length > 32) throw InputException.At(where, $"{tuple.Items.Length} dimensions", "at most 32");
            return [.. tuple.Items.Select(i => i as long? ?? throw InputException.At(where, "a dimension that is no integer", "integers"))];
        }
    }
}
