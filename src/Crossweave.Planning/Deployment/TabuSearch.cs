using System.Numerics;
using System.Runtime.InteropServices;
using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Looks for a placement below a target time by swaps (F. Glover, ORSA Journal on Computing 1, 1989): the target caps every maximum, the caps limit the
/// tokens of every group on every device, and what is above the limits, in time units, is the penalty. A step takes any device above a limit and the
/// best swap of one model's ranks, or of all, with another device, even to the worse; ranks may not go back for a while. At penalty zero the
/// placement is below the target. Good where placements are many and proofs far; does not prove.
/// </summary>
/// <remarks>
/// Only the finish of all caps together has to be below the target, so they can be traded for each other: they lie between the least of all
/// placements and what the placement at hand has, in one proportion, then each as high as the others allow; set anew whenever the penalty has not
/// improved for a while. A step costs O(groups x devices), vectorised. Penalties are doubles, which is exact below 2^53; the time of what is found
/// is computed in integers. Work counts swaps looked at.
/// </remarks>
internal sealed class TabuSearch
{
    /// <summary>Steps per device without a smaller penalty before the caps are set anew.</summary>
    private const int Patience = 5;

    private readonly LayerTime _time;
    private readonly Prng _prng;
    private readonly int _n;
    private readonly int _models;
    private readonly int _tenure; // steps a rank may not return, at least; up to twice as many
    private readonly ModelLoads[][] _loads; // [model]: one per group with the model
    private readonly double[][] _sum; // [group][device]: tokens
    private readonly double[][] _limit;
    private readonly double[][] _cost;
    private readonly double[][] _change; // [model, or all at last][device]: of the penalty when it swaps with the device at hand
    private readonly double[] _penalty; // [device]
    private readonly long[] _least; // [term]
    private readonly long[] _maxima;
    private readonly long[] _caps;
    private readonly int[][] _ranks; // [model][device]
    private readonly int[][] _best;
    private readonly long[][] _barredUntil; // [model][rank x device]: step
    private readonly int[] _above; // devices above a limit
    private long _step;

    /// <param name="time">A time line that <see cref="Fits"/>.</param>
    /// <param name="start">The placement to improve on.</param>
    /// <param name="prng">Which device is taken, and how long a rank may not return.</param>
    public TabuSearch(LayerTime time, DeploymentPlan start, Prng prng)
    {
        (_time, _prng, _n, _models) = (time, prng, time.Problem.DeviceCount, time.Problem.Models.Count);
        _tenure = (_n + 1) / 2;
        var width = (_n + 15) & ~15; // whole vectors of any machine; beyond n everything is zero
        double[][] Rows(int count) => [.. Enumerable.Range(0, count).Select(_ => new double[width])];
        (_sum, _limit, _cost, _change, _penalty) = (Rows(time.Groups.Length), Rows(time.Groups.Length), Rows(time.Groups.Length), Rows(_models + 1), new double[_n]);
        for (var k = 0; k < _cost.Length; k++)
            for (var g = 0; g < _n; g++)
                _cost[k][g] = time.Groups[k].Cost[g];
        _loads = [.. Enumerable.Range(0, _models).Select(m => time.Groups.Index().Where(g => m >= g.Item.First && m < g.Item.First + g.Item.Loads.Length)
            .Select(g => new ModelLoads(g.Index, Array.ConvertAll(g.Item.Loads[m - g.Item.First], tokens => (double)tokens), new double[width])).ToArray())];
        _least = [.. Enumerable.Range(0, time.Terms.Length).Select(t => DeploymentBounds.OfTerm(time, t))];
        (_maxima, _caps, _above) = (new long[_least.Length], new long[_least.Length], new int[_n]);
        _best = [.. start.DeviceOfRank.Select(DeploymentPlan.Inverse)];
        (_ranks, _barredUntil) = ([.. _best.Select(_ => new int[_n])], [.. _best.Select(_ => new long[_n * _n])]);
        Value = start.Value;
    }

    /// <summary>Time of the best placement so far.</summary>
    public long Value { get; private set; }

    /// <summary>[model][device]: the best placement so far.</summary>
    public IReadOnlyList<int[]> RankOfDevice => _best;

    public long Work { get; private set; }

    /// <summary>Every maximum is one of loads x costs.</summary>
    public static bool Fits(LayerTime time) => time.PairExchanges == 0 && time.Problem.DeviceCount > 1 && time.Terms.All(t => t.Table is null);

    /// <summary>Targets half-way between a bound and the best time, nearer to the time after each failure, until so much work is done or the bound is met.</summary>
    public void Improve(long lowerBound, long work, int tries)
    {
        var (end, floor) = (Work + work, lowerBound);
        while (Value > lowerBound && Work < end)
        {
            if (floor + 1 >= Value) floor = lowerBound;
            var target = Math.Max(floor + 1, floor + ((Value - floor + 1) / 2));
            if (!Below(target, Math.Min(end - Work, work / tries))) floor = target;
        }
    }

    /// <summary>Looks for a placement below a target from the best one so far, and keeps it.</summary>
    public bool Below(long target, long work)
    {
        var end = Work + work;
        for (var m = 0; m < _models; m++) _best[m].CopyTo(_ranks[m], 0);
        var (penalty, least, since) = (0.0, 0.0, long.MinValue);
        while (true)
        {
            if (since == long.MinValue || _step - since > Patience * _n)
            {
                SetCaps(target);
                penalty = least = Recount();
                since = _step;
            }

            var count = 0;
            for (var g = 0; g < _n; g++)
                if (_penalty[g] > 0)
                    _above[count++] = g;
            if (count == 0) return Keep(target);
            if (Work >= end) return false;
            _step++;
            var x = _above[_prng.NextInt(count)];
            Weigh(x);
            var (y, move) = Choose(x, least - penalty);
            if (y < 0) continue;
            penalty += _change[move][y];
            Swap(x, y, move);
            if (penalty < least) (least, since) = (penalty, _step);
        }
    }

    private bool Keep(long target)
    {
        _time.Maxima(_ranks, _maxima);
        var value = _time.Finish(_maxima);
        if (value >= target) return false; // only beyond the doubles
        Value = value;
        for (var m = 0; m < _models; m++) _ranks[m].CopyTo(_best[m], 0);
        return true;
    }

    // The swap with the smallest change that is not barred, or that brings the penalty below all before; ties to the lower move, then device.
    private (int Device, int Move) Choose(int x, double enough)
    {
        var (smallest, device, chosen) = (double.MaxValue, -1, -1);
        for (var move = 0; move <= _models; move++)
        {
            var change = _change[move];
            for (var y = 0; y < _n; y++)
                if (change[y] < smallest && y != x && (change[y] < enough || !IsBarred(x, y, move)))
                    (smallest, device, chosen) = (change[y], y, move);
        }

        Work += (_models + 1) * _n;
        return (device, chosen);
    }

    private bool Moves(int model, int move) => move == model || move == _models;

    private bool IsBarred(int x, int y, int move)
    {
        for (var m = 0; m < _models; m++)
            if (Moves(m, move) && (_barredUntil[m][(_ranks[m][x] * _n) + y] > _step || _barredUntil[m][(_ranks[m][y] * _n) + x] > _step))
                return true;
        return false;
    }

    private void Swap(int x, int y, int move)
    {
        for (var m = 0; m < _models; m++)
        {
            if (!Moves(m, move)) continue;
            var ranks = _ranks[m];
            _barredUntil[m][(ranks[x] * _n) + x] = _step + _tenure + _prng.NextInt(_tenure);
            _barredUntil[m][(ranks[y] * _n) + y] = _step + _tenure + _prng.NextInt(_tenure);
            (ranks[x], ranks[y]) = (ranks[y], ranks[x]);
            foreach (var (group, _, at) in _loads[m])
            {
                var more = at[y] - at[x];
                (_sum[group][x], _sum[group][y]) = (_sum[group][x] + more, _sum[group][y] - more);
                (at[x], at[y]) = (at[y], at[x]);
            }
        }

        (_penalty[x], _penalty[y]) = (Penalty(x), Penalty(y));
    }

    private double Penalty(int device)
    {
        var penalty = 0.0;
        for (var k = 0; k < _sum.Length; k++) penalty += Math.Max(0, _sum[k][device] - _limit[k][device]) * _cost[k][device];
        return penalty;
    }

    // [move][y]: by how much the penalty changes when x and y swap.
    private void Weigh(int x)
    {
        foreach (var change in _change) Array.Clear(change);
        for (var k = 0; k < _sum.Length; k++)
        {
            var (sumOfX, limitOfX, costOfX) = (new Vector<double>(_sum[k][x]), new Vector<double>(_limit[k][x]), new Vector<double>(_cost[k][x]));
            var before = Above(sumOfX - limitOfX, costOfX);
            var sum = Vectors(_sum[k]);
            var limit = Vectors(_limit[k]);
            var cost = Vectors(_cost[k]);
            var change = Vectors(_change[_models]);
            for (var v = 0; v < sum.Length; v++)
                change[v] += Above(sum[v] - limitOfX, costOfX) - before + (Above(sumOfX - limit[v], cost[v]) - Above(sum[v] - limit[v], cost[v]));
        }

        for (var m = 0; m < _models; m++)
        {
            var change = Vectors(_change[m]);
            foreach (var (k, _, at) in _loads[m])
            {
                var (aboveOfX, costOfX, loadOfX) = (new Vector<double>(_sum[k][x] - _limit[k][x]), new Vector<double>(_cost[k][x]), new Vector<double>(at[x]));
                var before = Above(aboveOfX, costOfX);
                var sum = Vectors(_sum[k]);
                var limit = Vectors(_limit[k]);
                var cost = Vectors(_cost[k]);
                var load = Vectors(at);
                for (var v = 0; v < sum.Length; v++)
                {
                    var (more, above) = (load[v] - loadOfX, sum[v] - limit[v]);
                    change[v] += Above(aboveOfX + more, costOfX) - before + (Above(above - more, cost[v]) - Above(above, cost[v]));
                }
            }
        }
    }

    private static Vector<double> Above(Vector<double> tokens, Vector<double> cost) => Vector.Max(Vector<double>.Zero, tokens) * cost;

    private static Span<Vector<double>> Vectors(double[] values) => MemoryMarshal.Cast<double, Vector<double>>(values.AsSpan());

    // Everything that follows from the ranks and the limits.
    private double Recount()
    {
        foreach (var sum in _sum) Array.Clear(sum);
        for (var m = 0; m < _models; m++)
            foreach (var (group, load, at) in _loads[m])
                for (var g = 0; g < _n; g++)
                    _sum[group][g] += at[g] = load[_ranks[m][g]];
        var total = 0.0;
        for (var g = 0; g < _n; g++) total += _penalty[g] = Penalty(g);
        return total;
    }

    private void SetCaps(long target)
    {
        const int scale = 1 << 20;
        _time.Maxima(_ranks, _maxima);
        var share = Largest(0, scale, s => Blend(s) < target);
        Blend(share);
        for (var t = 0; t < _caps.Length; t++)
        {
            _caps[t] = Largest(_caps[t], DeploymentProblem.Largest, cap =>
            {
                _caps[t] = cap;
                return _time.Finish(_caps) < target;
            });
        }

        foreach (var limit in _limit) Array.Fill(limit, DeploymentProblem.Largest);
        foreach (var (t, term) in _time.Terms.Index())
            foreach (var part in term.Parts)
                for (var g = 0; g < _n; g++)
                    if (_time.Groups[part.Group].Cost[g] is var cost && cost > 0)
                        _limit[part.Group][g] = Math.Min(_limit[part.Group][g], (_caps[t] / cost) - part.Constant);

        long Blend(long share)
        {
            for (var t = 0; t < _caps.Length; t++) _caps[t] = _least[t] + (long)((Int128)Math.Max(0, _maxima[t] - _least[t]) * share / scale);
            return _time.Finish(_caps);
        }
    }

    // Largest number of a range with a property that all smaller ones have; its start when none has.
    private static long Largest(long low, long high, Func<long, bool> has)
    {
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (has(middle)) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>Loads of one model in one group: by rank, and by device as placed.</summary>
    private sealed record ModelLoads(int Group, double[] OfRank, double[] At);
}
