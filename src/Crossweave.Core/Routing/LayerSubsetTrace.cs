namespace Crossweave.Core.Routing;

/// <summary>Some layers of another trace, in the order given. Does not own the other trace.</summary>
public sealed class LayerSubsetTrace : RoutingTrace
{
    private readonly RoutingTrace _trace;
    private readonly int[] _layers;

    /// <param name="trace">Where they come from.</param>
    /// <param name="layers">Indices into it.</param>
    public LayerSubsetTrace(RoutingTrace trace, int[] layers)
    {
        foreach (var l in layers) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)l, (uint)trace.LayerCount, nameof(layers));
        (_trace, _layers) = (trace, layers);
    }

    public override int TokenCount => _trace.TokenCount;

    public override int LayerCount => _layers.Length;

    public override int TopK => _trace.TopK;

    public override int ExpertCount => _trace.ExpertCount;

    public override IReadOnlyList<int> LayerIds => Array.ConvertAll(_layers, l => _trace.LayerIds[l]);

    public override IReadOnlyList<TokenSequence> Sequences => _trace.Sequences;

    public override bool HasWeights => _trace.HasWeights;

    public override bool HasSourceRanks => _trace.HasSourceRanks;

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts)
    {
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, LayerCount * TopK);
        var layer = new ushort[tokenCount * TopK];
        for (var l = 0; l < _layers.Length; l++)
        {
            _trace.ReadLayer(_layers[l], firstToken, tokenCount, layer);
            for (var t = 0; t < tokenCount; t++) layer.AsSpan(t * TopK, TopK).CopyTo(experts[(((t * _layers.Length) + l) * TopK)..]);
        }
    }

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts) => _trace.ReadLayer(_layers[layer], firstToken, tokenCount, experts);

    public override void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights) => _trace.ReadWeights(_layers[layer], firstToken, tokenCount, weights);

    public override void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks) => _trace.ReadSourceRanks(firstToken, tokenCount, ranks);
}
