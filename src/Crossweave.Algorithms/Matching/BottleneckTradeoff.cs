namespace Crossweave.Algorithms.Matching;

/// <summary>What the maxima of all tables cost together; non-decreasing in every one.</summary>
public delegate long TradeoffCost(ReadOnlySpan<long> maxima);

/// <summary>
/// Assignment of n rows to n columns that minimises f(max C_1, ..., max C_T), where max C_t is the largest chosen entry of table t and f is
/// non-decreasing. Exact. With f = w_1 max C_1 + max C_2 it is the two-threshold bottleneck matching of deployment spec 3.6.
/// </summary>
/// <remarks>
/// Method: walk the Pareto front. At a threshold on the first table everything above it is forbidden and the rest solved; with two tables
/// the next threshold is the smallest that lets the second be strictly smaller, itself a bottleneck matching. At most n^2 points of two
/// bottleneck matchings each; every further table multiplies by n^2. A branch ends when f of its threshold and the bottlenecks of the
/// later tables is no improvement. Tie rule: the first (smallest) threshold that gives the best value.
/// </remarks>
public static class BottleneckTradeoff
{
    /// <param name="tables">At least one; n x n, row-major, below <see cref="BottleneckMatching.Forbidden"/>.</param>
    /// <param name="size">n.</param>
    /// <param name="cost">f, with one maximum per table.</param>
    /// <param name="columnOfRow">The assignment.</param>
    /// <returns>The smallest value of f.</returns>
    public static long Solve(IReadOnlyList<long[]> tables, int size, TradeoffCost cost, Span<int> columnOfRow)
    {
        var search = new Search(tables, size, cost);
        search.Walk(0, new bool[size * size]);
        search.Found.CopyTo(columnOfRow);
        return search.Best;
    }

    private sealed class Search(IReadOnlyList<long[]> tables, int size, TradeoffCost cost)
    {
        private readonly BottleneckMatching _matching = new(size);
        private readonly long[] _masked = new long[size * size];
        private readonly long[] _maxima = new long[tables.Count];

        public long Best { get; private set; } = BottleneckMatching.Forbidden;

        public int[] Found { get; } = new int[size];

        /// <summary>Tries tables t and later; the maxima of the earlier ones are set, pairs above them forbidden.</summary>
        /// <returns>The maximum of the last table, when t is the last; else meaningless.</returns>
        public long Walk(int t, bool[] forbidden)
        {
            var threshold = Bottleneck(tables[t], forbidden);
            if (t == tables.Count - 1)
            {
                if (threshold == BottleneckMatching.Forbidden) return threshold;
                _maxima[t] = threshold;
                if (cost(_maxima) is var value && value < Best)
                {
                    Best = value;
                    _matching.ColumnOfRow.CopyTo(Found);
                }

                return threshold;
            }

            if (threshold == BottleneckMatching.Forbidden) return threshold;
            var least = new long[tables.Count]; // the later tables cannot stay below their own bottlenecks
            for (var u = t + 1; u < tables.Count; u++) least[u] = Bottleneck(tables[u], forbidden);
            var (inner, useful) = (new bool[forbidden.Length], (bool[])forbidden.Clone());
            while (threshold != BottleneckMatching.Forbidden)
            {
                least.AsSpan(t + 1).CopyTo(_maxima.AsSpan(t + 1));
                _maxima[t] = threshold;
                if (cost(_maxima) >= Best) break;
                for (var k = 0; k < inner.Length; k++) inner[k] = forbidden[k] || tables[t][k] > threshold;
                var last = Walk(t + 1, inner);
                if (t < tables.Count - 2)
                {
                    threshold = Above(tables[t], threshold);
                    continue;
                }

                // A larger threshold pays only when the last table gets strictly smaller.
                for (var k = 0; k < useful.Length; k++) useful[k] |= tables[t + 1][k] >= last;
                threshold = Bottleneck(tables[t], useful);
            }

            return BottleneckMatching.Forbidden;
        }

        private long Bottleneck(long[] table, bool[] forbidden)
        {
            for (var k = 0; k < table.Length; k++) _masked[k] = forbidden[k] ? BottleneckMatching.Forbidden : table[k];
            return _matching.Solve(_masked);
        }

        private static long Above(long[] table, long threshold)
        {
            var next = BottleneckMatching.Forbidden;
            foreach (var c in table)
                if (c > threshold && c < next)
                    next = c;
            return next;
        }
    }
}
