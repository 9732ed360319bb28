using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// A trace whose ids (and weights) stay in a memory-mapped file; blocks are converted to ushort when read. Nothing is loaded as a
/// whole: 10 million tokens x 60 layers x 8 choices occupy address space only.
/// </summary>
public sealed class ArrayTrace : RoutingTrace
{
    private readonly ChoiceArray _ids;
    private readonly WeightArray? _weights;
    private readonly int[]? _sourceRanks;
    private readonly ByteRegion[] _owned;

    internal ArrayTrace(
        ChoiceArray ids,
        int expertCount,
        IReadOnlyList<TokenSequence> sequences,
        IReadOnlyList<int>? layerIds,
        WeightArray? weights,
        int[]? sourceRanks,
        params ByteRegion[] owned)
    {
        SequenceTable.Check(sequences, ids.TokenCount);
        _ids = ids;
        _weights = weights;
        _sourceRanks = sourceRanks;
        _owned = owned;
        ExpertCount = expertCount;
        Sequences = sequences;
        LayerIds = layerIds ?? [.. Enumerable.Range(0, ids.LayerCount)];
    }

    public override int TokenCount => _ids.TokenCount;

    public override int LayerCount => _ids.LayerCount;

    public override int TopK => _ids.TopK;

    public override int ExpertCount { get; }

    public override IReadOnlyList<int> LayerIds { get; }

    public override IReadOnlyList<TokenSequence> Sequences { get; }

    public override bool HasWeights => _weights is not null;

    public override bool HasSourceRanks => _sourceRanks is not null;

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts)
    {
        var perToken = LayerCount * TopK;
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, perToken);
        _ids.Read((long)firstToken * perToken, experts[..(tokenCount * perToken)]);
    }

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts)
    {
        CheckLayer(layer);
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, TopK);
        _ids.ReadLayer(layer, firstToken, tokenCount, experts[..(tokenCount * TopK)]);
    }

    public override void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights)
    {
        if (_weights is null) base.ReadWeights(layer, firstToken, tokenCount, weights);
        CheckLayer(layer);
        SequenceTable.CheckRange(this, firstToken, tokenCount, weights.Length, TopK);
        _weights!.ReadLayer(layer, LayerCount, TopK, firstToken, tokenCount, weights);
    }

    public override void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks)
    {
        if (_sourceRanks is null) base.ReadSourceRanks(firstToken, tokenCount, ranks);
        _sourceRanks.AsSpan(firstToken, tokenCount).CopyTo(ranks);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            foreach (var region in _owned)
                region.Dispose();
        base.Dispose(disposing);
    }

    private void CheckLayer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, LayerCount);
    }
}
