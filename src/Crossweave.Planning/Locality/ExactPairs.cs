using Crossweave.Algorithms.Matching;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Two experts per rank with the fewest copies, proven, for any number of experts and any experts per token: every token of both saves one copy,
/// so that the best pairs are a perfect matching of largest weight, and pairs above the cap are left out (execution spec 3.3).
/// </summary>
internal static class ExactPairs
{
    public static bool CanSolve(int experts, int ranks) => experts == 2 * ranks;

    /// <summary>Rank of each expert, ranks in order of their lowest expert; null when no pairs keep the cap. At worst O(experts^4).</summary>
    /// <param name="sets">Tokens.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="cap">Most rows of a rank.</param>
    public static int[]? Solve(TokenSets sets, ReadOnlySpan<long> load, long cap)
    {
        var experts = sets.ExpertCount;
        var weight = sets.Pairs();
        for (var i = 0; i < experts; i++)
            for (var j = 0; j < experts; j++)
                if (load[i] + load[j] > cap)
                    weight[(i * experts) + j] = PerfectMatching.Forbidden;
        if (PerfectMatching.Largest(experts, weight) is not { } mate) return null;
        var rankOf = new int[experts];
        for (var (e, rank) = (0, 0); e < experts; e++)
            rankOf[e] = mate[e] > e ? rank++ : rankOf[mate[e]];
        return rankOf;
    }
}
