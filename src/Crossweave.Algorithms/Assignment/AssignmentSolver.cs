namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Maximum- or minimum-weight assignment of a rows x columns matrix of 64-bit integers, exact. Every line of the shorter side is
/// matched. Weights may be negative. A workspace: solving again up to the same size allocates nothing. Not thread-safe.
/// </summary>
/// <remarks>
/// <para>Method: shortest augmenting paths with prices (Jonker and Volgenant 1987; rectangular input is padded to a square with
/// zero lines), 512/256-bit row scans, 32-bit arithmetic when 4 n max|w| fits 2^27, 64-bit otherwise. O(max(rows, columns)^3).</para>
/// <para>Tie rule: among equal-weight assignments the one with the lexicographically smallest <see cref="ColumnOfRow"/>, where an
/// unmatched row counts as a column after all others. It is a function of the weights alone: neither warm starts nor the vector
/// width nor the arithmetic change it.</para>
/// </remarks>
public sealed class AssignmentSolver
{
    private readonly AssignmentCore<int> _narrow = new();
    private readonly AssignmentCore<long> _wide = new();
    private int[] _columnOfRow = [];
    private bool _isWide;
    private bool _ready;
    private bool _negate;
    private long _largest;

    /// <summary>
    /// False: skip the tie rule and return any optimum, which then depends on the history of warm starts; the total weight does not.
    /// For callers that only want the value.
    /// </summary>
    public bool BreakTies { get; init; } = true;

    public int RowCount { get; private set; }

    public int ColumnCount { get; private set; }

    /// <summary>Column of each row, -1 for rows that stay unmatched (more rows than columns).</summary>
    public ReadOnlySpan<int> ColumnOfRow => _columnOfRow.AsSpan(0, RowCount);

    /// <summary>Side of the padded square.</summary>
    private int Size => Math.Max(RowCount, ColumnCount);

    /// <summary>Assignment of largest total weight from a cold start.</summary>
    /// <param name="weights">Row-major, rows x columns.</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="columns">At least 1.</param>
    /// <returns>The total weight.</returns>
    public long Maximize(ReadOnlySpan<long> weights, int rows, int columns) => Solve(weights, rows, columns, negate: true);

    /// <summary>Assignment of smallest total weight from a cold start; otherwise as <see cref="Maximize"/>.</summary>
    public long Minimize(ReadOnlySpan<long> weights, int rows, int columns) => Solve(weights, rows, columns, negate: false);

    /// <summary>
    /// Solves again after the weights changed, from the prices of the last call. Rows whose weights are unchanged and whose match
    /// is still their best stay matched, so a few changed rows cost O(changed x n^2) and one comparison of the matrix. Falls back to
    /// a cold start when shape, direction or range differ. The result equals that of a cold start.
    /// </summary>
    public long Resolve(ReadOnlySpan<long> weights)
    {
        if (!_ready) throw new InvalidOperationException("nothing was solved before");
        Check(weights, RowCount, ColumnCount);
        var largest = Largest(weights);
        if (largest > _largest) return Solve(weights, RowCount, ColumnCount, _negate);
        for (var row = 0; row < RowCount; row++)
        {
            var fresh = weights.Slice(row * ColumnCount, ColumnCount);
            var changed = _isWide ? Update(_wide.Row(row), fresh) : Update(_narrow.Row(row), fresh);
            if (!changed) continue;
            if (_isWide) _wide.Release(row);
            else _narrow.Release(row);
        }

        return Finish(weights);
    }

    /// <summary>
    /// Dual prices that prove optimality: rowDual[i] + columnDual[j] &lt;= cost(i, j) with equality on matched pairs, where cost is the
    /// weight (Minimize) or its negative (Maximize). Both spans cover the padded square of side max(rows, columns).
    /// </summary>
    public void CopyDuals(Span<long> rowDual, Span<long> columnDual)
    {
        for (var j = 0; j < Size; j++) columnDual[j] = _isWide ? _wide.Price[j] : _narrow.Price[j];
        for (var i = 0; i < Size; i++)
        {
            var j = _isWide ? _wide.ColumnOfRow[i] : _narrow.ColumnOfRow[i];
            rowDual[i] = (_isWide ? _wide.Row(i)[j] : _narrow.Row(i)[j]) - columnDual[j];
        }
    }

    private long Solve(ReadOnlySpan<long> weights, int rows, int columns, bool negate)
    {
        Check(weights, rows, columns);
        (RowCount, ColumnCount, _negate) = (rows, columns, negate);
        _largest = Largest(weights);
        _isWide = !Fits(_largest, AssignmentCore<int>.Limit);
        if (_isWide && !Fits(_largest, AssignmentCore<long>.Limit))
            throw new ArgumentException($"weights up to {_largest} are too large for {Size} lines");
        if (_isWide)
        {
            _wide.Resize(Size);
            for (var i = 0; i < Size; i++) Fill(_wide.Row(i), weights, i);
            _wide.Reset();
        }
        else
        {
            _narrow.Resize(Size);
            for (var i = 0; i < Size; i++) Fill(_narrow.Row(i), weights, i);
            _narrow.Reset();
        }

        _ready = true;
        return Finish(weights);
    }

    private long Finish(ReadOnlySpan<long> weights)
    {
        if (_isWide) _wide.Solve(BreakTies);
        else _narrow.Solve(BreakTies);
        if (_columnOfRow.Length < RowCount) _columnOfRow = new int[RowCount];
        var matched = _isWide ? _wide.ColumnOfRow : _narrow.ColumnOfRow;
        var total = 0L;
        for (var i = 0; i < RowCount; i++)
        {
            var column = matched[i] < ColumnCount ? matched[i] : -1;
            _columnOfRow[i] = column;
            if (column >= 0) total += weights[(i * ColumnCount) + column];
        }

        return total;
    }

    private void Fill(Span<int> row, ReadOnlySpan<long> weights, int i)
    {
        row.Clear();
        if (i < RowCount) Update(row, weights.Slice(i * ColumnCount, ColumnCount));
    }

    private void Fill(Span<long> row, ReadOnlySpan<long> weights, int i)
    {
        row.Clear();
        if (i < RowCount) Update(row, weights.Slice(i * ColumnCount, ColumnCount));
    }

    private bool Update(Span<int> row, ReadOnlySpan<long> fresh)
    {
        var changed = false;
        for (var j = 0; j < fresh.Length; j++)
        {
            var cost = (int)(_negate ? -fresh[j] : fresh[j]);
            changed |= row[j] != cost;
            row[j] = cost;
        }

        return changed;
    }

    private bool Update(Span<long> row, ReadOnlySpan<long> fresh)
    {
        var changed = false;
        for (var j = 0; j < fresh.Length; j++)
        {
            var cost = _negate ? -fresh[j] : fresh[j];
            changed |= row[j] != cost;
            row[j] = cost;
        }

        return changed;
    }

    private bool Fits(long largest, long limit) => largest <= limit / (4L * Size);

    private static long Largest(ReadOnlySpan<long> weights)
    {
        var largest = 0L;
        foreach (var w in weights)
        {
            if (w == long.MinValue) throw new ArgumentException("weight out of range");
            largest = Math.Max(largest, Math.Abs(w));
        }

        return largest;
    }

    private static void Check(ReadOnlySpan<long> weights, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (weights.Length != (long)rows * columns) throw new ArgumentException("weights must hold rows x columns values");
    }
}
