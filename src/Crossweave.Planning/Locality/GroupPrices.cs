namespace Crossweave.Planning.Locality;

/// <summary>
/// Prices of experts such that no group of a pool is worth more than the tokens that touch it (linear-programming dual of set partitioning): their sum bounds the copies of
/// every division into such groups from below. Found by subgradient steps on the Lagrangian in which every expert takes its share of the
/// cheapest group with it, sum over e of (price[e] + min over groups with e of (tokens - prices) / experts of a group) (M. Held and R. M. Karp,
/// Mathematical Programming 1, 1971; step length of B. T. Polyak, 1969). Whole numbers throughout, so the bound is exact.
/// </summary>
/// <remarks>
/// Most steps look at few groups: a full pass keeps those whose reduced cost is below a threshold, and as long as the prices of no group can have risen by more than what
/// separates the minima found among them from that threshold, these are the minima over all groups.
/// </remarks>
internal sealed class GroupPrices
{
    private const int Rounds = 1000;
    private const int Sample = 1 << 14;
    private const int LeastNear = 4096; // groups that a full pass keeps near, at least
    private const int NearShare = 128; // or one of so many

    private readonly GroupColumns _columns;
    private readonly int _size;
    private readonly long _unit; // of working prices
    private readonly long[] _price;
    private readonly long[] _best; // with the largest sum of prices and shares so far
    private readonly long[] _reference; // prices of the last full pass
    private readonly long[] _least; // [expert] smallest reduced cost of a group with it
    private readonly int[] _cheapest; // that group
    private readonly List<int> _near = [];
    private readonly double[] _together; // [expert, higher expert] how often the cheapest groups of late steps hold both
    private long _threshold = long.MinValue;

    /// <param name="columns">The pool, with every expert in some group; it may grow between improvements.</param>
    /// <param name="share">[expert] its part of the copies of a division that keeps the cap: where the steps start.</param>
    /// <param name="copies">Copies of that division.</param>
    public GroupPrices(GroupColumns columns, ReadOnlySpan<double> share, long copies)
    {
        (_columns, _size) = (columns, columns.Size);
        // Unit x 12 x copies stays below 2^62.
        _unit = (long)_size << Math.Clamp(58 - (int)Math.Log2((double)Math.Max(1, copies) * _size * _size), 0, 10);
        _best = new long[share.Length];
        for (var e = 0; e < share.Length; e++) _best[e] = (long)(share[e] * _unit);
        (_price, _reference, _least, _cheapest) = (new long[share.Length], new long[share.Length], new long[share.Length], new int[share.Length]);
        (Price, Unit, _together) = (new long[share.Length], _unit * _size, new double[share.Length * share.Length]);
    }

    /// <summary>[expert] in units of 1 / <see cref="Unit"/> copies; no group of the pool costs less than its experts.</summary>
    public long[] Price { get; }

    /// <summary>Units of a copy.</summary>
    public long Unit { get; }

    /// <summary>Sum of all prices.</summary>
    public Int128 Sum { get; private set; }

    /// <summary>Steps from the best prices so far on, after the pool has grown. O(steps x groups near).</summary>
    /// <param name="copies">Copies of the best known division.</param>
    public void Improve(long copies)
    {
        var experts = _price.Length;
        var (best, step, stale) = (double.MinValue, 0.3, 0);
        _best.CopyTo(_price, 0);
        _threshold = long.MinValue;
        var direction = new double[experts];
        for (var round = 0; round < Rounds && step > 3e-5; round++)
        {
            Minimise();
            Count();
            var bound = 0.0;
            for (var e = 0; e < experts; e++) bound += _price[e] + ((double)_least[e] / _size);
            if (bound > best)
            {
                if (bound > best + (1e-6 * Math.Abs(best))) stale = 0;
                best = bound;
                _price.CopyTo(_best, 0);
                Keep();
            }
            else if (++stale > 15)
            {
                (step, stale) = (step * 0.6, 0);
                _best.CopyTo(_price, 0);
            }

            var missing = (copies * (double)_unit) - bound;
            if (missing < _unit) return; // the division is optimal
            var length = 0.0;
            for (var e = 0; e < experts; e++) direction[e] = (0.7 * direction[e]) + 1;
            foreach (var group in _cheapest)
                foreach (var e in _columns.ExpertsOf(group))
                    direction[e] -= 1.0 / _size;
            for (var e = 0; e < experts; e++) length += direction[e] * direction[e];
            if (length < 1e-9) return;
            for (var e = 0; e < experts; e++) _price[e] += (long)Math.Round(step * missing / length * direction[e]);
        }
    }

    /// <summary>Units by which a group costs more than its experts.</summary>
    public long ReducedCost(int group)
    {
        var cost = _columns.Tokens[group] * Unit;
        foreach (var e in _columns.ExpertsOf(group)) cost -= Price[e];
        return cost;
    }

    /// <summary>The two experts of which the cheapest groups (averaged over steps, an estimate of the fractional optimum) say least clearly whether they belong together. Ties: lowest.</summary>
    public (byte I, byte J) MostUndecided()
    {
        var experts = _price.Length;
        var (best, i, j) = (double.MaxValue, 0, 1);
        for (var a = 0; a < experts; a++)
            for (var b = a + 1; b < experts; b++)
                if (Math.Abs(_together[(a * experts) + b] - 0.5) is var distance && distance < best)
                    (best, i, j) = (distance, a, b);
        return ((byte)i, (byte)j);
    }

    private void Count()
    {
        var experts = _price.Length;
        for (var k = 0; k < _together.Length; k++) _together[k] *= 0.98;
        foreach (var group in _cheapest)
        {
            var members = _columns.ExpertsOf(group);
            foreach (var a in members)
                foreach (var b in members)
                    if (a != b)
                        _together[(a * experts) + b] += 0.02 / _size;
        }
    }

    // Prices raised by every expert's share of its cheapest group: then no group costs less than its experts.
    private void Keep()
    {
        Sum = 0;
        for (var e = 0; e < _price.Length; e++)
        {
            Price[e] = (_price[e] * _size) + _least[e];
            Sum += Price[e];
        }
    }

    private void Minimise()
    {
        if (_threshold > long.MinValue)
        {
            Array.Fill(_least, long.MaxValue);
            foreach (var group in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_near)) Offer(group);
            if (_least.Max() <= _threshold - LargestRise()) return;
        }

        Array.Fill(_least, long.MaxValue);
        _price.CopyTo(_reference, 0);
        _near.Clear();
        _threshold = Quantile();
        for (var group = 0; group < _columns.Count; group++)
            if (Offer(group) <= _threshold)
                _near.Add(group);
    }

    private long Offer(int group)
    {
        var members = _columns.ExpertsOf(group);
        var cost = _columns.Tokens[group] * _unit;
        foreach (var e in members) cost -= _price[e];
        foreach (var e in members)
        {
            if (cost >= _least[e]) continue;
            _least[e] = cost;
            _cheapest[e] = group;
        }

        return cost;
    }

    // Most that the prices of one group can have risen since the last full pass.
    private long LargestRise()
    {
        Span<long> rise = stackalloc long[_size];
        for (var e = 0; e < _price.Length; e++)
        {
            var up = _price[e] - _reference[e];
            for (var k = 0; k < _size && up > 0; k++)
                if (up > rise[k])
                    (rise[k], up) = (up, rise[k]);
        }

        var sum = 0L;
        foreach (var up in rise) sum += up;
        return sum;
    }

    // Reduced cost below which as many groups lie as shall be near, estimated from groups at equal distances.
    private long Quantile()
    {
        var sample = new long[Math.Min(Sample, _columns.Count)];
        for (var s = 0; s < sample.Length; s++)
        {
            var group = (int)((long)s * _columns.Count / sample.Length);
            sample[s] = _columns.Tokens[group] * _unit;
            foreach (var e in _columns.ExpertsOf(group)) sample[s] -= _price[e];
        }

        Array.Sort(sample);
        return sample[(int)Math.Min(sample.Length - 1, Math.Max(LeastNear, _columns.Count / NearShare) * (long)sample.Length / _columns.Count)];
    }
}
