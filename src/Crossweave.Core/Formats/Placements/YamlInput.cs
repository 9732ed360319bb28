using System.Globalization;
using Crossweave.Core.Formats.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// A value of a YAML file with the line it stands on. Only plain data: one document, no anchors, no tags, no repeated keys, and
/// no nesting beyond 32 levels, so that no input can exhaust the stack or the memory.
/// </summary>
internal sealed class YamlInput
{
    private const int MaxDepth = 32;

    private readonly string _where;
    private readonly string? _scalar;
    private readonly List<YamlInput>? _items;
    private readonly List<(YamlInput Key, YamlInput Value)>? _members;

    private YamlInput(string where, string? scalar, List<YamlInput>? items, List<(YamlInput, YamlInput)>? members)
    {
        _where = where;
        _scalar = scalar;
        _items = items;
        _members = members;
    }

    public bool IsScalar => _scalar is not null;

    public YamlInput this[string key] => Find(key) ?? throw InputException.At(_where, $"no \"{key}\"", $"the key \"{key}\"");

    /// <exception cref="InputException">Not readable or not YAML.</exception>
    public static YamlInput Open(string path)
    {
        var parser = new Parser(new StringReader(InputFile.ReadText(path)));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) throw InputException.At(path, "nothing", "a YAML mapping");
            parser.Consume<DocumentStart>();
            var root = Value(parser, path, 0);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _)) throw InputException.At(path, "a second document", "one");
            return root._members is null ? throw root.Wrong("a YAML mapping") : root;
        }
        catch (YamlException e)
        {
            throw new InputException($"{path}: line {e.Start.Line}: not valid YAML: {e.Message}", e);
        }
        catch (Exception e) when (e is not InputException and not OutOfMemoryException)
        {
            // The scanner indexes past its buffer on some malformed escapes; for the person that is one more way of not being YAML.
            throw new InputException($"{path}: not valid YAML: {e.Message}", e);
        }
    }

    public YamlInput? Find(string key)
    {
        foreach (var (k, value) in Members())
            if (k._scalar == key)
                return value;
        return null;
    }

    public IReadOnlyList<(YamlInput Key, YamlInput Value)> Members() => _members ?? throw Wrong("a mapping");

    public void AllowOnly(params string[] known)
    {
        foreach (var (key, _) in Members())
            if (!known.Contains(key._scalar))
                throw InputException.At(key._where, $"the unknown key \"{key._scalar}\"", $"only {string.Join(", ", known)}");
    }

    public int Int32(int least) =>
        int.TryParse(_scalar, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least
            ? value
            : throw Wrong($"a whole number of at least {least}");

    public int[] Int32List() => (_items ?? throw Wrong("a list")).Select(i => i.Int32(int.MinValue)).ToArray();

    public InputException Wrong(string expected)
    {
        var found = _scalar is { Length: > 60 } ? $"'{_scalar[..60]}...'" :
            _scalar is not null ? $"'{_scalar}'" :
            _items is not null ? $"a list of {_items.Count}" : "a mapping";
        return InputException.At(_where, found, expected);
    }

    private static YamlInput Value(Parser parser, string path, int depth)
    {
        var line = parser.Current is { } current ? current.Start.Line : 0;
        var where = $"{path}: line {line}";
        if (depth > MaxDepth) throw InputException.At(where, "deeper nesting", $"at most {MaxDepth} levels");
        if (parser.TryConsume<Scalar>(out var scalar)) return new YamlInput(where, scalar.Value, null, null);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlInput>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Value(parser, path, depth + 1));
            return new YamlInput(where, null, items, null);
        }

        if (!parser.TryConsume<MappingStart>(out _)) throw InputException.At(where, "an alias", "plain values");
        var members = new List<(YamlInput, YamlInput)>();
        var seen = new HashSet<string>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Value(parser, path, depth + 1);
            if (key._scalar is null) throw key.Wrong("a plain key");
            if (!seen.Add(key._scalar)) throw InputException.At(key._where, $"the key \"{key._scalar}\" again", "every key once");
            members.Add((key, Value(parser, path, depth + 1)));
        }

        return new YamlInput(where, null, null, members);
    }
}
