namespace Crossweave.Cli.Bench;

/// <summary>Textbook O(n^3) Hungarian method with potentials, 64-bit, from scratch every time: the plain reference of the bench.</summary>
internal static class PlainHungarian
{
    /// <summary>Greedy max-weight decomposition with it.</summary>
    /// <returns>Sum over the matchings of the largest carried entry.</returns>
    public static long Decompose(long[] cells, int n)
    {
        var left = (long[])cells.Clone();
        for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
        var total = 0L;
        while (true)
        {
            var columns = Maximize(left, n);
            var longest = 0L;
            for (var i = 0; i < n; i++)
            {
                longest = Math.Max(longest, left[(i * n) + columns[i]]);
                left[(i * n) + columns[i]] = 0;
            }

            if (longest == 0) return total;
            total += longest;
        }
    }

    private static int[] Maximize(long[] weights, int n)
    {
        var u = new long[n + 1];
        var v = new long[n + 1];
        var rowOfColumn = new int[n + 1];
        var way = new int[n + 1];
        for (var i = 1; i <= n; i++)
        {
            rowOfColumn[0] = i;
            var j0 = 0;
            var smallest = new long[n + 1];
            Array.Fill(smallest, long.MaxValue);
            var used = new bool[n + 1];
            do
            {
                used[j0] = true;
                var i0 = rowOfColumn[j0];
                var delta = long.MaxValue;
                var j1 = 0;
                for (var j = 1; j <= n; j++)
                {
                    if (used[j]) continue;
                    var reduced = -weights[((i0 - 1) * n) + j - 1] - u[i0] - v[j];
                    if (reduced < smallest[j]) (smallest[j], way[j]) = (reduced, j0);
                    if (smallest[j] < delta) (delta, j1) = (smallest[j], j);
                }

                for (var j = 0; j <= n; j++)
                {
                    if (used[j]) (u[rowOfColumn[j]], v[j]) = (u[rowOfColumn[j]] + delta, v[j] - delta);
                    else smallest[j] -= delta;
                }

                j0 = j1;
            }
            while (rowOfColumn[j0] != 0);

            for (; j0 != 0; j0 = way[j0]) rowOfColumn[j0] = rowOfColumn[way[j0]];
        }

        var columns = new int[n];
        for (var j = 1; j <= n; j++) columns[rowOfColumn[j] - 1] = j - 1;
        return columns;
    }
}
