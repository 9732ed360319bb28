namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Stuffing: adds dummy amounts to a non-negative square integer matrix until every row and column sums to the largest line sum.
/// By Birkhoff's theorem the result is a sum of permutation matrices.
/// </summary>
public static class LineSums
{
    /// <summary>Largest row or column sum.</summary>
    public static long Largest(ReadOnlySpan<long> cells, int size)
    {
        var largest = 0L;
        for (var i = 0; i < size; i++)
        {
            long row = 0, column = 0;
            for (var j = 0; j < size; j++)
            {
                row = checked(row + cells[(i * size) + j]);
                column = checked(column + cells[(j * size) + i]);
            }

            largest = Math.Max(largest, Math.Max(row, column));
        }

        return largest;
    }

    /// <summary>The sum that all lines share.</summary>
    /// <exception cref="ArgumentException">A negative entry, or lines of different sums.</exception>
    public static long Common(ReadOnlySpan<long> cells, int size)
    {
        var sum = Largest(cells, size);
        for (var i = 0; i < size; i++)
        {
            long row = 0, column = 0;
            for (var j = 0; j < size; j++)
            {
                if (cells[(i * size) + j] < 0) throw new ArgumentException("entries must not be negative");
                row += cells[(i * size) + j];
                column += cells[(j * size) + i];
            }

            if (row != sum || column != sum) throw new ArgumentException("every line must have the same sum");
        }

        return sum;
    }

    /// <summary>
    /// North-west-corner rule: walks from the top left cell, adds min(row deficit, column deficit), moves down when the row is full and
    /// right otherwise. At most 2n - 1 cells change, none of them on a line that is maximal already. O(n^2) for the sums. (Gonzalez and
    /// Sahni 1976; the embedding step of FAST, arXiv 2505.09764, asks for exactly this and is met by it: scheduling spec 3.4.)
    /// </summary>
    /// <returns>The common line sum.</returns>
    public static long StuffNorthWest(Span<long> cells, int size)
    {
        var sum = Largest(cells, size);
        var row = new long[size];
        var column = new long[size];
        Deficits(cells, size, sum, row, column);
        for (int i = 0, j = 0; i < size && j < size;)
        {
            Add(cells, size, i, j, row, column);
            if (row[i] == 0) i++;
            else j++;
        }

        return sum;
    }

    /// <summary>
    /// QuickStuff (Solstice, CoNEXT 2015): raises the non-zero cells in row-major order by min(row deficit, column deficit), then the
    /// zero cells in the same way; sparsity is kept as far as possible. O(n^2).
    /// </summary>
    /// <returns>The common line sum.</returns>
    public static long StuffQuick(Span<long> cells, int size)
    {
        var sum = Largest(cells, size);
        var row = new long[size];
        var column = new long[size];
        Deficits(cells, size, sum, row, column);
        for (var pass = 0; pass < 2; pass++)
            for (var i = 0; i < size; i++)
                for (var j = 0; j < size; j++)
                    if (pass == 1 || cells[(i * size) + j] != 0)
                        Add(cells, size, i, j, row, column);
        return sum;
    }

    /// <summary>
    /// The embedding of FAST (arXiv 2505.09764): dummy amounts on non-maximal lines only. Rows in order, each filled from the first column
    /// that still has room; lines at the largest sum stay as they are. At most 2n - 1 cells change. O(n^2) for the sums, O(n) for the walk.
    /// </summary>
    /// <returns>The common line sum.</returns>
    public static long StuffFast(Span<long> cells, int size)
    {
        var sum = Largest(cells, size);
        var row = new long[size];
        var column = new long[size];
        Deficits(cells, size, sum, row, column);
        for (int i = 0, j = 0; i < size; i++)
            while (row[i] > 0)
            {
                while (column[j] == 0) j++;
                Add(cells, size, i, j, row, column);
            }

        return sum;
    }

    private static void Deficits(ReadOnlySpan<long> cells, int size, long sum, Span<long> row, Span<long> column)
    {
        row.Fill(sum);
        column.Fill(sum);
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
            {
                row[i] -= cells[(i * size) + j];
                column[j] -= cells[(i * size) + j];
            }
    }

    private static void Add(Span<long> cells, int size, int i, int j, Span<long> row, Span<long> column)
    {
        var amount = Math.Min(row[i], column[j]);
        cells[(i * size) + j] += amount;
        row[i] -= amount;
        column[j] -= amount;
    }
}
