using System.Text.Json;

namespace Crossweave.Core.Formats.Containers;

/// <summary>JSON of foreign programs, read with one-line errors: syntax with line and position, values with the path of their key.</summary>
internal static class ForeignJson
{
    private const long MaxBytes = 1L << 30;

    /// <summary>Reads a whole file and hands its root to <paramref name="read"/>.</summary>
    public static T ReadFile<T>(string path, Func<JsonElement, T> read)
    {
        using var bytes = ByteRegion.Open(path);
        if (bytes.Length > MaxBytes) throw InputException.At(path, $"{bytes.Length} bytes of JSON", $"at most {MaxBytes}");
        return Parse(bytes.Slice(0, (int)bytes.Length).ToArray(), path, read);
    }

    public static T Parse<T>(byte[] utf8, string where, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw SyntaxError(e, where);
        }
    }

    /// <summary>The one-line form of what System.Text.Json throws for bad syntax, wrong kinds of value and text that is no Unicode.</summary>
    public static InputException SyntaxError(Exception e, string where) => e is JsonException { LineNumber: { } line, BytePositionInLine: { } at }
        ? InputException.At($"{where}: line {line + 1}, byte {at + 1}", "a JSON syntax error", "valid JSON")
        : InputException.At(where, $"an unusable JSON value ({e.Message.TrimEnd('.')})", "valid JSON of the documented form");

    public static JsonElement Member(JsonElement parent, string key, string where)
    {
        if (parent.ValueKind != JsonValueKind.Object) throw InputException.At(where, Kind(parent), "an object");
        if (!parent.TryGetProperty(key, out var value)) throw InputException.At(where, $"no key '{key}'", "that key");
        return value;
    }

    public static int Int(JsonElement parent, string key, string where, int least, int most)
    {
        var value = Member(parent, key, where);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var n) && n >= least && n <= most) return n;
        throw InputException.At($"{where}.{key}", Text(value), $"a whole number in [{least}, {most}]");
    }

    /// <summary>A list of whole numbers.</summary>
    public static long[] Integers(JsonElement list, string where)
    {
        var values = new long[Length(list, where)];
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out values[i])) throw InputException.At($"{where}[{i}]", Text(item), "a whole number");
            i++;
        }

        return values;
    }

    /// <summary>A whole number, also when it is written as 1234.0 or 1e3, as programs do that keep counts in floats.</summary>
    public static bool TryWhole(JsonElement value, out long whole)
    {
        whole = 0;
        if (value.ValueKind != JsonValueKind.Number) return false;
        if (value.TryGetInt64(out whole)) return true;
        if (!value.TryGetDecimal(out var exact) || exact != decimal.Truncate(exact) || exact is > long.MaxValue or < long.MinValue) return false;
        whole = (long)exact;
        return true;
    }

    /// <summary>Length of a list.</summary>
    public static int Length(JsonElement list, string where) =>
        list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : throw InputException.At(where, Kind(list), "a list");

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>Short text of a value for messages.</summary>
    public static string Text(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) return Kind(value);
        var raw = value.GetRawText();
        return raw.Length <= 40 ? raw : raw[..40] + "...";
    }
}
