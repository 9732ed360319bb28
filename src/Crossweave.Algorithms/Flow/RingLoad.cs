namespace Crossweave.Algorithms.Flow;

/// <summary>
/// Splittable routing on a two-directional ring: every pair (s, t) sends part of its demand clockwise, s, s + 1, .., t, and the rest the
/// other way; the longest time demand / rate of any directed link shall be least. A linear program with one variable per pair (its
/// clockwise part) and one row per directed link, solved by the bounded-variable primal simplex.
/// </summary>
/// <remarks>
/// <para>At a vertex at most 2n pairs are split, so iterations work on a 2n x 2n inverse, and all pairs are priced by prefix sums of the
/// link prices: O(n^2) per iteration, a few hundred iterations for n = 64. Ties: largest gain, then lowest pair; a fixed tiny offset of
/// the rows keeps degenerate corners from cycling.</para>
/// <para>The floating-point result is not trusted but made exact: the split is rounded to <see cref="Unit"/> and its link loads are added
/// up as integers (a plan that can be executed), and the link prices, rounded to integers, prove a bound by weak duality:
/// any routing needs at least sum d(s,t) min(price of either way) / sum(rate x price). The two agree to about 2n units.</para>
/// <para>Cuts of two links alone do not suffice: three pairs i -> i + 1 of one token on three ranks need 2/3, their cuts 1/2.</para>
/// </remarks>
public sealed class RingLoad
{
    private const double Tolerance = 1e-9;
    private const double SmallestPivot = 1e-8;
    private const int RefreshEvery = 100;
    private const long PriceScale = 1L << 30;

    private readonly int _size;
    private readonly int _rows;
    private readonly double[] _inverse; // rows x rows
    private readonly double[] _value; // of the basic variable of each row
    private readonly int[] _basic; // variable of each row: pair, _pairs = time, _pairs + 1 + link = slack
    private readonly double[] _capacity;
    private readonly double[] _direction;
    private readonly double[] _prefix;
    private readonly double[] _right; // right-hand side
    private int _pairs;
    private int[] _source = [];
    private int[] _target = [];
    private double[] _demand = []; // scaled
    private byte[] _place = []; // of every variable: 0 at zero, 1 at its upper bound, 2 basic

    /// <param name="size">Ranks on the ring, at least 2.</param>
    public RingLoad(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        (_size, _rows) = (size, 2 * size);
        (_inverse, _value, _basic) = (new double[_rows * _rows], new double[_rows], new int[_rows]);
        (_capacity, _direction, _prefix, _right) = (new double[_rows], new double[_rows], new double[_rows + 2], new double[_rows]);
        (Load, Price, Clockwise) = (new long[_rows], new long[_rows], new long[size * size]);
    }

    /// <summary>Loads are counted in parts of a demand unit: 1 unit of demand = Unit parts, a power of two.</summary>
    public long Unit { get; private set; }

    /// <summary>Parts on link k -> k + 1 at [k], on link k + 1 -> k at [size + k].</summary>
    public long[] Load { get; }

    /// <summary>Parts of each pair, [source, target], that go clockwise; the rest of demand x Unit goes the other way.</summary>
    public long[] Clockwise { get; }

    /// <summary>Non-negative prices of the links, in the order of <see cref="Load"/>: the certificate of optimality.</summary>
    public long[] Price { get; }

    /// <param name="demand">size x size, the diagonal is ignored; the total must stay below 2^61.</param>
    /// <param name="rate">Rate of each directed link, in the order of <see cref="Load"/>.</param>
    public void Solve(ReadOnlySpan<long> demand, ReadOnlySpan<long> rate)
    {
        var total = Begin(demand, rate);
        Array.Clear(Load);
        Array.Clear(Price);
        Array.Clear(Clockwise);
        Unit = 1L << 20;
        while (Unit > 1 && total > (1L << 61) / Unit) Unit >>= 1;
        if (_pairs == 0) return;
        Start(rate);
        var limit = 50 * (_rows + _pairs);
        for (var iteration = 1; iteration <= limit && Improve(); iteration++)
            if (iteration % RefreshEvery == 0)
                Refresh();
        Array.Clear(_right); // without the offset
        Refresh();
        Finish(demand);
    }

    /// <summary>sum d(s,t) x min(clockwise price, counter-clockwise price): no routing has a sum of load x price below it.</summary>
    public static Int128 PricedDemand(ReadOnlySpan<long> demand, int size, ReadOnlySpan<long> price)
    {
        Int128 sum = 0;
        for (var s = 0; s < size; s++)
        {
            var (there, back) = (0L, 0L);
            for (var k = 0; k < size; k++) back += price[size + k];
            for (var step = 1; step < size; step++)
            {
                var link = (s + step - 1) % size;
                there += price[link];
                back -= price[size + link];
                sum += (Int128)demand[(s * size) + ((s + step) % size)] * Math.Min(there, back);
            }
        }

        return sum;
    }

    private long Begin(ReadOnlySpan<long> demand, ReadOnlySpan<long> rate)
    {
        if (demand.Length != _size * _size || rate.Length != _rows) throw new ArgumentException("demand or rates of another size");
        var (count, total) = (0, 0L);
        for (var s = 0; s < _size; s++)
            for (var t = 0; t < _size; t++)
                if (s != t && demand[(s * _size) + t] > 0)
                {
                    total = checked(total + demand[(s * _size) + t]);
                    count++;
                }

        _pairs = count;
        if (_source.Length < count) (_source, _target, _demand) = (new int[count], new int[count], new double[count]);
        _place = new byte[count + 1 + _rows];
        count = 0;
        for (var s = 0; s < _size; s++)
            for (var t = 0; t < _size; t++)
                if (s != t && demand[(s * _size) + t] > 0)
                    (_source[count], _target[count], _demand[count++]) = (s, t, demand[(s * _size) + t]);
        return total;
    }

    // Every pair takes its shorter way (opposite ranks alternate); the busiest link gives the time.
    private void Start(ReadOnlySpan<long> rate)
    {
        var fastest = 0L;
        foreach (var r in rate) fastest = Math.Max(fastest, r);
        for (var e = 0; e < _rows; e++) _capacity[e] = (double)rate[e] / fastest;
        var load = new double[_rows];
        for (var p = 0; p < _pairs; p++)
        {
            var distance = Distance(p);
            var clockwise = 2 * distance < _size || (2 * distance == _size && ((_source[p] + _target[p]) & 1) == 0);
            _place[p] = clockwise ? (byte)1 : (byte)0;
            for (var k = 0; k < _size; k++)
                if (Crosses(p, k) == clockwise)
                    load[clockwise ? k : _size + k] += _demand[p];
        }

        var scale = 0.0;
        for (var e = 0; e < _rows; e++) scale = Math.Max(scale, load[e] / _capacity[e]);
        for (var p = 0; p < _pairs; p++) _demand[p] /= scale;
        for (var e = 0; e < _rows; e++)
        {
            load[e] /= scale;
            _right[e] = 1e-8 * (1 + Fraction((e + 1) * 0.6180339887498949)); // the offset: slack = offset + capacity x time - load
        }

        var tight = 0;
        for (var e = 1; e < _rows; e++)
            if ((load[e] - _right[e]) / _capacity[e] > (load[tight] - _right[tight]) / _capacity[tight])
                tight = e;
        for (var e = 0; e < _rows; e++) _basic[e] = e == tight ? _pairs : _pairs + 1 + e;
        foreach (var v in _basic) _place[v] = 2;
        Refresh();
    }

    private static double Fraction(double x) => x - Math.Floor(x);

    private int Distance(int pair) => (_target[pair] - _source[pair] + _size) % _size;

    // Whether the clockwise way of the pair uses link k -> k + 1; if not, its other way uses k + 1 -> k.
    private bool Crosses(int pair, int k) => (k - _source[pair] + _size) % _size < Distance(pair);

    // One simplex step; false at the optimum. Basic variables move by -direction x step.
    private bool Improve()
    {
        var rowOfTime = Array.IndexOf(_basic, _pairs);
        var price = _inverse.AsSpan(rowOfTime * _rows, _rows); // negated link prices
        var (entering, sign) = CheapestMove(price);
        if (entering < 0) return false;
        Column(entering);
        var (row, step) = (-1, entering < _pairs ? _demand[entering] : double.MaxValue);
        for (var i = 0; i < _rows; i++)
        {
            var change = sign * _direction[i];
            if (Math.Abs(change) < SmallestPivot || _basic[i] == _pairs) continue;
            var room = change > 0 ? _value[i] / change : _basic[i] < _pairs ? (_demand[_basic[i]] - _value[i]) / -change : double.MaxValue;
            room = Math.Max(room, 0);
            if (room < step - Tolerance * 1e-3 || (row >= 0 && room <= step && Math.Abs(_direction[i]) > Math.Abs(_direction[row])))
                (row, step) = (i, Math.Min(room, step));
        }

        for (var i = 0; i < _rows; i++) _value[i] -= sign * _direction[i] * step;
        if (row < 0)
        {
            if (step == double.MaxValue) return false; // cannot happen: the time is bounded below
            _place[entering] ^= 1;
            return true;
        }

        var leaving = _basic[row];
        _place[leaving] = leaving < _pairs && _value[row] > _demand[leaving] / 2 ? (byte)1 : (byte)0;
        _value[row] = (_place[entering] == 1 ? _demand[entering] : 0) + (sign * step);
        _basic[row] = entering;
        _place[entering] = 2;
        Pivot(row);
        return true;
    }

    // The variable whose move lowers the time most per unit, and the direction of its move.
    private (int Variable, int Sign) CheapestMove(ReadOnlySpan<double> price)
    {
        var clockwise = _prefix.AsSpan(0, _size + 1);
        var counter = _prefix.AsSpan(_size + 1);
        clockwise[0] = counter[0] = 0;
        for (var k = 0; k < _size; k++)
        {
            clockwise[k + 1] = clockwise[k] - price[k];
            counter[k + 1] = counter[k] - price[_size + k];
        }

        var (best, gain, sign) = (-1, Tolerance, 0);
        for (var p = 0; p < _pairs; p++)
        {
            if (_place[p] == 2) continue;
            var (s, t) = (_source[p], _target[p]);
            var (there, inside) = (clockwise[t] - clockwise[s], counter[t] - counter[s]);
            if (t < s) (there, inside) = (there + clockwise[_size], inside + counter[_size]);
            var cost = there - (counter[_size] - inside); // of one more unit clockwise
            var g = _place[p] == 0 ? -cost : cost;
            if (g > gain) (best, gain, sign) = (p, g, _place[p] == 0 ? 1 : -1);
        }

        for (var e = 0; e < _rows; e++)
            if (_place[_pairs + 1 + e] == 0 && price[e] > gain)
                (best, gain, sign) = (_pairs + 1 + e, price[e], 1);
        return (best, sign);
    }

    // inverse x column of a variable. Rows: load - capacity x time + slack = offset, with load = constant - clockwise part on the links back.
    private void Column(int variable)
    {
        for (var i = 0; i < _rows; i++)
        {
            var row = _inverse.AsSpan(i * _rows, _rows);
            if (variable > _pairs)
            {
                _direction[i] = row[variable - _pairs - 1];
                continue;
            }

            var sum = 0.0;
            var (k, end) = (_source[variable], _target[variable]);
            for (; k != end; k = k + 1 == _size ? 0 : k + 1) sum += row[k];
            for (end = _source[variable]; k != end; k = k + 1 == _size ? 0 : k + 1) sum -= row[_size + k];
            _direction[i] = sum;
        }
    }

    private void Pivot(int row)
    {
        var pivotRow = _inverse.AsSpan(row * _rows, _rows);
        var factor = 1 / _direction[row];
        for (var c = 0; c < _rows; c++) pivotRow[c] *= factor;
        for (var i = 0; i < _rows; i++)
        {
            var f = _direction[i];
            if (i == row || f == 0) continue;
            var target = _inverse.AsSpan(i * _rows, _rows);
            for (var c = 0; c < target.Length; c++) target[c] -= f * pivotRow[c];
        }
    }

    // Inverse and values from the basis alone (Gauss-Jordan with row exchange), which removes accumulated rounding.
    private void Refresh()
    {
        var width = 2 * _rows;
        var work = new double[_rows * width];
        for (var c = 0; c < _rows; c++)
        {
            work[(c * width) + _rows + c] = 1;
            var v = _basic[c];
            if (v > _pairs) work[((v - _pairs - 1) * width) + c] = 1;
            else if (v == _pairs)
                for (var e = 0; e < _rows; e++) work[(e * width) + c] = -_capacity[e];
            else
                for (var k = 0; k < _size; k++)
                {
                    if (Crosses(v, k)) work[(k * width) + c] = 1;
                    else work[((_size + k) * width) + c] = -1;
                }
        }

        for (var c = 0; c < _rows; c++)
        {
            var best = c;
            for (var i = c + 1; i < _rows; i++)
                if (Math.Abs(work[(i * width) + c]) > Math.Abs(work[(best * width) + c]))
                    best = i;
            var pivot = work.AsSpan(c * width, width);
            if (best != c)
            {
                var other = work.AsSpan(best * width, width);
                for (var k = c; k < width; k++)
                {
                    var swapped = pivot[k];
                    pivot[k] = other[k];
                    other[k] = swapped;
                }
            }

            var factor = 1 / pivot[c];
            for (var k = 0; k < width; k++) pivot[k] *= factor;
            for (var i = 0; i < _rows; i++)
            {
                var target = work.AsSpan(i * width, width);
                var f = target[c];
                if (i == c || f == 0) continue;
                for (var k = c; k < width; k++) target[k] -= f * pivot[k];
            }
        }

        for (var i = 0; i < _rows; i++) work.AsSpan((i * width) + _rows, _rows).CopyTo(_inverse.AsSpan(i * _rows));
        var rest = _right.AsSpan().ToArray();
        for (var p = 0; p < _pairs; p++)
            for (var k = 0; k < _size; k++)
            {
                var clockwise = Crosses(p, k);
                if (clockwise && _place[p] == 1) rest[k] -= _demand[p];
                else if (!clockwise && _place[p] != 1) rest[_size + k] -= _demand[p];
            }

        for (var i = 0; i < _rows; i++)
        {
            var sum = 0.0;
            for (var e = 0; e < _rows; e++) sum += _inverse[(i * _rows) + e] * rest[e];
            _value[i] = sum;
        }
    }

    // Rounds the split to parts and adds up the loads; rounds the prices.
    private void Finish(ReadOnlySpan<long> demand)
    {
        var part = new double[_pairs];
        for (var p = 0; p < _pairs; p++) part[p] = _place[p] == 1 ? 1 : 0;
        for (var i = 0; i < _rows; i++)
            if (_basic[i] < _pairs)
                part[_basic[i]] = Math.Clamp(_value[i] / _demand[_basic[i]], 0, 1);
        for (var p = 0; p < _pairs; p++)
        {
            var whole = demand[(_source[p] * _size) + _target[p]] * Unit;
            var clockwise = part[p] is 0 or 1 ? (part[p] == 1 ? whole : 0) : Math.Clamp((long)Math.Round(part[p] * whole), 0, whole);
            Clockwise[(_source[p] * _size) + _target[p]] = clockwise;
            for (var k = 0; k < _size; k++)
            {
                if (Crosses(p, k)) Load[k] += clockwise;
                else Load[_size + k] += whole - clockwise;
            }
        }

        var rowOfTime = Array.IndexOf(_basic, _pairs);
        for (var e = 0; e < _rows; e++) Price[e] = Math.Max(0, (long)Math.Round(-_inverse[(rowOfTime * _rows) + e] * PriceScale));
    }
}
