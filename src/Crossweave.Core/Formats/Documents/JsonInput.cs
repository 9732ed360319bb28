using System.Text.Json;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// A value of a JSON file together with where it stands, so that every error names file, key and position. Unknown and repeated
/// keys are refused. Use: <c>using var file = JsonInput.Open(path); file.Root.Members("ranks", "layers")</c>.
/// </summary>
public readonly struct JsonInput
{
    private const int LongestMessage = 160;

    private readonly JsonElement _element;
    private readonly string _file;
    private readonly string _at;

    private JsonInput(JsonElement element, string file, string at)
    {
        _element = element;
        _file = file;
        _at = at;
    }

    /// <summary>File and key, for example "W.json: layers[3].expertOfSlot".</summary>
    public string Where => _at.Length == 0 ? _file : $"{_file}: {_at}";

    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    public bool IsNull => _element.ValueKind == JsonValueKind.Null;

    public int Length => IsArray ? _element.GetArrayLength() : throw Wrong("a list");

    /// <exception cref="InputException">Not readable or not JSON; the line and column of the first error are named.</exception>
    public static JsonFile Open(string path)
    {
        try
        {
            return new JsonFile(JsonDocument.Parse(InputFile.ReadUtf8(path), new JsonDocumentOptions { AllowDuplicateProperties = false }), path);
        }
        catch (JsonException e)
        {
            var place = e.LineNumber is { } line ? $" at line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1}" : "";
            throw new InputException($"{path}: not valid JSON{place}: {Reason(e)}", e);
        }
    }

    /// <summary>
    /// What the parser complains about, without the position that it appends and its own types; at most 160 characters, because it quotes what it
    /// found, which can be the whole file.
    /// </summary>
    internal static string Reason(JsonException e)
    {
        var message = e.Message;
        foreach (var tail in (ReadOnlySpan<string>)[" Path: ", " LineNumber: ", " Expected the input to start"])
            if (message.IndexOf(tail, StringComparison.Ordinal) is > 0 and var at)
                message = message[..at];
        if (message.Contains("could not be converted", StringComparison.Ordinal)) return "found a value of another kind than this key has";
        return message.Length <= LongestMessage ? message : string.Concat(message.AsSpan(0, LongestMessage), "...");
    }

    /// <summary>The required member <paramref name="key"/>.</summary>
    public JsonInput this[string key] => Find(key) ?? throw InputException.At(Where, $"no \"{key}\"", $"the key \"{key}\"");

    /// <summary>The member <paramref name="key"/>, or null when absent.</summary>
    public JsonInput? Find(string key)
    {
        if (!IsObject) throw Wrong("an object");
        return _element.TryGetProperty(key, out var value) ? new JsonInput(value, _file, _at.Length == 0 ? key : $"{_at}.{key}") : null;
    }

    /// <summary>Refuses anything but an object whose keys are all in <paramref name="known"/>.</summary>
    public void AllowOnly(params ReadOnlySpan<string> known)
    {
        foreach (var (key, _) in Members())
            if (!known.Contains(key))
                throw InputException.At(Where, $"the unknown key \"{key}\"", $"only {string.Join(", ", known.ToArray())}");
    }

    /// <summary>Key and value of every member, in file order.</summary>
    public IReadOnlyList<(string Key, JsonInput Value)> Members()
    {
        if (!IsObject) throw Wrong("an object");
        var members = new List<(string, JsonInput)>();
        foreach (var property in _element.EnumerateObject())
        {
            string name;
            try
            {
                name = property.Name;
            }
            catch (InvalidOperationException e)
            {
                throw new InputException($"{Where}: found a key that is not valid text, expected Unicode", e);
            }

            members.Add((name, new JsonInput(property.Value, _file, _at.Length == 0 ? name : $"{_at}.{name}")));
        }

        return members;
    }

    /// <summary>The elements of a list.</summary>
    public IReadOnlyList<JsonInput> Items()
    {
        var items = new List<JsonInput>(Length);
        foreach (var item in _element.EnumerateArray()) items.Add(new JsonInput(item, _file, $"{_at}[{items.Count}]"));
        return items;
    }

    public string Text()
    {
        if (_element.ValueKind != JsonValueKind.String) throw Wrong("a text");
        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{Where}: found text with an unpaired surrogate, expected Unicode", e);
        }
    }

    public long Int64(long least = 0, long most = long.MaxValue) =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetInt64(out var value) && value >= least && value <= most
            ? value
            : throw Wrong(most == long.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    public int Int32(int least = 0, int most = int.MaxValue) => (int)Int64(least, most);

    public bool Boolean() => _element.ValueKind is JsonValueKind.True or JsonValueKind.False ? _element.GetBoolean() : throw Wrong("true or false");

    public double Double() =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw Wrong("a number");

    /// <summary>A list of whole numbers that fit 32 bits, negative ones included (range faults are reported by the caller).</summary>
    public int[] Int32List()
    {
        var values = new int[Length];
        var i = 0;
        foreach (var item in _element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out values[i]))
                throw new JsonInput(item, _file, $"{_at}[{i}]").Wrong("a whole number");
            i++;
        }

        return values;
    }

    /// <summary>A list of non-negative whole numbers; 90.0 and 1.32e2 are whole, as other languages write counts.</summary>
    public long[] Int64List()
    {
        var values = new long[Length];
        var i = 0;
        foreach (var item in _element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !IsWhole(item, out values[i]) || values[i] < 0)
                throw new JsonInput(item, _file, $"{_at}[{i}]").Wrong("a non-negative whole number");
            i++;
        }

        return values;
    }

    private static bool IsWhole(JsonElement number, out long value)
    {
        if (number.TryGetInt64(out value)) return true;
        if (!number.TryGetDecimal(out var d) || d != decimal.Truncate(d) || d < 0 || d > long.MaxValue) return false;
        value = (long)d;
        return true;
    }

    /// <summary>The error for this value: names it and what was expected.</summary>
    public InputException Wrong(string expected)
    {
        var raw = _element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => $"a list of {_element.GetArrayLength()}",
            _ => _element.GetRawText(),
        };
        return InputException.At(Where, raw.Length > 60 ? raw[..60] + "..." : raw, expected);
    }

    internal static JsonInput Root(JsonDocument document, string path) => new(document.RootElement, path, "");
}

/// <summary>An open JSON file.</summary>
public sealed class JsonFile(JsonDocument document, string path) : IDisposable
{
    public JsonInput Root => JsonInput.Root(document, path);

    public void Dispose() => document.Dispose();
}
