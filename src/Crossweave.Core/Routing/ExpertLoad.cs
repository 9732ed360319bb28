namespace Crossweave.Core.Routing;

/// <summary>Tokens per (layer, expert). Integers, so that sums do not depend on their order.</summary>
public sealed class ExpertLoad
{
    private readonly long[] _tokens;

    /// <param name="layerCount">Layers.</param>
    /// <param name="expertCount">Logical experts per layer.</param>
    /// <param name="tokens">[layer, expert], row-major, non-negative; kept, not copied.</param>
    /// <param name="layerIds">Model layer numbers; 0, 1, ... when null.</param>
    public ExpertLoad(int layerCount, int expertCount, long[] tokens, IReadOnlyList<int>? layerIds = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layerCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(expertCount);
        if (tokens.LongLength != (long)layerCount * expertCount) throw new ArgumentException("tokens must hold layers x experts values");
        if (layerIds is not null && layerIds.Count != layerCount) throw new ArgumentException("one layer id per layer");
        foreach (var t in tokens)
            if (t < 0)
                throw new ArgumentException("loads must not be negative");
        LayerCount = layerCount;
        ExpertCount = expertCount;
        _tokens = tokens;
        LayerIds = layerIds ?? [.. Enumerable.Range(0, layerCount)];
    }

    public int LayerCount { get; }

    public int ExpertCount { get; }

    public IReadOnlyList<int> LayerIds { get; }

    public ReadOnlySpan<long> Layer(int layer) => _tokens.AsSpan(layer * ExpertCount, ExpertCount);
}
