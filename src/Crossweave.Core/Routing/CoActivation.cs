namespace Crossweave.Core.Routing;

/// <summary>
/// Tokens that chose both experts of a pair, per layer. Symmetric with a zero diagonal; integers, so that means compare exactly
/// (execution spec 3.1). A row sums to (k - 1) times the tokens of its expert.
/// </summary>
public sealed class CoActivation
{
    private readonly long[][] _tokens;

    /// <param name="expertCount">Logical experts per layer.</param>
    /// <param name="tokens">Per layer [expert, expert], row-major; kept, not copied.</param>
    /// <exception cref="ArgumentException">Wrong shape, a value off the diagonal that differs from its mirror, or a diagonal above 0.</exception>
    public CoActivation(int expertCount, long[][] tokens)
    {
        foreach (var layer in tokens)
        {
            if (layer.LongLength != (long)expertCount * expertCount) throw new ArgumentException("experts x experts values per layer");
            for (var i = 0; i < expertCount; i++)
                for (var j = 0; j <= i; j++)
                    if (layer[(i * expertCount) + j] != layer[(j * expertCount) + i] || layer[(i * expertCount) + j] < 0 || (i == j && layer[(i * expertCount) + j] != 0))
                        throw new ArgumentException($"pair ({i}, {j}): counts must be non-negative, symmetric, with a zero diagonal");
        }

        ExpertCount = expertCount;
        _tokens = tokens;
    }

    public int ExpertCount { get; }

    public int LayerCount => _tokens.Length;

    /// <summary>[expert, expert], row-major.</summary>
    public ReadOnlySpan<long> Layer(int layer) => _tokens[layer];

    public long Tokens(int layer, int expert, int other) => _tokens[layer][(expert * ExpertCount) + other];
}
