using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Eclipse (Bojja Venkatakrishnan, Alizadeh and Viswanath, SIGMETRICS 2016; scheduling spec 3.6): repeatedly the duration a and the
/// matching that serve most per unit of time, w(a) / (a + delta), where w(a) is the largest matching under weights min(R, a); subtract
/// min(R, a) on it; until the matrix is empty.
/// </summary>
/// <remarks>
/// <para>The scan over all distinct entries is exact but lazy. w grows with a and w(a) / a falls, so two evaluated durations a &lt; b
/// bound the ratio in between by min(w(b), w(a) a' / a) / (a' + delta); intervals that cannot beat the best are never looked into
/// (best bound first). A handful of assignments replaces hundreds, so no approximate search is needed at any size.</para>
/// <para>Ties: largest ratio (compared as exact fractions), then smallest duration, then the lexicographically smallest assignment. A
/// duration that is no entry of its own matching is raised to the next one that is, which leaves the ratio as it is (this happens only
/// when delta is a multiple tie, above all delta = 0); so every step empties an entry and there are at most as many steps as entries.</para>
/// <para>Cost: about ten assignments, O(n^3) each at worst, per step. A workspace without allocation between runs.</para>
/// </remarks>
public sealed class EclipseSlicing
{
    private readonly int _size;
    private readonly long[] _left;
    private readonly long[] _weights;
    private readonly long[] _values;      // distinct entries, ascending
    private readonly Interval[] _open;
    private readonly AssignmentSolver _value = new() { BreakTies = false };
    private readonly AssignmentSolver _choice = new();
    private long _delay;
    private long _unit;
    private double _delta;
    private bool _started;
    private int _positive;
    private long _bestAlpha;
    private long _bestWeight;

    /// <param name="size">Rows and columns.</param>
    public EclipseSlicing(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _left = new long[size * size];
        _weights = new long[size * size];
        _values = new long[size * size];
        _open = new Interval[(size * size) + 1];
    }

    /// <summary>Assignments solved since <see cref="Start"/>.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Loads a matrix. The delay in units of its entries is the fraction <paramref name="delay"/> / <paramref name="unit"/>.</summary>
    /// <param name="cells">Row-major n x n, non-negative; need not have equal line sums.</param>
    /// <param name="delay">Not negative.</param>
    /// <param name="unit">Positive.</param>
    public void Start(ReadOnlySpan<long> cells, long delay, long unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(delay);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unit);
        cells.CopyTo(_left);
        (_delay, _unit, _delta) = (delay, unit, delay / (double)unit);
        _started = false;
        _positive = 0;
        Evaluations = 0;
        foreach (var c in cells)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(c, nameof(cells));
            if (c > 0) _positive++;
        }
    }

    /// <summary>Next matching.</summary>
    /// <param name="columnOfRow">n columns out, a permutation; its pairs that have nothing left are included.</param>
    /// <returns>The duration; 0 when the matrix is used up.</returns>
    public long Next(Span<int> columnOfRow)
    {
        if (_positive == 0) return 0;
        Search();
        Cap(_bestAlpha);
        if (_started) _choice.Resolve(_weights);
        else _choice.Maximize(_weights, _size, _size);
        _started = true;
        _choice.ColumnOfRow.CopyTo(columnOfRow);
        var alpha = long.MaxValue;
        for (var i = 0; i < _size; i++)
        {
            var entry = _left[(i * _size) + columnOfRow[i]];
            if (entry >= _bestAlpha) alpha = Math.Min(alpha, entry);
        }

        for (var i = 0; i < _size; i++)
        {
            ref var entry = ref _left[(i * _size) + columnOfRow[i]];
            if (entry == 0) continue;
            entry = Math.Max(0, entry - alpha);
            if (entry == 0) _positive--;
        }

        return alpha;
    }

    private void Search()
    {
        var count = DistinctValues();
        _bestAlpha = 0;
        _bestWeight = 0;
        // Below the smallest entry every pair serves all of a: the slope there is at most the number of lines that have something.
        var last = Evaluate(count - 1);
        _open[0] = new Interval(-1, count - 1, BusyLines(), last, Bound(-1, count - 1, BusyLines(), last));
        for (var open = 1; open > 0;)
        {
            var top = 0;
            for (var k = 1; k < open; k++)
                if (_open[k].Bound > _open[top].Bound)
                    top = k;
            var interval = _open[top];
            _open[top] = _open[--open];
            if (Hopeless(interval)) continue;
            var middle = Probe(interval);
            var weight = Evaluate(middle);
            var slope = Math.Min(interval.Slope, weight / (double)_values[middle]);
            Push(new Interval(interval.Low, middle, interval.Slope, weight, 0), ref open);
            Push(new Interval(middle, interval.High, slope, interval.Weight, 0), ref open);
        }
    }

    private void Push(Interval interval, ref int open)
    {
        if (interval.High - interval.Low < 2) return;
        interval = interval with { Bound = Bound(interval.Low, interval.High, interval.Slope, interval.Weight) };
        if (!Hopeless(interval)) _open[open++] = interval;
    }

    // An interval right of the best duration must beat it, one on its left may also equal it. 1e-12 covers the rounding of bounds.
    private bool Hopeless(Interval interval)
    {
        var best = _bestWeight / (_bestAlpha + _delta);
        return interval.Bound <= (_values[interval.Low + 1] > _bestAlpha ? best * (1 + 1e-12) : best * (1 - 1e-12));
    }

    // Where the two bounds on w cross: the only duration at which the interval could reach its bound; kept off the ends.
    private int Probe(Interval interval)
    {
        var (low, high) = (interval.Low + 1, interval.High - 1);
        var peak = Math.Clamp(LowerIndex((long)Math.Min(interval.Weight / interval.Slope, long.MaxValue / 2), low, high), low, high);
        var margin = (high - low) / 4;
        return Math.Clamp(peak, low + margin, high - margin);
    }

    private int LowerIndex(long value, int low, int high)
    {
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_values[middle] < value) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    // Largest possible ratio strictly inside: min(weight at the right end, slope x a) / (a + delta), highest where both meet.
    private double Bound(int low, int high, double slope, long weight)
    {
        if (high - low < 2) return 0;
        var alpha = Math.Clamp(weight / slope, _values[low + 1], (double)_values[high - 1]);
        return Math.Min(weight, slope * alpha) / (alpha + _delta);
    }

    private long Evaluate(int index)
    {
        Evaluations++;
        var alpha = _values[index];
        Cap(alpha);
        var weight = _started || Evaluations > 1 ? _value.Resolve(_weights) : _value.Maximize(_weights, _size, _size);
        var challenge = (Int128)weight * (((Int128)_bestAlpha * _unit) + _delay);
        var holder = (Int128)_bestWeight * (((Int128)alpha * _unit) + _delay);
        if (_bestWeight == 0 || challenge > holder || (challenge == holder && alpha < _bestAlpha)) (_bestAlpha, _bestWeight) = (alpha, weight);
        return weight;
    }

    private void Cap(long alpha)
    {
        for (var k = 0; k < _left.Length; k++) _weights[k] = Math.Min(_left[k], alpha);
    }

    private int DistinctValues()
    {
        var count = 0;
        foreach (var value in _left)
            if (value > 0)
                _values[count++] = value;
        _values.AsSpan(0, count).Sort();
        var distinct = 1;
        for (var k = 1; k < count; k++)
            if (_values[k] != _values[distinct - 1])
                _values[distinct++] = _values[k];
        return distinct;
    }

    private int BusyLines()
    {
        int rows = 0, columns = 0;
        for (var i = 0; i < _size; i++)
        {
            bool row = false, column = false;
            for (var j = 0; j < _size; j++)
            {
                row |= _left[(i * _size) + j] > 0;
                column |= _left[(j * _size) + i] > 0;
            }

            rows += row ? 1 : 0;
            columns += column ? 1 : 0;
        }

        return Math.Min(rows, columns);
    }

    // Open interval of candidate indices; slope = w / a at the left end, weight = w at the right end.
    private readonly record struct Interval(int Low, int High, double Slope, long Weight, double Bound);
}
