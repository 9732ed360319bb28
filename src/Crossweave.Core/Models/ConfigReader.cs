using System.Text.Json;

namespace Crossweave.Core.Models;

/// <summary>Looks facts up under several spellings, in one object and in the ffn_config that DBRX keeps inside it.</summary>
internal sealed class ConfigReader(JsonElement config, string where)
{
    public string Where => where;

    public bool Has(string key) => Find(key) is not null;

    /// <exception cref="InputException">None of the keys is there, or its value is not a whole number of at least the minimum.</exception>
    public int Need(string fact, int minimum, params string[] keys)
    {
        if (Optional(keys) is not { } value) throw InputException.At(where, $"no key for {fact}", string.Join(" or ", keys));
        if (value < minimum) throw InputException.At(where, $"{value} for {fact}", $"at least {minimum}");
        return value;
    }

    /// <summary>Null when absent or null. A list of equal numbers, one per layer, counts as that number.</summary>
    /// <exception cref="InputException">The value is something else than a whole number.</exception>
    public int? Optional(params string[] keys)
    {
        foreach (var key in keys)
        {
            if (Find(key) is not { } element || element.ValueKind is JsonValueKind.False or JsonValueKind.True) continue;
            if (element.ValueKind == JsonValueKind.Array) return Same(key, element);
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var value))
                throw InputException.At($"{where}: key {key}", element.GetRawText(), "a whole number");
            return value;
        }

        return null;
    }

    public string? Text(string key) => Find(key) is { ValueKind: JsonValueKind.String } element ? element.GetString() : null;

    /// <summary>Null when absent or not a list.</summary>
    public int[]? List(string key)
    {
        if (Find(key) is not { ValueKind: JsonValueKind.Array } element) return null;
        return [.. element.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out var value)
            ? value
            : throw InputException.At($"{where}: key {key}", e.GetRawText(), "a list of whole numbers"))];
    }

    private int? Same(string key, JsonElement list)
    {
        var values = List(key)!;
        if (values.Length == 0) return null;
        foreach (var value in values)
            if (value != values[0])
                throw InputException.At($"{where}: key {key}", list.GetRawText(), "the same number for every layer");
        return values[0];
    }

    private JsonElement? Find(string key)
    {
        if (config.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null) return value;
        if (config.TryGetProperty("ffn_config", out var inner) && inner.ValueKind == JsonValueKind.Object &&
            inner.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null) return value;
        return null;
    }
}
