using Crossweave.Core.Units;

namespace Crossweave.Core.Models;

/// <summary>How token vectors look on the wire.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Bits">Bits per element.</param>
/// <param name="BlockSize">Elements that share one scale; 0 = no scales.</param>
/// <param name="ScaleBytes">Bytes of one scale.</param>
public sealed record NumberFormat(string Name, int Bits, int BlockSize = 0, int ScaleBytes = 0)
{
    /// <summary>
    /// fp8 carries one float32 scale per 128 elements, as DeepEP's dispatch does; mxfp4 and nvfp4 carry one byte per 32 and 16.
    /// </summary>
    public static readonly IReadOnlyList<NumberFormat> All =
    [
        new("fp32", 32), new("bf16", 16), new("fp16", 16), new("fp8", 8, 128, 4), new("fp8-unscaled", 8), new("int8", 8, 0, 0),
        new("mxfp4", 4, 32, 1), new("nvfp4", 4, 16, 1),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static NumberFormat Parse(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");

    public Bytes VectorBytes(int elements) =>
        new((((long)elements * Bits) + 7) / 8 + (BlockSize == 0 ? 0 : (elements + BlockSize - 1L) / BlockSize * ScaleBytes));
}
