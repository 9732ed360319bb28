namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Whether every positive entry of a square matrix lies on some perfect matching of positive entries ("total support"): exactly
/// then alternating row and column normalisation converges to a doubly stochastic matrix with the same zeros (Sinkhorn and Knopp
/// 1967). One perfect matching, then per row a search over alternating paths: O(n^3) at worst.
/// </summary>
public static class TotalSupport
{
    /// <param name="cells">Row-major n x n.</param>
    /// <param name="size">n.</param>
    public static bool Holds(ReadOnlySpan<long> cells, int size)
    {
        var matching = new BipartiteMatching(size);
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
                if (cells[(i * size) + j] > 0)
                    matching.Add(i, j);
        if (!matching.Grow()) return false;
        // Entry (i, j) is supported when the owner of j reaches the column of i: reachability over matched pairs, one search per row.
        var columnOfRow = matching.ColumnOfRow.ToArray();
        var rowOfColumn = matching.RowOfColumn.ToArray();
        var seen = new bool[size];
        var stack = new int[size];
        for (var i = 0; i < size; i++)
        {
            // Rows that can pass their column on until column of i becomes theirs: search backwards from row i.
            Array.Clear(seen);
            var depth = 0;
            stack[depth++] = i;
            seen[i] = true;
            while (depth > 0)
            {
                var wanted = columnOfRow[stack[--depth]];
                for (var row = 0; row < size; row++)
                {
                    if (seen[row] || cells[(row * size) + wanted] <= 0) continue;
                    seen[row] = true;
                    stack[depth++] = row;
                }
            }

            for (var j = 0; j < size; j++)
                if (cells[(i * size) + j] > 0 && !seen[rowOfColumn[j]])
                    return false;
        }

        return true;
    }
}
