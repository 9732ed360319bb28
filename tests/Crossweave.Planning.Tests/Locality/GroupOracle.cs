using System.Numerics;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Tests.Locality;

/// <summary>
/// The fewest copies of any division into equal groups, by dynamic programming over sets of placed experts: slow, for at most 16 experts, and without a line in common
/// with what it checks.
/// </summary>
internal static class GroupOracle
{
    /// <summary>
    /// Rank of each expert, ranks in order of their lowest expert; null when no partition keeps the cap. Ties: the group that the expert
    /// with the lowest id finds first in ascending bit patterns. O(C(E, n) sets + 2^E C(E-1, n-1)).
    /// </summary>
    /// <param name="sets">Tokens.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="ranks">Ranks, a divisor of the experts.</param>
    /// <param name="cap">Most rows of a rank.</param>
    public static int[]? Solve(TokenSets sets, ReadOnlySpan<long> load, int ranks, long cap)
    {
        var experts = sets.ExpertCount;
        var size = experts / ranks;
        var full = (1u << experts) - 1;
        var masks = new uint[sets.Count];
        for (var s = 0; s < masks.Length; s++)
            foreach (var e in sets.Experts(s))
                masks[s] |= 1u << e;
        var groups = new List<(uint Mask, long Tokens)>();
        for (var mask = 0u; mask <= full; mask++)
        {
            if (BitOperations.PopCount(mask) != size || Rows(mask, load) > cap) continue;
            var touched = 0L;
            for (var s = 0; s < masks.Length; s++)
                if ((masks[s] & mask) != 0)
                    touched += sets.Weight(s);
            groups.Add((mask, touched));
        }

        var best = new long[full + 1];
        var last = new uint[full + 1];
        Array.Fill(best, long.MaxValue);
        best[0] = 0;
        for (var placed = 0u; placed < full; placed++)
        {
            if (best[placed] == long.MaxValue) continue;
            var lowest = 1u << BitOperations.TrailingZeroCount(~placed);
            foreach (var (mask, tokens) in groups)
            {
                if ((mask & lowest) == 0 || (mask & placed) != 0 || best[placed] + tokens >= best[placed | mask]) continue;
                best[placed | mask] = best[placed] + tokens;
                last[placed | mask] = mask;
            }
        }

        if (best[full] == long.MaxValue) return null;
        var rankOf = new int[experts];
        var chosen = new List<uint>();
        for (var placed = full; placed != 0; placed ^= last[placed]) chosen.Add(last[placed]);
        chosen.Sort((a, b) => BitOperations.TrailingZeroCount(a).CompareTo(BitOperations.TrailingZeroCount(b)));
        for (var r = 0; r < chosen.Count; r++)
            for (var e = 0; e < experts; e++)
                if ((chosen[r] >> e & 1) != 0)
                    rankOf[e] = r;
        return rankOf;
    }

    private static long Rows(uint mask, ReadOnlySpan<long> load)
    {
        var rows = 0L;
        for (var e = 0; e < load.Length; e++)
            if ((mask >> e & 1) != 0)
                rows += load[e];
        return rows;
    }
}
