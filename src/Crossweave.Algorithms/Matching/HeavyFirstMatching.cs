namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Perfect matching on the positive entries of a shrinking matrix, kept and repaired: a row whose matched entry became zero searches
/// a new column depth-first, rows ascending, columns by entry descending, then index (deployment spec 3.1, arXiv 2410.17043
/// context). Each row keeps its columns sorted, so a search costs O(n) per row it visits.
/// </summary>
internal sealed class HeavyFirstMatching
{
    private readonly int _size;
    private readonly int[] _sorted;
    private readonly int[] _positive;
    private readonly int[] _columnOfRow;
    private readonly int[] _rowOfColumn;
    private readonly int[] _stamp;
    private readonly int[] _stack;
    private readonly int[] _next;
    private readonly long[] _keys;
    private int _time;

    public HeavyFirstMatching(int size)
    {
        _size = size;
        _sorted = new int[size * size];
        _positive = new int[size];
        _columnOfRow = new int[size];
        _rowOfColumn = new int[size];
        _stamp = new int[size];
        _stack = new int[size];
        _next = new int[size];
        _keys = new long[size];
    }

    public ReadOnlySpan<int> ColumnOfRow => _columnOfRow;

    public void Start(ReadOnlySpan<long> cells)
    {
        Array.Fill(_columnOfRow, -1);
        Array.Fill(_rowOfColumn, -1);
        Array.Clear(_stamp);
        _time = 0;
        for (var i = 0; i < _size; i++)
        {
            var order = _sorted.AsSpan(i * _size, _size);
            var keys = _keys.AsSpan();
            var count = 0;
            for (var j = 0; j < _size; j++)
            {
                // Insertion keeps equal entries in index order.
                var value = cells[(i * _size) + j];
                var at = j;
                for (; at > 0 && keys[at - 1] < value; at--) (keys[at], order[at]) = (keys[at - 1], order[at - 1]);
                (keys[at], order[at]) = (value, j);
                if (value > 0) count++;
            }

            _positive[i] = count;
        }
    }

    /// <summary>Tells that a matched entry shrank: moves it down its row's order, and drops the match when it is used up.</summary>
    public void Lowered(ReadOnlySpan<long> cells, int row, int column)
    {
        var values = cells.Slice(row * _size, _size);
        var order = _sorted.AsSpan(row * _size, _size);
        var at = order.IndexOf(column);
        var value = values[column];
        for (; at + 1 < _positive[row]; at++)
        {
            var other = order[at + 1];
            if (values[other] < value || (values[other] == value && other > column)) break;
            order[at] = other;
        }

        order[at] = column;
        if (value > 0) return;
        _positive[row]--;
        _columnOfRow[row] = -1;
        _rowOfColumn[column] = -1;
    }

    public void Grow()
    {
        for (var row = 0; row < _size; row++)
            if (_columnOfRow[row] < 0 && !Augment(row))
                throw new InvalidOperationException("no perfect matching: the line sums differ");
    }

    private bool Augment(int start)
    {
        _time++;
        var depth = 0;
        _stack[0] = start;
        _next[0] = 0;
        while (depth >= 0)
        {
            var row = _stack[depth];
            var order = _sorted.AsSpan(row * _size, _positive[row]);
            var at = _next[depth];
            while (at < order.Length && _stamp[order[at]] == _time) at++;
            if (at == order.Length)
            {
                depth--;
                continue;
            }

            var column = order[at];
            _stamp[column] = _time;
            _next[depth] = at + 1;
            var owner = _rowOfColumn[column];
            if (owner >= 0)
            {
                depth++;
                _stack[depth] = owner;
                _next[depth] = 0;
                continue;
            }

            for (; depth >= 0; depth--)
            {
                row = _stack[depth];
                column = _sorted[(row * _size) + _next[depth] - 1];
                _columnOfRow[row] = column;
                _rowOfColumn[column] = row;
            }

            return true;
        }

        return false;
    }
}
