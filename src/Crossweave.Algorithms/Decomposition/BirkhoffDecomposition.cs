using Crossweave.Algorithms.Assignment;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>Which perfect matching of the positive entries a Birkhoff step takes.</summary>
public enum MatchingRule
{
    /// <summary>Any, kept from step to step and repaired; rows ascending, columns by remaining entry descending, then index.</summary>
    HeavyFirst,

    /// <summary>The one whose smallest entry is largest: long steps, few of them.</summary>
    Bottleneck,

    /// <summary>The one of largest total entry; ties as in <see cref="AssignmentSolver"/>.</summary>
    MaxWeight,

    /// <summary>
    /// The one of least barrier sum, sum of 1 / (entry + smoothing): the Frank-Wolfe direction of Birkhoff+ (Valls, Iosifidis and
    /// Tassiulas, arXiv 2011.02752), which keeps away from small entries. Ties as in <see cref="AssignmentSolver"/>.
    /// </summary>
    Barrier,
}

/// <summary>
/// Birkhoff-von Neumann: writes an integer matrix with equal line sums as a sum of weighted permutations, by repeatedly taking a
/// perfect matching on the positive entries and subtracting its smallest entry. Integers, so it ends exactly at zero.
/// </summary>
/// <remarks>
/// At most n^2 - 2n + 2 permutations (dimension of the Birkhoff polytope plus one); the weights sum to the line sum. Cost per step:
/// heavy first O(n^2) per entry that became zero, bottleneck O(n^2) per fall of the threshold plus O(n^3 / 64), max-weight and barrier O(n^3). A workspace.
/// </remarks>
public sealed class BirkhoffDecomposition
{
    private const double Smoothing = 0.01;
    private const double BarrierTop = 1L << 32;

    private readonly int _size;
    private readonly long[] _left;
    private readonly HeavyFirstMatching _heavy;
    private readonly BipartiteMatching _matching;
    private readonly BipartiteMatching _probe;
    private readonly AssignmentSolver _assignment = new();
    private readonly long[] _values;
    private readonly int[] _columns;
    private MatchingRule _rule;
    private long _remaining;
    private long _ceiling;
    private bool _first;
    private double _smoothing;

    /// <param name="size">Rows and columns.</param>
    public BirkhoffDecomposition(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _left = new long[size * size];
        _values = new long[size * size];
        _columns = new int[size];
        _heavy = new HeavyFirstMatching(size);
        _matching = new BipartiteMatching(size);
        _probe = new BipartiteMatching(size);
    }

    /// <summary>Loads a matrix; every line must have the same sum.</summary>
    public void Start(ReadOnlySpan<long> cells, MatchingRule rule)
    {
        cells.CopyTo(_left);
        _rule = rule;
        _first = true;
        _remaining = LineSums.Common(cells, _size);
        _smoothing = Smoothing * _remaining / ((double)_size * _size);
        if (rule == MatchingRule.HeavyFirst && _remaining > 0) _heavy.Start(_left);
    }

    /// <summary>Next permutation.</summary>
    /// <param name="columnOfRow">n columns out.</param>
    /// <returns>Its weight; 0 when the matrix is used up.</returns>
    public long Next(Span<int> columnOfRow)
    {
        if (_remaining == 0) return 0;
        switch (_rule)
        {
            case MatchingRule.HeavyFirst:
                _heavy.Grow();
                _heavy.ColumnOfRow.CopyTo(columnOfRow);
                break;
            case MatchingRule.Bottleneck:
                MatchBottleneck();
                _matching.ColumnOfRow.CopyTo(columnOfRow);
                break;
            case MatchingRule.Barrier:
                MatchBarrier();
                _assignment.ColumnOfRow.CopyTo(columnOfRow);
                break;
            default:
                MatchHeaviest();
                _assignment.ColumnOfRow.CopyTo(columnOfRow);
                break;
        }

        var weight = long.MaxValue;
        for (var i = 0; i < _size; i++) weight = Math.Min(weight, _left[(i * _size) + columnOfRow[i]]);
        for (var i = 0; i < _size; i++)
        {
            _left[(i * _size) + columnOfRow[i]] -= weight;
            if (_rule == MatchingRule.HeavyFirst) _heavy.Lowered(_left, i, columnOfRow[i]);
        }

        _remaining -= weight;
        return weight;
    }

    // Largest threshold that still admits a perfect matching (Derigs and Zimmermann 1978). It never rises, since entries only shrink,
    // so the matching of the last phase is kept where it reaches the threshold and repaired. A search that fails shows a set of rows
    // that needs a column below the threshold: the best such entry is the next threshold. The permutation is then matched from
    // scratch, so that it depends on what is left only.
    private void MatchBottleneck()
    {
        if (_first)
        {
            _probe.Clear();
            _ceiling = 0;
            foreach (var value in _left) _ceiling = Math.Max(_ceiling, value);
            _first = false;
        }

        while (true)
        {
            for (var i = 0; i < _size; i++) _probe.SetRow(i, _left.AsSpan(i * _size, _size), _ceiling);
            if (_probe.GrowPerfect()) break;
            _ceiling = _probe.LargestMissing(_left);
        }

        _matching.CopyEdges(_probe);
        _matching.GrowPerfect();
    }

    // Entries at zero are forbidden by a penalty above every possible gain.
    private void MatchHeaviest()
    {
        if (_first) _ceiling = checked((_remaining * _size) + 1);
        for (var k = 0; k < _left.Length; k++) _values[k] = _left[k] > 0 ? _left[k] : -_ceiling;
        if (_first) _assignment.Maximize(_values, _size, _size);
        else _assignment.Resolve(_values);
        _first = false;
    }

    // The constant part of the direction's cost (-1 per entry) and its factor beta are the same for every permutation, so they drop out.
    private void MatchBarrier()
    {
        var forbidden = checked(((long)BarrierTop * _size) + 1);
        for (var k = 0; k < _left.Length; k++)
            _values[k] = _left[k] > 0 ? (long)Math.Round(BarrierTop * (1 + _smoothing) / (_left[k] + _smoothing)) : forbidden;
        if (_first) _assignment.Minimize(_values, _size, _size);
        else _assignment.Resolve(_values);
        _first = false;
    }
}
