using System.Buffers.Binary;
using System.Text;

namespace Crossweave.Core.Formats.Containers;

/// <summary>A Python tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A Python dictionary with string or integer keys; the last value of a key wins, as in Python.</summary>
internal sealed class PickleDictionary
{
    private readonly Dictionary<object, object?> _values = [];

    public object? this[object key] { set => _values[key] = value; }

    public int Count => _values.Count;

    public bool TryGet(string key, out object? value) => _values.TryGetValue(key, out value);
}

/// <summary>A global the stream names; it is looked up in a list by the caller, never loaded.</summary>
internal sealed record PickleGlobal(string Module, string Name);

/// <summary>What a restricted pickle may ask for.</summary>
internal interface IPickleHost
{
    /// <summary>Null when the global is not allowed.</summary>
    PickleGlobal? Allow(string module, string name);

    /// <summary>The value that a call of an allowed global stands for.</summary>
    object? Reduce(PickleGlobal function, object?[] arguments, string where);

    object? Persistent(object? id, string where);

    /// <summary>True when byte strings and BUILD, which arrays need, are allowed.</summary>
    bool TakesArrays => false;

    /// <summary>The value that stands for an object of <see cref="Reduce"/> once its state is set.</summary>
    object? Build(object? target, object? state, string where) => throw new NotSupportedException();
}

/// <summary>
/// Pickle protocols 2 to 5, restricted: it builds None, booleans, integers, floats, strings, lists, tuples and dictionaries (byte strings too where the
/// host takes arrays), and asks its host for everything else. It executes nothing: any other opcode and any global that the host does not allow is refused by
/// name and byte offset. Memory is bounded by the length of the stream. Source: CPython pickletools.
/// </summary>
internal ref struct PickleReader
{
    private static readonly object Mark = new();

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _where;
    private readonly IPickleHost _host;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private int _opcodeAt;

    private PickleReader(ReadOnlySpan<byte> bytes, string where, IPickleHost host)
    {
        _bytes = bytes;
        _where = where;
        _host = host;
    }

    /// <exception cref="InputException">Not a pickle of the allowed kind.</exception>
    public static object? Read(ReadOnlySpan<byte> bytes, string where, IPickleHost host) => new PickleReader(bytes, where, host).Run();

    private object? Run()
    {
        if (_bytes.Length < 2 || _bytes[0] != 0x80) throw InputException.At($"{_where}: byte 0", "no protocol opcode", "a pickle of protocol 2 to 5");
        while (true)
        {
            _opcodeAt = _at;
            var opcode = Take(1)[0];
            switch (opcode)
            {
                case 0x80: // PROTO
                    var protocol = Take(1)[0];
                    if (protocol is < 2 or > 5) throw Fault($"pickle protocol {protocol}", "protocol 2 to 5");
                    break;
                case 0x95: // FRAME: a read-ahead hint
                    Take(8);
                    break;
                case (byte)'.': // STOP
                    if (_stack.Count != 1 || ReferenceEquals(_stack[0], Mark)) throw Fault($"{_stack.Count} values at the end", "one value");
                    return _stack[0];
                case (byte)'(': _stack.Add(Mark); break;
                case (byte)'0': Pop(); break;
                case (byte)'1': PopToMark(); break;
                case (byte)'2': _stack.Add(Peek()); break;
                case (byte)'N': _stack.Add(null); break;
                case 0x88: _stack.Add(true); break;
                case 0x89: _stack.Add(false); break;
                case (byte)'J': _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case (byte)'K': _stack.Add((long)Take(1)[0]); break;
                case (byte)'M': _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case 0x8A: _stack.Add(Long(Take(1)[0])); break;
                case (byte)'G': _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case 0x8C: _stack.Add(Text(Take(1)[0])); break;
                case (byte)'X': _stack.Add(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case 0x8D: _stack.Add(Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))); break;
                case (byte)'q': _memo[Take(1)[0]] = Peek(); break;
                case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break;
                case 0x94: _memo[_memo.Count] = Peek(); break;
                case (byte)'h': _stack.Add(Recall(Take(1)[0])); break;
                case (byte)'j': _stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case (byte)'}': _stack.Add(new PickleDictionary()); break;
                case (byte)']': _stack.Add(new List<object?>()); break;
                case (byte)')': _stack.Add(new PickleTuple([])); break;
                case (byte)'t': _stack.Add(new PickleTuple(PopToMark())); break;
                case 0x85: _stack.Add(new PickleTuple(PopMany(1))); break;
                case 0x86: _stack.Add(new PickleTuple(PopMany(2))); break;
                case 0x87: _stack.Add(new PickleTuple(PopMany(3))); break;
                case (byte)'a': Append(PopMany(1)); break;
                case (byte)'e': Append(PopToMark()); break;
                case (byte)'s': SetItems(PopMany(2)); break;
                case (byte)'u': SetItems(PopToMark()); break;
                case (byte)'c': _stack.Add(Global(Line(), Line())); break;
                case 0x93: // STACK_GLOBAL
                    var names = PopMany(2);
                    if (names is not [string module, string name]) throw Fault("a global that is not named by two strings", "module and name");
                    _stack.Add(Global(module, name));
                    break;
                case (byte)'R': // REDUCE
                    var call = PopMany(2);
                    if (call is not [PickleGlobal function, PickleTuple arguments]) throw Fault("a call of something else than an allowed global", "a function that rebuilds tensors or arrays");
                    _stack.Add(_host.Reduce(function, arguments.Items, $"{_where}: byte {_opcodeAt}"));
                    break;
                case (byte)'Q': _stack.Add(_host.Persistent(Pop(), $"{_where}: byte {_opcodeAt}")); break; // BINPERSID
                case (byte)'C' when _host.TakesArrays: _stack.Add(Take(Take(1)[0]).ToArray()); break;
                case (byte)'B' when _host.TakesArrays: _stack.Add(Data(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case 0x8E or 0x96 when _host.TakesArrays: _stack.Add(Data(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))); break;
                case (byte)'b' when _host.TakesArrays: // BUILD
                    var built = PopMany(2);
                    _stack.Add(_host.Build(built[0], built[1], $"{_where}: byte {_opcodeAt}"));
                    break;
                default: throw Fault($"pickle opcode {OpcodeName(opcode)}", "only opcodes of plain data and tensors");
            }
        }
    }

    private PickleGlobal Global(string module, string name) =>
        _host.Allow(module, name) ?? throw Fault($"the global '{Shown(module)}.{Shown(name)}'", _host.TakesArrays ? "only numpy.ndarray and numpy.dtype (nothing else is loaded or run)" : "only tensors, their storage types and OrderedDict (nothing else is loaded or run)");

    private void Append(object?[] items)
    {
        if (Peek() is not List<object?> list) throw Fault("an append to something else", "a list");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Peek() is not PickleDictionary dictionary) throw Fault("items set on something else", "a dictionary");
        if (items.Length % 2 != 0) throw Fault("a key without a value", "pairs");
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not (string or long)) throw Fault("a dictionary key of another type", "a string or an integer");
            dictionary[items[i]!] = items[i + 1];
        }
    }

    private object? Peek()
    {
        if (_stack.Count == 0 || ReferenceEquals(_stack[^1], Mark)) throw Fault("an empty stack", "a value");
        return _stack[^1];
    }

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var items = new object?[count];
        for (var i = count - 1; i >= 0; i--) items[i] = Pop();
        return items;
    }

    private object?[] PopToMark()
    {
        var mark = _stack.Count - 1;
        while (mark >= 0 && !ReferenceEquals(_stack[mark], Mark)) mark--;
        if (mark < 0) throw Fault("no mark on the stack", "one");
        var items = new object?[_stack.Count - mark - 1];
        _stack.CopyTo(mark + 1, items, 0, items.Length);
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private object? Recall(long index) => _memo.TryGetValue(index, out var value) ? value : throw Fault($"memo entry {index}", "one that was stored before");

    private long Long(int length)
    {
        if (length > 8) throw Fault($"an integer of {length} bytes", "at most 8");
        var bytes = Take(length);
        var value = length > 0 && bytes[^1] >= 0x80 ? -1L : 0L;
        for (var i = length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return value;
    }

    private string Text(ulong length)
    {
        if (length > (ulong)(_bytes.Length - _at)) throw Fault($"a string of {length} bytes", $"at most the {_bytes.Length - _at} that are left (truncated?)");
        return Encoding.UTF8.GetString(Take((int)length));
    }

    private byte[] Data(ulong length)
    {
        if (length > (ulong)(_bytes.Length - _at)) throw Fault($"{length} bytes of data", $"at most the {_bytes.Length - _at} that are left (truncated?)");
        return Take((int)length).ToArray();
    }

    private string Line()
    {
        var end = _bytes[_at..].IndexOf((byte)'\n');
        if (end < 0) throw Fault("an unfinished name", "a line end");
        var text = Encoding.UTF8.GetString(_bytes.Slice(_at, end));
        _at += end + 1;
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at) throw InputException.At($"{_where}: byte {_bytes.Length}", "the end of the pickle", "more opcodes (it is truncated)");
        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    private readonly InputException Fault(string found, string expected) => InputException.At($"{_where}: byte {_opcodeAt}", found, expected);

    private static string Shown(string name)
    {
        var text = name.Length <= 80 ? name : name[..80] + "...";
        return string.Concat(text.Select(c => c is >= ' ' and < (char)127 ? c : '?'));
    }

    private static string OpcodeName(byte opcode) => opcode switch
    {
        (byte)'b' => "BUILD",
        (byte)'i' => "INST",
        (byte)'o' => "OBJ",
        (byte)'P' => "PERSID",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        0x82 or 0x83 or 0x84 => "EXT",
        (byte)'B' or (byte)'C' or 0x8E => "BINBYTES",
        0x96 => "BYTEARRAY8",
        0x8B => "LONG4",
        0x8F => "EMPTY_SET",
        0x90 => "ADDITEMS",
        0x91 => "FROZENSET",
        _ => $"0x{opcode:X2}",
    };
}
