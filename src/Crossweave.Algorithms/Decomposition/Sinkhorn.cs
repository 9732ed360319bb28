namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Sinkhorn-Knopp: alternately scales rows and columns of a non-negative matrix until all line sums are equal, keeping the total
/// (Sinkhorn and Knopp, Pacific J. Math. 21, 1967). Converges exactly when the matrix has total support; linear rate.
/// </summary>
public static class Sinkhorn
{
    /// <param name="cells">Row-major n x n, non-negative.</param>
    /// <param name="size">n.</param>
    /// <param name="scaled">n x n out: line sums all total / n.</param>
    /// <param name="tolerance">Largest accepted deviation of a line sum, relative to the line sum.</param>
    /// <param name="maximumRounds">Row and column passes to try.</param>
    /// <returns>False when the tolerance was not reached.</returns>
    public static bool Scale(ReadOnlySpan<long> cells, int size, Span<double> scaled, double tolerance = 1e-12, int maximumRounds = 20_000)
    {
        var total = 0.0;
        foreach (var c in cells) total += c;
        var line = total / size;
        var row = new double[size];
        var column = new double[size];
        Array.Fill(column, 1.0);
        for (var round = 0; round < maximumRounds; round++)
        {
            for (var i = 0; i < size; i++)
            {
                var sum = 0.0;
                for (var j = 0; j < size; j++) sum += cells[(i * size) + j] * column[j];
                row[i] = line / sum;
            }

            var worst = ColumnPass(cells, size, line, row, column);
            if (!double.IsFinite(worst)) return false;
            if (worst > tolerance) continue;
            for (var i = 0; i < size; i++)
                for (var j = 0; j < size; j++)
                    scaled[(i * size) + j] = row[i] * cells[(i * size) + j] * column[j];
            return true;
        }

        return false;
    }

    /// <summary>
    /// Fixed-point copy of a scaled matrix with exactly equal line sums: every entry is rounded (a positive entry of
    /// <paramref name="cells"/> to at least one unit) and the rounding errors are stuffed (<see cref="LineSums.StuffQuick"/>). At most
    /// about n units per line are added. Coarser than asked for when a line would exceed 2^50 units.
    /// </summary>
    public static long[] ToUnits(ReadOnlySpan<long> cells, int size, ReadOnlySpan<double> scaled, double unitsPerAmount)
    {
        var line = 0.0;
        for (var j = 0; j < size; j++) line += scaled[j];
        var scale = Math.Min(unitsPerAmount, (1L << 50) / line);
        var units = new long[size * size];
        for (var k = 0; k < units.Length; k++)
            units[k] = cells[k] == 0 ? 0 : Math.Max(1, (long)Math.Round(scaled[k] * scale));
        LineSums.StuffQuick(units, size);
        return units;
    }

    // Normalises the columns; returns the largest relative correction, which is how far the columns were off after the row pass.
    private static double ColumnPass(ReadOnlySpan<long> cells, int size, double line, ReadOnlySpan<double> row, Span<double> column)
    {
        Span<double> sums = size <= 512 ? stackalloc double[size] : new double[size];
        sums.Clear();
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
                sums[j] += row[i] * cells[(i * size) + j];
        var worst = 0.0;
        for (var j = 0; j < size; j++)
        {
            var fresh = line / sums[j];
            worst = Math.Max(worst, Math.Abs((fresh / column[j]) - 1.0));
            column[j] = fresh;
        }

        return worst;
    }
}
