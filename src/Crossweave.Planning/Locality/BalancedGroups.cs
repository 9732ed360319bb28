namespace Crossweave.Planning.Locality;

/// <summary>
/// Groups of given sizes with a small largest load: heaviest expert first onto the lightest rank with room, then exchanges with the busiest rank until none
/// lowers it. What it reaches is the least cap that may be asked of a layer: one expert can be so hot that no placement keeps a lower one.
/// O(experts x ranks + exchanges x experts^2 / ranks). Ties: lowest expert, lowest rank.
/// </summary>
internal static class BalancedGroups
{
    /// <param name="load">Rows per expert.</param>
    /// <param name="capacity">Experts per rank; their sum is the number of experts.</param>
    /// <returns>Rank of each expert and rows of the busiest rank.</returns>
    public static (int[] RankOf, long Busiest) Place(ReadOnlySpan<long> load, ReadOnlySpan<int> capacity)
    {
        var rankOf = new int[load.Length];
        var (rows, free) = (new long[capacity.Length], capacity.ToArray());
        var order = new (long MinusLoad, int Expert)[load.Length];
        for (var e = 0; e < order.Length; e++) order[e] = (-load[e], e);
        Array.Sort(order);
        foreach (var (_, expert) in order)
        {
            var lightest = -1;
            for (var r = 0; r < rows.Length; r++)
                if (free[r] > 0 && (lightest < 0 || rows[r] < rows[lightest]))
                    lightest = r;
            rankOf[expert] = lightest;
            free[lightest]--;
            rows[lightest] += load[expert];
        }

        while (true)
        {
            var busiest = Array.IndexOf(rows, rows.Max());
            var (least, hot, cold) = (rows[busiest], -1, -1);
            for (var i = 0; i < load.Length; i++)
            {
                if (rankOf[i] != busiest) continue;
                for (var j = 0; j < load.Length; j++)
                {
                    if (load[j] >= load[i] || rankOf[j] == busiest) continue;
                    var after = Math.Max(rows[busiest] - load[i] + load[j], rows[rankOf[j]] + load[i] - load[j]);
                    if (after < least) (least, hot, cold) = (after, i, j);
                }
            }

            if (hot < 0) return (rankOf, rows[busiest]);
            rows[busiest] -= load[hot] - load[cold];
            rows[rankOf[cold]] += load[hot] - load[cold];
            (rankOf[hot], rankOf[cold]) = (rankOf[cold], busiest);
        }
    }
}
