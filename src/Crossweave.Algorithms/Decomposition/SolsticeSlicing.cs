using System.Numerics;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// QuickSlice of Solstice (Liu et al., CoNEXT 2015; scheduling spec 3.5): writes an integer matrix with equal line sums as weighted
/// permutations of entries above a falling threshold. The threshold starts at the largest power of two that is not above the largest
/// entry; a perfect matching on entries of at least the threshold is emitted with its smallest entry as weight, and when there is
/// none the threshold is multiplied by beta (one half in the paper; others are "beta-Solstice").
/// </summary>
/// <remarks>
/// Integers, and the threshold stops at 1, where equal line sums guarantee a perfect matching: it always ends, exactly at zero, after
/// at most n^2 - 2n + 2 permutations whose weights sum to the line sum. The matching is kept and repaired (see
/// <see cref="BipartiteMatching"/> for its order of search): O(n^3 / 64) per permutation at worst plus O(n^2) per threshold.
/// </remarks>
public sealed class SolsticeSlicing
{
    private readonly int _size;
    private readonly double _beta;
    private readonly long[] _left;
    private readonly BipartiteMatching _matching;
    private long _threshold;
    private long _remaining;

    /// <param name="size">Rows and columns.</param>
    /// <param name="beta">Factor of the threshold, between 0 and 1.</param>
    public SolsticeSlicing(int size, double beta = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (!(beta > 0 && beta < 1)) throw new ArgumentOutOfRangeException(nameof(beta));
        _size = size;
        _beta = beta;
        _left = new long[size * size];
        _matching = new BipartiteMatching(size);
    }

    /// <summary>Loads a matrix; every line must have the same sum.</summary>
    public void Start(ReadOnlySpan<long> cells)
    {
        _remaining = LineSums.Common(cells, _size);
        cells.CopyTo(_left);
        _matching.Clear();
        if (_remaining == 0) return;
        var largest = 0L;
        foreach (var c in cells) largest = Math.Max(largest, c);
        _threshold = 1L << BitOperations.Log2((ulong)largest);
        AddEdges();
    }

    /// <summary>Next permutation.</summary>
    /// <param name="columnOfRow">n columns out.</param>
    /// <returns>Its weight; 0 when the matrix is used up.</returns>
    public long Next(Span<int> columnOfRow)
    {
        if (_remaining == 0) return 0;
        while (!_matching.GrowPerfect())
        {
            if (_threshold == 1) throw new InvalidOperationException("equal line sums always leave a perfect matching");
            _threshold = Math.Max(1, (long)(_threshold * _beta));
            AddEdges();
        }

        _matching.ColumnOfRow.CopyTo(columnOfRow);
        var weight = long.MaxValue;
        for (var i = 0; i < _size; i++) weight = Math.Min(weight, _left[(i * _size) + columnOfRow[i]]);
        for (var i = 0; i < _size; i++)
        {
            ref var entry = ref _left[(i * _size) + columnOfRow[i]];
            entry -= weight;
            if (entry < _threshold) _matching.Remove(i, columnOfRow[i]);
        }

        _remaining -= weight;
        return weight;
    }

    private void AddEdges()
    {
        for (var i = 0; i < _size; i++)
            for (var j = 0; j < _size; j++)
                if (_left[(i * _size) + j] >= _threshold)
                    _matching.Add(i, j);
    }
}
