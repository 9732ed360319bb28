namespace Crossweave.Core.Routing;

/// <summary>A trace held in arrays: generated routing, and formats that cannot be mapped. 2 bytes per choice.</summary>
public sealed class InMemoryTrace : RoutingTrace
{
    private readonly ushort[] _experts;
    private readonly float[]? _weights;
    private readonly int[]? _sourceRanks;

    /// <param name="layerCount">Layers.</param>
    /// <param name="topK">Experts per token and layer.</param>
    /// <param name="expertCount">Logical experts per layer.</param>
    /// <param name="experts">[token, layer, k], kept, not copied; distinct within a token and layer, below <paramref name="expertCount"/> (the caller's duty).</param>
    /// <param name="sequences">Cover all tokens in order; one sequence "all" when null.</param>
    /// <param name="weights">[token, layer, k] or null.</param>
    /// <param name="sourceRanks">[token] or null.</param>
    /// <param name="layerIds">Model layer numbers; 0, 1, ... when null.</param>
    public InMemoryTrace(
        int layerCount,
        int topK,
        int expertCount,
        ushort[] experts,
        IReadOnlyList<TokenSequence>? sequences = null,
        float[]? weights = null,
        int[]? sourceRanks = null,
        IReadOnlyList<int>? layerIds = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layerCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        ArgumentOutOfRangeException.ThrowIfLessThan(expertCount, topK);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expertCount, ushort.MaxValue + 1);
        if (experts.Length == 0 || experts.LongLength % ((long)layerCount * topK) != 0) throw new ArgumentException("experts must hold tokens x layers x k values, at least one token");
        LayerCount = layerCount;
        TopK = topK;
        ExpertCount = expertCount;
        TokenCount = (int)(experts.LongLength / ((long)layerCount * topK));
        if (weights is not null && weights.Length != experts.Length) throw new ArgumentException("one weight per choice");
        if (sourceRanks is not null && sourceRanks.Length != TokenCount) throw new ArgumentException("one source rank per token");
        if (layerIds is not null && layerIds.Count != layerCount) throw new ArgumentException("one layer id per layer");
        _experts = experts;
        _weights = weights;
        _sourceRanks = sourceRanks;
        LayerIds = layerIds ?? [.. Enumerable.Range(0, layerCount)];
        Sequences = sequences ?? SequenceTable.Whole(TokenCount, "all");
        SequenceTable.Check(Sequences, TokenCount);
    }

    public override int TokenCount { get; }

    public override int LayerCount { get; }

    public override int TopK { get; }

    public override int ExpertCount { get; }

    public override IReadOnlyList<int> LayerIds { get; }

    public override IReadOnlyList<TokenSequence> Sequences { get; }

    public override bool HasWeights => _weights is not null;

    public override bool HasSourceRanks => _sourceRanks is not null;

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts)
    {
        var perToken = LayerCount * TopK;
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, perToken);
        _experts.AsSpan(firstToken * perToken, tokenCount * perToken).CopyTo(experts);
    }

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts) =>
        ReadLayer(_experts, layer, firstToken, tokenCount, experts);

    public override void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights)
    {
        if (_weights is null) base.ReadWeights(layer, firstToken, tokenCount, weights);
        else ReadLayer(_weights, layer, firstToken, tokenCount, weights);
    }

    public override void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks)
    {
        if (_sourceRanks is null) base.ReadSourceRanks(firstToken, tokenCount, ranks);
        else _sourceRanks.AsSpan(firstToken, tokenCount).CopyTo(ranks);
    }

    private void ReadLayer<T>(T[] values, int layer, int firstToken, int tokenCount, Span<T> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, LayerCount);
        var k = TopK;
        SequenceTable.CheckRange(this, firstToken, tokenCount, target.Length, k);
        var perToken = LayerCount * k;
        var from = (firstToken * perToken) + (layer * k);
        for (var t = 0; t < tokenCount; t++, from += perToken)
        {
            for (var i = 0; i < k; i++) target[(t * k) + i] = values[from + i];
        }
    }
}
