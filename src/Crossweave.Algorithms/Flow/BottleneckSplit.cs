namespace Crossweave.Algorithms.Flow;

/// <summary>
/// Splits supplies over the bins each may use so that the fullest bin is as low as possible, exactly. Bins may start with a level of their own.
/// </summary>
/// <remarks>
/// The lowest level is the maximum over sets T of bins of (start levels in T + supplies that may use only T) / |T|. From the larger of the mean and
/// the highest start level, a maximum flow with that level as capacity either carries everything, or the bins it cannot leave are a set whose
/// quotient is higher and becomes the next level (Newton's method on a parametric cut, Dinkelbach 1967; few rounds). Levels are
/// fractions; flows are scaled by the denominator, so all arithmetic is on integers. Augmenting paths by breadth-first search over supplies,
/// O(arcs) each with one pass over the arcs of a bin. Exact while total times bins fits 64 bits; overflow throws.
/// </remarks>
public sealed class BottleneckSplit
{
    private readonly long[] _supply;
    private readonly long[] _level;
    private readonly int[] _firstBin;
    private readonly int[] _bins;
    private readonly int[] _supplyOfArc;
    private readonly int[] _firstArcOfBin;
    private readonly int[] _arcsByBin;
    private readonly long[] _flow; // by arc, scaled by the denominator
    private readonly long[] _left; // of a supply, scaled
    private readonly long[] _room; // of a bin, scaled
    private readonly int[] _into; // by bin: arc that reached it; -1 = not reached
    private readonly int[] _back; // by supply: arc whose flow is taken back to reach it; -1 = the start, -2 = not reached
    private readonly Queue<int> _queue = new();

    /// <param name="supply">Amounts, not negative.</param>
    /// <param name="firstBin">Where the bins of each supply start in <paramref name="bins"/>, and a last entry.</param>
    /// <param name="bins">Distinct bins of every supply, at least one each.</param>
    /// <param name="level">Start level of each bin, not negative.</param>
    /// <exception cref="OverflowException">Total times bins does not fit 64 bits.</exception>
    public BottleneckSplit(long[] supply, int[] firstBin, int[] bins, long[] level)
    {
        (_supply, _firstBin, _bins, _level) = (supply, firstBin, bins, level);
        _flow = new long[bins.Length];
        _left = new long[supply.Length];
        _room = new long[level.Length];
        _into = new int[level.Length];
        _back = new int[supply.Length];
        _supplyOfArc = new int[bins.Length];
        _firstArcOfBin = new int[level.Length + 1];
        _arcsByBin = new int[bins.Length];
        for (var s = 0; s < supply.Length; s++) _supplyOfArc.AsSpan(firstBin[s]..firstBin[s + 1]).Fill(s);
        foreach (var bin in bins) _firstArcOfBin[bin + 1]++;
        for (var b = 0; b < level.Length; b++) _firstArcOfBin[b + 1] += _firstArcOfBin[b];
        var next = _firstArcOfBin.AsSpan(0, level.Length).ToArray();
        for (var arc = 0; arc < bins.Length; arc++) _arcsByBin[next[bins[arc]]++] = arc;

        var total = checked(supply.Sum() + level.Sum());
        var highest = level.Max();
        (Numerator, Denominator) = (Int128)highest * level.Length > total ? (highest, 1) : (total, level.Length);
        while (!Fill()) Raise();
    }

    /// <summary>The lowest possible level of the fullest bin is Numerator / Denominator.</summary>
    public long Numerator { get; private set; }

    public int Denominator { get; private set; }

    public double Level => (double)Numerator / Denominator;

    /// <summary>What an arc (supply, bin), in the order of the bins given, carries in an optimal split.</summary>
    public double Share(int arc) => (double)_flow[arc] / Denominator;

    /// <summary>Maximum flow at the present level; true when it carries every supply.</summary>
    private bool Fill()
    {
        Array.Clear(_flow);
        for (var b = 0; b < _level.Length; b++) _room[b] = Numerator - checked(_level[b] * Denominator);
        for (var s = 0; s < _supply.Length; s++)
        {
            _left[s] = checked(_supply[s] * Denominator);
            for (var arc = _firstBin[s]; arc < _firstBin[s + 1]; arc++)
            {
                var amount = Math.Min(_left[s], _room[_bins[arc]]);
                _flow[arc] += amount;
                _left[s] -= amount;
                _room[_bins[arc]] -= amount;
            }
        }

        for (var s = 0; s < _supply.Length; s++)
            while (_left[s] > 0)
                if (!Augment(s))
                    return false;
        return true;
    }

    /// <summary>Makes room by moving flow of other supplies; false leaves the bins it cannot leave marked in <see cref="_into"/>.</summary>
    private bool Augment(int start)
    {
        Array.Fill(_into, -1);
        Array.Fill(_back, -2);
        _queue.Clear();
        _back[start] = -1;
        _queue.Enqueue(start);
        while (_queue.TryDequeue(out var s))
        {
            for (var arc = _firstBin[s]; arc < _firstBin[s + 1]; arc++)
            {
                var bin = _bins[arc];
                if (_into[bin] >= 0) continue;
                _into[bin] = arc;
                if (_room[bin] > 0)
                {
                    Move(start, bin);
                    return true;
                }

                for (var i = _firstArcOfBin[bin]; i < _firstArcOfBin[bin + 1]; i++)
                {
                    var other = _supplyOfArc[_arcsByBin[i]];
                    if (_flow[_arcsByBin[i]] == 0 || _back[other] != -2) continue;
                    _back[other] = _arcsByBin[i];
                    _queue.Enqueue(other);
                }
            }
        }

        return false;
    }

    private void Move(int start, int bin)
    {
        var amount = Math.Min(_left[start], _room[bin]);
        for (var s = _supplyOfArc[_into[bin]]; _back[s] >= 0; s = _supplyOfArc[_into[_bins[_back[s]]]]) amount = Math.Min(amount, _flow[_back[s]]);
        _left[start] -= amount;
        _room[bin] -= amount;
        for (var at = bin; ;)
        {
            var arc = _into[at];
            _flow[arc] += amount;
            var back = _back[_supplyOfArc[arc]];
            if (back < 0) return;
            _flow[back] -= amount;
            at = _bins[back];
        }
    }

    /// <summary>The level that the marked bins demand: all that lies in them and can go nowhere else.</summary>
    private void Raise()
    {
        var (inside, bins) = (0L, 0);
        for (var b = 0; b < _level.Length; b++)
        {
            if (_into[b] < 0) continue;
            inside += _level[b];
            bins++;
        }

        for (var s = 0; s < _supply.Length; s++)
            if (_back[s] != -2)
                inside += _supply[s]; // a supply that was reached has all its bins marked
        (Numerator, Denominator) = (inside, bins);
    }
}
