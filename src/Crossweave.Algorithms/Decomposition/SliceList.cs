namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Slices of a square matrix: matchings with an amount on each of their pairs. A slice lasts as long as its largest amount. The order
/// carries no meaning. Flat arrays that grow by whole slices; copying into a list of the same capacity allocates nothing.
/// </summary>
/// <param name="size">Rows and columns of the matrix.</param>
public sealed class SliceList(int size)
{
    private int[] _column = [];
    private int[] _row = [];
    private long[] _amount = [];
    private long[] _duration = [];

    public int Size => size;

    public int Count { get; private set; }

    /// <summary>Column of each row, -1 where the row is idle.</summary>
    public ReadOnlySpan<int> Columns(int slice) => _column.AsSpan(slice * size, size);

    /// <summary>Row of each column, -1 where the column is idle.</summary>
    public ReadOnlySpan<int> Rows(int slice) => _row.AsSpan(slice * size, size);

    /// <summary>Amount of each row, 0 where it is idle.</summary>
    public ReadOnlySpan<long> Amounts(int slice) => _amount.AsSpan(slice * size, size);

    /// <summary>Largest amount.</summary>
    public long Duration(int slice) => _duration[slice];

    /// <summary>Sum of the durations plus a delay per slice.</summary>
    public double Cost(double delay)
    {
        var sum = 0L;
        for (var k = 0; k < Count; k++) sum += _duration[k];
        return sum + (delay * Count);
    }

    /// <summary>Appends a slice; rows without an amount become idle. Nothing is appended when no row has one.</summary>
    public void Add(ReadOnlySpan<int> columnOfRow, ReadOnlySpan<long> amounts)
    {
        Reserve(Count + 1);
        var column = _column.AsSpan(Count * size, size);
        var row = _row.AsSpan(Count * size, size);
        var amount = _amount.AsSpan(Count * size, size);
        row.Fill(-1);
        var duration = 0L;
        for (var i = 0; i < size; i++)
        {
            amount[i] = amounts[i];
            column[i] = amounts[i] > 0 ? columnOfRow[i] : -1;
            if (column[i] >= 0) row[column[i]] = i;
            duration = Math.Max(duration, amounts[i]);
        }

        _duration[Count] = duration;
        if (duration > 0) Count++;
    }

    /// <summary>Adds an amount to a pair of a slice whose two lines are idle or are already this pair.</summary>
    public void Put(int slice, int row, int column, long amount)
    {
        _column[(slice * size) + row] = column;
        _row[(slice * size) + column] = row;
        ref var sum = ref _amount[(slice * size) + row];
        sum += amount;
        _duration[slice] = Math.Max(_duration[slice], sum);
    }

    /// <summary>Takes an amount off a row of a slice, which becomes idle when nothing is left; call <see cref="Settle"/> afterwards.</summary>
    public void Take(int slice, int row, long amount)
    {
        ref var rest = ref _amount[(slice * size) + row];
        rest -= amount;
        if (rest > 0) return;
        ref var column = ref _column[(slice * size) + row];
        _row[(slice * size) + column] = -1;
        column = -1;
    }

    /// <summary>Swaps what two slices carry on some rows, which must be closed: no other row of either slice uses their columns. Call <see cref="Settle"/> afterwards.</summary>
    public void Exchange(int a, int b, ReadOnlySpan<int> rows)
    {
        foreach (var i in rows)
        {
            var (inA, inB) = ((a * size) + i, (b * size) + i);
            (_column[inA], _column[inB]) = (_column[inB], _column[inA]);
            (_amount[inA], _amount[inB]) = (_amount[inB], _amount[inA]);
            if (_column[inA] >= 0) _row[(b * size) + _column[inA]] = -1;
            if (_column[inB] >= 0) _row[(a * size) + _column[inB]] = -1;
        }

        foreach (var i in rows)
        {
            if (_column[(a * size) + i] is >= 0 and var ofA) _row[(a * size) + ofA] = i;
            if (_column[(b * size) + i] is >= 0 and var ofB) _row[(b * size) + ofB] = i;
        }
    }

    /// <summary>Recomputes the duration of a slice after <see cref="Take"/>.</summary>
    public void Settle(int slice)
    {
        var duration = 0L;
        foreach (var amount in Amounts(slice)) duration = Math.Max(duration, amount);
        _duration[slice] = duration;
    }

    /// <summary>Removes a slice; the last one takes its place.</summary>
    public void Remove(int slice)
    {
        Count--;
        if (slice == Count) return;
        Columns(Count).CopyTo(_column.AsSpan(slice * size, size));
        Rows(Count).CopyTo(_row.AsSpan(slice * size, size));
        Amounts(Count).CopyTo(_amount.AsSpan(slice * size, size));
        _duration[slice] = _duration[Count];
    }

    public void Clear() => Count = 0;

    /// <summary>Cuts a slice off what is left: on every row at most the duration, in whole grains.</summary>
    /// <param name="rest">[row, column] what is left; reduced.</param>
    /// <param name="grain">[row, column] amounts are multiples of this.</param>
    /// <param name="columnOfRow">The matching.</param>
    /// <param name="duration">Largest amount.</param>
    /// <param name="amounts">Per row, result.</param>
    internal static void Cut(Span<long> rest, ReadOnlySpan<long> grain, ReadOnlySpan<int> columnOfRow, long duration, Span<long> amounts)
    {
        for (var i = 0; i < columnOfRow.Length; i++)
        {
            var cell = (i * columnOfRow.Length) + columnOfRow[i];
            var amount = Math.Min(rest[cell], duration);
            amounts[i] = amount - (amount % grain[cell]);
            rest[cell] -= amounts[i];
        }
    }

    /// <summary>Becomes equal to another list of the same size.</summary>
    public void CopyFrom(SliceList other)
    {
        Reserve(other.Count);
        Count = other.Count;
        other._column.AsSpan(0, Count * size).CopyTo(_column);
        other._row.AsSpan(0, Count * size).CopyTo(_row);
        other._amount.AsSpan(0, Count * size).CopyTo(_amount);
        other._duration.AsSpan(0, Count).CopyTo(_duration);
    }

    private void Reserve(int count)
    {
        if (count <= _duration.Length) return;
        var capacity = Math.Max(count, 2 * _duration.Length);
        Array.Resize(ref _column, capacity * size);
        Array.Resize(ref _row, capacity * size);
        Array.Resize(ref _amount, capacity * size);
        Array.Resize(ref _duration, capacity);
    }
}
