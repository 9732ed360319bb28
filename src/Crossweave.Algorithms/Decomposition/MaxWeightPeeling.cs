using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Peels a non-negative integer matrix into maximum-weight matchings that carry their entries whole: take the maximum-weight
/// assignment, report its pairs with a positive entry, set these entries to zero, repeat until nothing is left.
/// </summary>
/// <remarks>
/// <para>At most 2 D - 1 matchings for at most D non-zeros per line: a maximum-weight matching leaves no positive entry between two
/// lines that carry nothing, so an entry is passed over at most 2 (D - 1) times.</para>
/// <para>Tie rule: in every round the lexicographically smallest vector over all rows, pairs at zero included (these are then not
/// reported). Each round warm-starts from the prices of the one before and re-augments only the rows that carried something:
/// O(n^3) per round at worst, far less in practice. A workspace: later runs up to the same size allocate nothing.</para>
/// </remarks>
public sealed class MaxWeightPeeling
{
    private readonly AssignmentCore<int> _narrow = new();
    private readonly AssignmentCore<long> _wide = new();
    private bool _isWide;
    private int _size;
    private int _left;

    /// <summary>Loads a matrix.</summary>
    /// <param name="weights">Row-major n x n, non-negative.</param>
    /// <param name="size">n, at least 1.</param>
    /// <param name="skipDiagonal">Treat the diagonal as zero.</param>
    public void Start(ReadOnlySpan<long> weights, int size, bool skipDiagonal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (weights.Length != (long)size * size) throw new ArgumentException("weights must hold n x n values");
        var largest = 0L;
        foreach (var w in weights)
        {
            if (w < 0) throw new ArgumentException("weights must not be negative");
            largest = Math.Max(largest, w);
        }

        _size = size;
        _left = 0;
        _isWide = largest > AssignmentCore<int>.Limit / (4L * size);
        if (largest > AssignmentCore<long>.Limit / (4L * size)) throw new ArgumentException($"weights up to {largest} are too large");
        if (_isWide) _wide.Resize(size);
        else _narrow.Resize(size);
        for (var i = 0; i < size; i++)
        {
            var row = weights.Slice(i * size, size);
            if (_isWide)
                for (var j = 0; j < size; j++)
                    _wide.Row(i)[j] = -row[j];
            else
                Negate(row, _narrow.Row(i));
            for (var j = 0; j < size; j++) _left += row[j] > 0 ? 1 : 0;
            if (!skipDiagonal || row[i] == 0) continue;
            _left--;
            if (_isWide) _wide.Row(i)[i] = 0;
            else _narrow.Row(i)[i] = 0;
        }

        if (_isWide) _wide.Reset();
        else _narrow.Reset();
    }

    /// <summary>Next matching; false when the matrix is used up.</summary>
    /// <param name="columnOfRow">n values out: the column, or -1 where the row carries nothing.</param>
    /// <param name="carried">n values out: the whole entry, or 0.</param>
    public bool Next(Span<int> columnOfRow, Span<long> carried)
    {
        if (_left == 0) return false;
        if (_isWide)
        {
            _wide.Solve(canonical: true);
            for (var i = 0; i < _size; i++)
            {
                ref var cost = ref _wide.Row(i)[_wide.ColumnOfRow[i]];
                (columnOfRow[i], carried[i]) = (cost == 0 ? -1 : _wide.ColumnOfRow[i], -cost);
                if (cost == 0) continue;
                cost = 0;
                _left--;
                _wide.Release(i);
            }

            return true;
        }

        _narrow.Solve(canonical: true);
        for (var i = 0; i < _size; i++)
        {
            ref var cost = ref _narrow.Row(i)[_narrow.ColumnOfRow[i]];
            (columnOfRow[i], carried[i]) = (cost == 0 ? -1 : _narrow.ColumnOfRow[i], -(long)cost);
            if (cost == 0) continue;
            cost = 0;
            _left--;
            _narrow.Release(i);
        }

        return true;
    }

    private static void Negate(ReadOnlySpan<long> weights, Span<int> costs)
    {
        for (var j = 0; j < weights.Length; j++) costs[j] = -(int)weights[j];
    }
}
