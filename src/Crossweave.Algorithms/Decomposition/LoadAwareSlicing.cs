using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// One slice of a matrix at a time, capped at a duration and chosen for the lines that are hardest to finish. Problem: cover a matrix
/// with matchings so that the sum of durations plus a delay per matching is small. Whatever the rest looks like, a line with load w and
/// k entries still needs w + delay x k; a good slice lowers the largest of these needs for the time it takes.
/// </summary>
/// <remarks>
/// <para>Method (ours): line i has the price (need_i / largest need)^e, a soft maximum. Serving min(r, a) of an entry r in a slice of
/// duration a is worth (price of row + price of column) x (min(r, a) + delay if the entry is finished). The slice maximises
/// worth / (a + delay): for a spread of start values of a, alternate between the best matching for a (assignment) and the best a for
/// the matching (scan of its entries) until neither gains.</para>
/// <para>Amounts are whole multiples of the grain of their pair (the duration of one token on it). Worths are quantised so that the
/// 32-bit assignment kernel takes them. Cost per slice: about 2 to 3 assignments per start value, O(n^3) each at worst. Ties: the
/// earlier start value, then the smaller duration. Source: the capped prefix of scheduling spec 3.13, with prices instead of a bonus
/// for maximal lines. Bad for delay = 0, where exact decompositions reach the port bound.</para>
/// <para>A workspace for matrices of one size.</para>
/// </remarks>
public sealed class LoadAwareSlicing
{
    private const int Alternations = 4;
    private readonly int _size;
    private readonly double _delay;
    private readonly long[] _grain;
    private readonly AssignmentSolver _solver = new();
    private readonly long[] _weights;
    private readonly double[] _rowPrice;
    private readonly double[] _columnPrice;
    private readonly long[] _matched;
    private readonly double[] _matchedPrice;
    private readonly int[] _trial;
    private readonly double _levels;
    private long[] _entries = [];
    private int _entryCount;

    /// <param name="size">n.</param>
    /// <param name="delay">In the unit of the matrix.</param>
    /// <param name="grain">n x n, each at least 1: amounts on a pair are multiples of it.</param>
    public LoadAwareSlicing(int size, double delay, ReadOnlySpan<long> grain)
    {
        (_size, _delay, _grain) = (size, delay, grain.ToArray());
        _weights = new long[size * size];
        (_rowPrice, _columnPrice) = (new double[size], new double[size]);
        (_matched, _matchedPrice, _trial) = (new long[size], new double[size], new int[size]);
        _levels = (1 << 27) / (4.0 * size) - 2;
    }

    /// <summary>Chooses the next slice and takes it off the matrix.</summary>
    /// <param name="rest">n x n; amounts are multiples of the grain; lowered by the slice.</param>
    /// <param name="exponent">Of the prices: 0 prices all lines alike, large values look at the longest line only.</param>
    /// <param name="starts">Start values of the duration.</param>
    /// <param name="columnOfRow">n values out.</param>
    /// <param name="amounts">n values out, 0 for idle rows.</param>
    /// <returns>False when the matrix is empty.</returns>
    public bool Next(Span<long> rest, int exponent, int starts, Span<int> columnOfRow, Span<long> amounts)
    {
        Collect(rest);
        if (_entryCount == 0) return false;
        SetPrices(rest, exponent);
        var (best, bestDuration, tried) = (-1.0, 0L, 0L);
        for (var s = 0; s < starts; s++)
        {
            var duration = _entries[(int)((long)(_entryCount - 1) * (2 * (starts - s) - 1) / (2 * starts))];
            if (duration == tried) continue;
            tried = duration;
            for (var round = 0; round < Alternations; round++)
            {
                Match(rest, duration);
                var (worth, better) = BestDuration(rest);
                if (worth > best)
                {
                    (best, bestDuration) = (worth, better);
                    _trial.CopyTo(columnOfRow);
                }

                if (better == duration) break;
                duration = better;
            }
        }

        SliceList.Cut(rest, _grain, columnOfRow, bestDuration, amounts);
        return true;
    }

    // Distinct-ish entries, ascending.
    private void Collect(ReadOnlySpan<long> rest)
    {
        _entryCount = 0;
        if (_entries.Length < rest.Length) _entries = new long[rest.Length];
        foreach (var r in rest)
            if (r > 0)
                _entries[_entryCount++] = r;
        _entries.AsSpan(0, _entryCount).Sort();
    }

    private void SetPrices(ReadOnlySpan<long> rest, int exponent)
    {
        Array.Clear(_rowPrice);
        Array.Clear(_columnPrice);
        for (var i = 0; i < _size; i++)
            for (var j = 0; j < _size; j++)
            {
                if (rest[(i * _size) + j] is not (> 0 and var r)) continue;
                _rowPrice[i] += r + _delay;
                _columnPrice[j] += r + _delay;
            }

        var largest = 0.0;
        for (var i = 0; i < _size; i++) largest = Math.Max(largest, Math.Max(_rowPrice[i], _columnPrice[i]));
        for (var i = 0; i < _size; i++)
        {
            _rowPrice[i] = Power(_rowPrice[i] / largest, exponent);
            _columnPrice[i] = Power(_columnPrice[i] / largest, exponent);
        }
    }

    // By multiplication: the same on every machine.
    private static double Power(double x, int exponent)
    {
        var result = 1.0;
        for (; exponent > 0; exponent >>= 1, x *= x)
            if ((exponent & 1) != 0)
                result *= x;
        return result;
    }

    private void Match(ReadOnlySpan<long> rest, long duration)
    {
        var scale = _levels / (2 * (duration + _delay));
        for (var i = 0; i < _size; i++)
        {
            var rowPrice = _rowPrice[i];
            for (var j = 0; j < _size; j++)
            {
                var r = rest[(i * _size) + j];
                _weights[(i * _size) + j] = r == 0
                    ? 0
                    : 1 + (long)(scale * (rowPrice + _columnPrice[j]) * (r <= duration ? r + _delay : duration));
            }
        }

        _solver.Maximize(_weights, _size, _size);
        _solver.ColumnOfRow.CopyTo(_trial);
    }

    // Over the entries of the matching in ascending order: all before are finished, all after are cut.
    private (double Worth, long Duration) BestDuration(ReadOnlySpan<long> rest)
    {
        var count = 0;
        var open = 0.0;
        for (var i = 0; i < _size; i++)
        {
            var r = rest[(i * _size) + _trial[i]];
            if (r == 0) continue;
            _matched[count] = r;
            _matchedPrice[count++] = _rowPrice[i] + _columnPrice[_trial[i]];
            open += _rowPrice[i] + _columnPrice[_trial[i]];
        }

        Array.Sort(_matched, _matchedPrice, 0, count);
        var (best, at, finished) = (-1.0, 0L, 0.0);
        for (var k = 0; k < count; k++)
        {
            finished += _matchedPrice[k] * (_matched[k] + _delay);
            open -= _matchedPrice[k];
            if (k + 1 < count && _matched[k + 1] == _matched[k]) continue;
            var worth = (finished + (open * _matched[k])) / (_matched[k] + _delay);
            if (worth > best) (best, at) = (worth, _matched[k]);
        }

        return (best, at);
    }
}
