using System.Text.Json;
using Crossweave.Core.Formats.Containers;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Whole numbers with a rectangular shape, C order.</summary>
/// <param name="Shape">Dimensions.</param>
/// <param name="Values">Product of the dimensions.</param>
internal sealed record IntegerArray(int[] Shape, long[] Values)
{
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Nested lists of equal lengths.</summary>
    /// <param name="value">Outermost list.</param>
    /// <param name="leastRank">Fewest dimensions.</param>
    /// <param name="mostRank">Most dimensions.</param>
    /// <param name="where">Path for messages.</param>
    public static IntegerArray FromJson(JsonElement value, int leastRank, int mostRank, string where)
    {
        var shape = new List<int>();
        var total = 1L;
        for (var first = value; first.ValueKind == JsonValueKind.Array;)
        {
            var length = first.GetArrayLength();
            if (length == 0) throw InputException.At(where, "an empty list", "at least one value in every dimension");
            shape.Add(length);
            total *= length;
            if (shape.Count > mostRank || total > Array.MaxLength / 8) break;
            first = first[0];
        }

        if (shape.Count < leastRank || shape.Count > mostRank)
            throw InputException.At(where, $"lists {shape.Count} deep", leastRank == mostRank ? $"{leastRank} dimensions" : $"{leastRank} to {mostRank} dimensions");
        // Lists that are shorter than the first ones promise are found below, before so much is allocated.
        var values = new List<long>();
        Fill(value, shape, 0, values, where);
        return new IntegerArray([.. shape], [.. values]);
    }

    private static void Fill(JsonElement value, List<int> shape, int depth, List<long> values, string where)
    {
        if (depth == shape.Count)
        {
            // 1234.0 is a whole number too: arrays of floats are often written that way.
            var exact = ForeignJson.TryWhole(value, out var n);
            if (!exact) throw InputException.At(where, ForeignJson.Text(value), "a whole number");
            values.Add(n);
            return;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != shape[depth])
            throw InputException.At(where, value.ValueKind == JsonValueKind.Array ? $"a list of {value.GetArrayLength()}" : ForeignJson.Kind(value), $"a list of {shape[depth]} as the first one");
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (depth == shape.Count - 1 && item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var n)) values.Add(n);
            else Fill(item, shape, depth + 1, values, $"{where}[{index}]");
            index++;
        }
    }
}
