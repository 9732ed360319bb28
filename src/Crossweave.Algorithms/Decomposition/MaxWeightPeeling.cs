using System.Numerics;
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
/// reported). Each round warm-starts from the duals of the one before and searches only for rows and columns that cannot be idle:
/// O(n^3) per round at worst, far less in practice. A workspace: later runs up to the same size allocate nothing.
/// Memory 8 n^2 bytes (16 n^2 when an entry exceeds 2^27), whatever the number of rounds.</para>
/// </remarks>
public sealed class MaxWeightPeeling
{
    private readonly WeightMatching<int> _narrow = new();
    private readonly WeightMatching<long> _wide = new();
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
        _isWide = largest > WeightMatching<int>.Limit;
        if (largest > WeightMatching<long>.Limit) throw new ArgumentException($"weights up to {largest} are too large");
        if (_isWide) Load(_wide, weights, skipDiagonal);
        else Load(_narrow, weights, skipDiagonal);
    }

    /// <summary>Next matching; false when the matrix is used up.</summary>
    /// <param name="columnOfRow">n values out: the column, or -1 where the row carries nothing.</param>
    /// <param name="carried">n values out: the whole entry, or 0.</param>
    public bool Next(Span<int> columnOfRow, Span<long> carried)
    {
        if (_left == 0) return false;
        if (_isWide) Peel(_wide, columnOfRow, carried);
        else Peel(_narrow, columnOfRow, carried);
        return true;
    }

    private void Load<T>(WeightMatching<T> matching, ReadOnlySpan<long> weights, bool skipDiagonal)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, ISignedNumber<T>
    {
        matching.Resize(_size);
        for (var i = 0; i < _size; i++)
        {
            var row = weights.Slice(i * _size, _size);
            var costs = matching.Load(i);
            for (var j = 0; j < _size; j++)
            {
                costs[j] = T.CreateTruncating(-row[j]);
                _left += row[j] > 0 ? 1 : 0;
            }

            if (!skipDiagonal || row[i] == 0) continue;
            costs[i] = T.Zero;
            _left--;
        }

        matching.Reset();
    }

    private void Peel<T>(WeightMatching<T> matching, Span<int> columnOfRow, Span<long> carried)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, ISignedNumber<T>
    {
        matching.Solve();
        for (var i = 0; i < _size; i++)
        {
            var column = matching.ColumnOfRow[i];
            var weight = matching[i, column];
            (columnOfRow[i], carried[i]) = (weight == T.Zero ? -1 : column, long.CreateTruncating(weight));
            if (weight == T.Zero) continue;
            matching.Remove(i, column);
            _left--;
        }
    }
}
