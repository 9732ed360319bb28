using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>The rank that the trace recorded for each token; the expert-parallel group must be at least that large.</summary>
public sealed class RecordedSourceRanks : ISourceRankRule
{
    public string Name => "from-trace";

    public string Summary => "the source rank recorded in the trace";

    public int[] Assign(RoutingTrace trace, int firstToken, int tokenCount, int rankCount)
    {
        if (!trace.HasSourceRanks) throw InputException.At($"source ranks '{Name}'", "a trace without recorded ranks", "by-sequence or round-robin");
        var ranks = new int[tokenCount];
        trace.ReadSourceRanks(firstToken, tokenCount, ranks);
        for (var t = 0; t < tokenCount; t++)
            if ((uint)ranks[t] >= (uint)rankCount)
                throw InputException.At($"source ranks '{Name}', token {firstToken + t}", $"rank {ranks[t]}", $"0 to {rankCount - 1}");
        return ranks;
    }
}
