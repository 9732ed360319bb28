namespace Crossweave.Planning.Locality;

/// <summary>
/// Occult's Algorithm 1 (arXiv 2505.13345; execution spec 3.2): the best pair on rank 0, seeds far from all placed experts, then every
/// rank takes the expert with the largest mean pair count to its members. All candidates for one place share the denominator of their
/// means, so sums are compared. Ties: smallest expert (smallest i, then j, for the pair). O(experts^2).
/// </summary>
internal static class OccultGreedy
{
    /// <param name="pairs">[expert, expert], symmetric, zero diagonal.</param>
    /// <param name="capacity">Experts per rank, not ascending; their sum is the number of experts.</param>
    /// <param name="roundRobin">Ranks take turns instead of filling up one after another.</param>
    /// <returns>Rank of each expert.</returns>
    public static int[] Place(ReadOnlySpan<long> pairs, ReadOnlySpan<int> capacity, bool roundRobin)
    {
        var (ranks, experts) = (capacity.Length, 0);
        foreach (var c in capacity) experts += c;
        var rankOf = new int[experts];
        Array.Fill(rankOf, -1);
        var free = capacity.ToArray();
        var placed = new long[experts]; // pairs of each expert with all placed ones
        var members = new long[ranks][]; // and with those on one rank
        for (var r = 0; r < ranks; r++) members[r] = new long[experts];

        var (first, second) = (0, experts > 1 ? 1 : 0);
        for (var i = 0; i < experts; i++)
            for (var j = i + 1; j < experts; j++)
                if (pairs[(i * experts) + j] > pairs[(first * experts) + second])
                    (first, second) = (i, j);
        Put(first, 0, pairs);
        if (free[0] > 0 && second != first) Put(second, 0, pairs);
        for (var r = 1; r < ranks && capacity[r] > 0; r++) Put(Next(placed, -1), r, pairs);
        while (Array.Exists(free, f => f > 0))
        {
            for (var r = 0; r < ranks; r++)
            {
                if (free[r] == 0) continue;
                Put(Next(members[r], 1), r, pairs);
                if (!roundRobin) r--; // stay until full
            }
        }

        return rankOf;

        int Next(long[] affinity, int sign)
        {
            var best = -1;
            for (var e = 0; e < experts; e++)
                if (rankOf[e] < 0 && (best < 0 || sign * affinity[e] > sign * affinity[best]))
                    best = e;
            return best;
        }

        void Put(int expert, int rank, ReadOnlySpan<long> counts)
        {
            rankOf[expert] = rank;
            free[rank]--;
            for (var e = 0; e < experts; e++)
            {
                placed[e] += counts[(expert * experts) + e];
                members[rank][e] += counts[(expert * experts) + e];
            }
        }
    }
}
