namespace Crossweave.Core.Routing.Synthetic;

/// <summary>Generated routing, in memory.</summary>
public sealed class SyntheticTrace : RoutingTrace
{
    private readonly ushort[] _experts;
    private readonly float[]? _weights;

    /// <param name="layerIds">Model layer numbers; their count is the number of layers.</param>
    /// <param name="topK">Experts per token and layer.</param>
    /// <param name="expertCount">Logical experts per layer.</param>
    /// <param name="experts">[token, layer, k], row-major; kept, not copied.</param>
    /// <param name="weights">Gate weights in the same order, or null; kept, not copied.</param>
    /// <param name="sequences">Sequences that cover every token once, in order.</param>
    internal SyntheticTrace(IReadOnlyList<int> layerIds, int topK, int expertCount, ushort[] experts, float[]? weights, IReadOnlyList<TokenSequence> sequences)
    {
        LayerIds = layerIds;
        TopK = topK;
        ExpertCount = expertCount;
        TokenCount = experts.Length / layerIds.Count / topK;
        _experts = experts;
        _weights = weights;
        Sequences = sequences;
    }

    public override int TokenCount { get; }

    public override int LayerCount => LayerIds.Count;

    public override int TopK { get; }

    public override int ExpertCount { get; }

    public override IReadOnlyList<int> LayerIds { get; }

    public override IReadOnlyList<TokenSequence> Sequences { get; }

    public override bool HasWeights => _weights is not null;

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts) =>
        _experts.AsSpan(Row(firstToken, 0), tokenCount * LayerCount * TopK).CopyTo(experts);

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts)
    {
        for (var t = 0; t < tokenCount; t++) _experts.AsSpan(Row(firstToken + t, layer), TopK).CopyTo(experts[(t * TopK)..]);
    }

    public override void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights)
    {
        if (_weights is null) throw new NotSupportedException("this trace has no gate weights");
        for (var t = 0; t < tokenCount; t++) _weights.AsSpan(Row(firstToken + t, layer), TopK).CopyTo(weights[(t * TopK)..]);
    }

    private int Row(int token, int layer) => ((token * LayerCount) + layer) * TopK;
}
