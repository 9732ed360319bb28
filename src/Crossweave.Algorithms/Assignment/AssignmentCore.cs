using System.Numerics;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Minimum-cost perfect assignment of an n x n integer matrix by shortest augmenting paths with column prices
/// (R. Jonker and A. Volgenant, Computing 38, 1987). Only the prices v are stored; the row duals u_i = min_j (c_ij - v_j) follow
/// from them. Any prices are a valid start, which is what makes warm starts safe: change costs, drop the matches that are no
/// longer the minimum of their row, solve again. O(n^3) cold, O(k n^2) for k dropped rows.
/// </summary>
/// <remarks>
/// Invariant between calls: a matched row has its match at its smallest reduced cost. Prices only fall while solving. A matched
/// column keeps v_j >= min v at the start - n C (alternating path to a free column, whose price is untouched), and the capped row
/// reduction adds at most 2 n C, so |values| stay below <see cref="Limit"/> + 4 n C: no overflow when 4 n C is at most Limit.
/// </remarks>
internal sealed class AssignmentCore<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, ISignedNumber<T>
{
    private readonly TieBreaker _ties = new();
    private int _size;
    private int _stride;
    private T[] _cost = [];
    private T[] _price = [];
    private T[] _distance = [];
    private T[] _gate = [];
    private T[] _previous = [];
    private int[] _columnOfRow = [];
    private int[] _rowOfColumn = [];
    private int[] _pending = [];
    private int[] _closed = [];

    /// <summary>Largest |price| at the start of a solve, and largest 4 n C.</summary>
    public static T Limit => T.MaxValue >> 4;

    // Cost of padding columns: above every reduced cost, and far from overflow.
    private static T Padding => T.MaxValue >> 2;

    public ReadOnlySpan<int> ColumnOfRow => _columnOfRow.AsSpan(0, _size);

    public ReadOnlySpan<T> Price => _price.AsSpan(0, _size);

    /// <summary>Row i of the costs; after writing into it call <see cref="Release"/> for the row, or <see cref="Reset"/>.</summary>
    public Span<T> Row(int row) => _cost.AsSpan(row * _stride, _size);

    /// <summary>Sets the size and forgets everything; fill the rows, then call <see cref="Reset"/>.</summary>
    public void Resize(int size)
    {
        var padding = AssignmentScan.Padding<T>();
        _size = size;
        _stride = (size + padding - 1) / padding * padding;
        if (_cost.Length < size * _stride) _cost = new T[size * _stride];
        if (_price.Length < _stride)
        {
            _price = new T[_stride];
            _distance = new T[_stride];
            _gate = new T[_stride];
            _previous = new T[_stride];
            _rowOfColumn = new int[_stride];
            _columnOfRow = new int[_stride];
            _pending = new int[_stride];
            _closed = new int[_stride];
        }

        for (var i = 0; i < size; i++) _cost.AsSpan((i * _stride) + size, _stride - size).Fill(Padding);
        _price.AsSpan(0, _stride).Clear();
        _gate.AsSpan(size, _stride - size).Fill(T.MaxValue);
    }

    /// <summary>Cold start: nothing matched, each price the smallest cost of its column.</summary>
    public void Reset()
    {
        var price = _price.AsSpan(0, _size);
        Row(0).CopyTo(price);
        for (var i = 1; i < _size; i++)
        {
            var row = Row(i);
            for (var j = 0; j < price.Length; j++) price[j] = T.Min(price[j], row[j]);
        }

        _columnOfRow.AsSpan(0, _size).Fill(-1);
        _rowOfColumn.AsSpan(0, _stride).Fill(-1);
    }

    /// <summary>Drops the match of a row whose costs changed; its price stays as a warm start.</summary>
    public void Release(int row)
    {
        var column = _columnOfRow[row];
        if (column < 0) return;
        _columnOfRow[row] = -1;
        _rowOfColumn[column] = -1;
    }

    /// <summary>
    /// Completes the assignment of the released rows at least total cost. With <paramref name="canonical"/> the result is the
    /// lexicographically smallest optimal vector; otherwise one optimum that depends on the history of warm starts.
    /// </summary>
    public void Solve(bool canonical)
    {
        if (_size == 1)
        {
            _columnOfRow[0] = 0;
            _rowOfColumn[0] = 0;
            return;
        }

        KeepPricesInRange();
        var pending = 0;
        for (var i = 0; i < _size; i++)
            if (_columnOfRow[i] < 0)
                _pending[pending++] = i;
        var steps = 2 * _size;
        pending = ReduceRows(pending, ref steps);
        pending = ReduceRows(pending, ref steps);
        for (var k = 0; k < pending; k++) Augment(_pending[k]);
        if (canonical) BreakTies();
    }

    // Auction-like pass: a row takes its best column and lowers the price until the second best is as good; whoever held the
    // column tries again at once, or waits when the price did not move.
    private int ReduceRows(int count, ref int steps)
    {
        var waiting = 0;
        var price = _price.AsSpan(0, _stride);
        for (var k = 0; k < count;)
        {
            var row = _pending[k++];
            var cost = _cost.AsSpan(row * _stride, _stride);
            var (first, second) = AssignmentScan.TwoSmallest<T>(cost, price);
            var column = AssignmentScan.IndexOf<T>(cost, price, first, 0);
            var owner = _rowOfColumn[column];
            var lower = first < second;
            if (lower)
            {
                if (steps == 0 && owner >= 0)
                {
                    _pending[waiting++] = row;
                    continue;
                }

                price[column] -= second - first;
            }
            else if (owner >= 0)
            {
                column = AssignmentScan.IndexOf<T>(cost, price, first, column + 1);
                owner = _rowOfColumn[column];
            }

            if (steps > 0) steps--;
            _columnOfRow[row] = column;
            _rowOfColumn[column] = row;
            if (owner < 0) continue;
            _columnOfRow[owner] = -1;
            if (lower) _pending[--k] = owner;
            else _pending[waiting++] = owner;
        }

        return waiting;
    }

    // Dijkstra over columns with reduced costs, all of them non-negative, from a free row to the nearest free column.
    private void Augment(int start)
    {
        var price = _price.AsSpan(0, _stride);
        var distance = _distance.AsSpan(0, _stride);
        var gate = _gate.AsSpan(0, _stride);
        var previous = _previous.AsSpan(0, _stride);
        gate[.._size].Fill(T.MinValue);
        var closed = 0;
        var nearest = AssignmentScan.Start(_cost.AsSpan(start * _stride, _stride), price, distance, gate, previous, T.CreateTruncating(start));
        int column;
        while (true)
        {
            column = AssignmentScan.Pick<T>(distance, gate, nearest, _rowOfColumn, out var free);
            if (free) break;
            gate[column] = T.MaxValue;
            _closed[closed++] = column;
            var row = _rowOfColumn[column];
            var cost = _cost.AsSpan(row * _stride, _stride);
            var shift = nearest - (cost[column] - price[column]);
            nearest = AssignmentScan.Relax(cost, price, distance, gate, previous, shift, T.CreateTruncating(row));
        }

        for (var k = 0; k < closed; k++) price[_closed[k]] += distance[_closed[k]] - nearest;
        while (true)
        {
            var row = int.CreateTruncating(previous[column]);
            _rowOfColumn[column] = row;
            (column, _columnOfRow[row]) = (_columnOfRow[row], column);
            if (row == start) return;
        }
    }

    // A common shift of all prices changes nothing. Prices that are still too far apart are clamped, which costs all matches.
    private void KeepPricesInRange()
    {
        var low = _price[0];
        var high = low;
        for (var j = 1; j < _size; j++)
        {
            low = T.Min(low, _price[j]);
            high = T.Max(high, _price[j]);
        }

        if (low >= -Limit) return;
        var clamp = high - low > Limit;
        for (var j = 0; j < _size; j++) _price[j] = T.Max(_price[j] - high, -Limit);
        if (!clamp) return;
        _columnOfRow.AsSpan(0, _size).Fill(-1);
        _rowOfColumn.AsSpan(0, _stride).Fill(-1);
    }

    private void BreakTies()
    {
        var words = _ties.Begin(_size);
        var price = _price.AsSpan(0, _stride);
        var edges = 0;
        for (var i = 0; i < _size; i++)
        {
            var cost = _cost.AsSpan(i * _stride, _stride);
            var column = _columnOfRow[i];
            var bits = _ties.RowBits(i);
            AssignmentScan.TightBits<T>(cost, price, cost[column] - price[column], bits);
            for (var w = 0; w < words; w++) edges += BitOperations.PopCount(bits[w]);
        }

        if (edges > _size) _ties.Minimise(edges, _columnOfRow.AsSpan(0, _size), _rowOfColumn.AsSpan(0, _size));
    }
}
