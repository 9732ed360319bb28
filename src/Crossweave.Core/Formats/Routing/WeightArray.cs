using System.Globalization;
using Crossweave.Core.Formats.Containers;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Gate weights [token, layer, k] as they lie in a file: floats, or integers that stand for weight x 10^digits.</summary>
/// <param name="Bytes">File or memory.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Type">Element type.</param>
/// <param name="Scale">Factor from the stored number to the weight.</param>
internal sealed record WeightArray(ByteRegion Bytes, long Offset, ElementType Type, float Scale)
{
    /// <summary>"weights" holds floats; "weights_e4" holds integers, weight x 10^4.</summary>
    /// <exception cref="InputException">The element type does not go with the name.</exception>
    public static float ScaleOf(string name, ElementType type, string where)
    {
        if (type.IsFloat()) return 1;
        var e = name.LastIndexOf("_e", StringComparison.Ordinal);
        if (!type.IsInteger() || e < 0 || !int.TryParse(name.AsSpan(e + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var digits) || digits > 9)
            throw InputException.At(where, $"{type.Name()} weights under the name '{name}'", "floats, or integers named weights_e<digits> (weight x 10^digits)");
        return (float)(1 / Math.Pow(10, digits));
    }

    /// <exception cref="InputException">The first weight that is no number.</exception>
    public void CheckFinite(long count, int layers, int topK, string where)
    {
        if (!Type.IsFloat()) return;
        var block = new float[1 << 14];
        for (var first = 0L; first < count; first += block.Length)
        {
            var values = block.AsSpan(0, (int)Math.Min(block.Length, count - first));
            ElementTypes.ReadFloats(Type, Bytes.Slice(Offset + (first * Type.Size()), values.Length * Type.Size()), values);
            for (var i = 0; i < values.Length; i++)
            {
                if (float.IsFinite(values[i])) continue;
                var row = (first + i) / topK;
                throw InputException.At($"{where}: token {row / layers}, layer index {row % layers}, choice {(first + i) % topK}", $"weight {values[i]}", "a finite number");
            }
        }
    }

    public void ReadLayer(int layer, int layers, int topK, int firstToken, int tokenCount, Span<float> target)
    {
        var size = Type.Size();
        var perToken = layers * topK;
        for (var t = 0; t < tokenCount; t++)
        {
            var first = ((long)(firstToken + t) * perToken) + (layer * topK);
            ElementTypes.ReadFloats(Type, Bytes.Slice(Offset + (first * size), topK * size), target.Slice(t * topK, topK));
        }

        if (Scale != 1)
            foreach (ref var w in target[..(tokenCount * topK)])
                w *= Scale;
    }
}
