namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Perfect matching of an n x n cost matrix whose largest chosen cost is smallest: binary search over the sorted distinct costs, with a
/// perfect-matching test at each. O(n^3 log n) at worst. A workspace; solving allocates nothing after construction.
/// </summary>
/// <remarks>
/// Tie rule (deployment spec 3.7, reproduces the published-style reference values): at the optimal threshold, depth-first augmenting
/// paths; rows 0..n-1 in order, each tries its allowed columns in ascending index; an unvisited column is taken if free, else its owner
/// is moved on recursively.
/// </remarks>
public sealed class BottleneckMatching
{
    /// <summary>A cost that may not be chosen.</summary>
    public const long Forbidden = long.MaxValue;

    private readonly int _size;
    private readonly long[] _values;
    private readonly int[] _rowOfColumn;
    private readonly int[] _columnOfRow;
    private readonly int[] _visited;
    private int _stamp;

    /// <param name="size">Rows and columns, at least 1.</param>
    public BottleneckMatching(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _values = new long[size * size];
        _rowOfColumn = new int[size];
        _columnOfRow = new int[size];
        _visited = new int[size];
    }

    /// <summary>Column of each row after <see cref="Solve"/> found a matching.</summary>
    public ReadOnlySpan<int> ColumnOfRow => _columnOfRow;

    /// <param name="cost">Row-major, n x n; <see cref="Forbidden"/> excludes a pair.</param>
    /// <returns>The largest chosen cost, or <see cref="Forbidden"/> when no perfect matching avoids the forbidden pairs.</returns>
    public long Solve(ReadOnlySpan<long> cost)
    {
        var least = long.MinValue; // every row and every column has to choose something
        for (var i = 0; i < _size; i++)
        {
            var (row, column) = (Forbidden, Forbidden);
            for (var j = 0; j < _size; j++)
            {
                row = Math.Min(row, cost[(i * _size) + j]);
                column = Math.Min(column, cost[(j * _size) + i]);
            }

            least = Math.Max(least, Math.Max(row, column));
        }

        if (least == Forbidden) return Forbidden;
        var count = 0;
        foreach (var c in cost)
            if (c >= least && c != Forbidden)
                _values[count++] = c;
        if (count == 0) return Forbidden;
        Array.Sort(_values, 0, count);
        count = Distinct(count);
        if (!IsPerfect(cost, _values[count - 1])) return Forbidden;
        var (low, high) = (0, count - 1); // high always works
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsPerfect(cost, _values[middle])) high = middle;
            else low = middle + 1;
        }

        IsPerfect(cost, _values[high]);
        return _values[high];
    }

    /// <summary>Whether the pairs of cost at most <paramref name="threshold"/> hold a perfect matching, kept in <see cref="ColumnOfRow"/>.</summary>
    public bool IsPerfect(ReadOnlySpan<long> cost, long threshold)
    {
        Array.Fill(_rowOfColumn, -1);
        for (var row = 0; row < _size; row++)
        {
            _stamp++;
            if (!Augment(cost, threshold, row)) return false;
        }

        for (var column = 0; column < _size; column++) _columnOfRow[_rowOfColumn[column]] = column;
        return true;
    }

    private bool Augment(ReadOnlySpan<long> cost, long threshold, int row)
    {
        for (var column = 0; column < _size; column++)
        {
            if (cost[(row * _size) + column] > threshold || _visited[column] == _stamp) continue;
            _visited[column] = _stamp;
            if (_rowOfColumn[column] >= 0 && !Augment(cost, threshold, _rowOfColumn[column])) continue;
            _rowOfColumn[column] = row;
            return true;
        }

        return false;
    }

    private int Distinct(int count)
    {
        var kept = 1;
        for (var k = 1; k < count; k++)
            if (_values[k] != _values[kept - 1])
                _values[kept++] = _values[k];
        return kept;
    }
}
