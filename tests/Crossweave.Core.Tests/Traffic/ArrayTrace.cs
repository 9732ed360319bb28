using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Traffic;

/// <summary>A one-layer trace in memory.</summary>
internal sealed class ArrayTrace(ushort[] experts, int topK, int expertCount, int[] sequenceLengths, int[]? sources = null) : RoutingTrace
{
    public override int TokenCount => experts.Length / topK;

    public override int LayerCount => 1;

    public override int TopK => topK;

    public override int ExpertCount => expertCount;

    public override IReadOnlyList<int> LayerIds => [0];

    public override bool HasSourceRanks => sources is not null;

    public override IReadOnlyList<TokenSequence> Sequences
    {
        get
        {
            var first = 0;
            return [.. sequenceLengths.Select((count, i) => new TokenSequence((first += count) - count, count, $"s{i}", ""))];
        }
    }

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> target) => ReadLayer(0, firstToken, tokenCount, target);

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> target) =>
        experts.AsSpan(firstToken * topK, tokenCount * topK).CopyTo(target);

    public override void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks) => sources!.AsSpan(firstToken, tokenCount).CopyTo(ranks);
}
