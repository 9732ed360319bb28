namespace Crossweave.Planning.Placement;

/// <summary>Load that no placement's busiest rank gets below when the tokens of an expert are split evenly over its replicas.</summary>
internal static class BalanceBound
{
    /// <summary>
    /// The larger of the mean rank load and the smallest possible largest share of a replica. Dealing redundant slots to the largest load
    /// per replica minimises that share, because any counts with a smaller one would need more slots. Tokens; O((S - E) E).
    /// </summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="slots">Slots for these experts.</param>
    /// <param name="ranks">Ranks that hold them.</param>
    /// <param name="count">Scratch, one per expert.</param>
    public static double Of(ReadOnlySpan<double> weight, int slots, int ranks, Span<int> count)
    {
        count.Fill(1);
        var hottest = 0;
        for (var slot = weight.Length; ; slot++)
        {
            hottest = 0;
            for (var e = 1; e < weight.Length; e++)
                if (weight[e] * count[hottest] > weight[hottest] * count[e])
                    hottest = e;
            if (slot == slots) break;
            count[hottest]++;
        }

        var total = 0.0;
        foreach (var w in weight) total += w;
        return Math.Max(total / ranks, weight[hottest] / count[hottest]);
    }
}
