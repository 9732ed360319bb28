using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>Token t of the trace on rank t mod ranks: perfectly even, but sequences are torn apart.</summary>
public sealed class RoundRobinSourceRanks : ISourceRankRule
{
    public string Name => "round-robin";

    public string Summary => "token t on rank t mod ranks";

    public int[] Assign(RoutingTrace trace, int firstToken, int tokenCount, int rankCount)
    {
        var ranks = new int[tokenCount];
        for (var t = 0; t < tokenCount; t++) ranks[t] = (int)(((long)firstToken + t) % rankCount);
        return ranks;
    }
}
