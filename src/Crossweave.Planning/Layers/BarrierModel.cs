using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>A lockstep plan of k matchings: their order, the launches, and the makespan in the executor of scheduling spec 2.3.</summary>
internal sealed record BarrierPlan(int[] Order, IReadOnlyList<PlannedLaunch> Launches, long MakespanPs);

/// <summary>
/// The layer as scheduling spec 2.3 sees it: matching m takes a[m] to dispatch and c[m] to combine, a launch takes what its slowest rank needs.
/// Every matching pays its delay, so a plan whose neighbours share circuits can only be faster than the model says.
/// </summary>
internal sealed class BarrierModel
{
    private readonly LayerProblem _problem;
    private readonly ArrivalTable _table;
    private readonly long[] _dispatchPs;
    private readonly long[] _combinePs;
    private readonly long _localPs;
    private readonly bool _hasLocal;
    private readonly int _n;
    private readonly long[] _sum;

    /// <param name="problem">The layer.</param>
    /// <param name="table">What each matching brings.</param>
    /// <param name="dispatchPs">Time of each matching, its delay included.</param>
    /// <param name="combinePs">Time of its return.</param>
    public BarrierModel(LayerProblem problem, ArrivalTable table, long[] dispatchPs, long[] combinePs)
    {
        (_problem, _table, _dispatchPs, _combinePs) = (problem, table, dispatchPs, combinePs);
        _n = problem.Traffic.RankCount;
        _sum = new long[_n];
        _hasLocal = table.LocalRows.Any(r => r > 0);
        _localPs = Slowest(_sum, withLocal: true);
    }

    /// <summary>Launch time of each matching alone.</summary>
    public long[] ComputePs()
    {
        var b = new long[_dispatchPs.Length];
        for (var m = 0; m < b.Length; m++) b[m] = Slowest(_table.Rows.AsSpan(m * _n, _n), withLocal: false);
        return b;
    }

    /// <summary>Best contiguous grouping of a given order; of more matchings than the limit, blocks of nearly equal duration stay together.</summary>
    public BarrierPlan Grouped(int[] order, GroupingSearch search, int limit)
    {
        var k = order.Length;
        var last = Blocks(order, Math.Min(k, limit)); // last position of each block
        var q = last.Length;
        search.Resize(q);
        var (position, time) = (0, 0L);
        for (var block = 0; block < q; block++)
        {
            search.Return[block] = 0;
            for (; position <= last[block]; position++)
            {
                time += _dispatchPs[order[position]];
                search.Return[block] += _combinePs[order[position]];
            }

            search.Arrival[block] = time;
        }

        for (var x = 0; x < q; x++)
        {
            Array.Clear(_sum);
            position = x == 0 ? 0 : last[x - 1] + 1;
            for (var y = x; y < q; y++)
            {
                for (; position <= last[y]; position++)
                    for (var j = 0; j < _n; j++)
                        _sum[j] += _table.Rows[(order[position] * _n) + j];
                search.Plain[(x * q) + y] = Slowest(_sum, withLocal: false);
                if (_hasLocal) search.Joined[(x * q) + y] = Slowest(_sum, withLocal: true);
            }
        }

        var groups = new List<Group>();
        var makespan = search.Solve(_hasLocal, _localPs, time, groups);
        return new BarrierPlan(
            order,
            [.. groups.Select(g => g.Last < g.First ? PlannedLaunch.LocalRowsAlone : new PlannedLaunch(g.First == 0 ? 0 : last[g.First - 1] + 1, last[g.Last], g.TakesLocalRows))],
            makespan);
    }

    /// <summary>The best order and grouping together, if it is better than <paramref name="known"/>. O(3^k).</summary>
    public BarrierPlan Exact(BarrierPlan known)
    {
        var k = _dispatchPs.Length;
        var size = 1 << k;
        var (a, c, plain, joined, least) = (new long[size], new long[size], new long[size], new long[size], new long[size]);
        joined[0] = _localPs;
        for (var set = 1; set < size; set++)
        {
            Array.Clear(_sum);
            for (var m = 0; m < k; m++)
            {
                if ((set >> m & 1) == 0) continue;
                a[set] += _dispatchPs[m];
                c[set] += _combinePs[m];
                for (var j = 0; j < _n; j++) _sum[j] += _table.Rows[(m * _n) + j];
            }

            plain[set] = Slowest(_sum, withLocal: false);
            joined[set] = Slowest(_sum, withLocal: true);
            for (var j = 0; j < _n; j++) least[set] = Math.Max(least[set], _problem.ComputeOfRank[j].CheapestSplitPs(_sum[j]));
        }

        var groups = new List<(int Set, bool TakesLocalRows)>();
        var makespan = new BarrierSearch().Solve(a, c, plain, joined, least, _hasLocal, known.MakespanPs, groups);
        if (groups.Count == 0) return known;
        var (order, launches) = (new List<int>(k), new List<PlannedLaunch>());
        foreach (var (set, local) in groups)
        {
            var first = order.Count;
            for (var m = 0; m < k; m++)
                if ((set >> m & 1) != 0)
                    order.Add(m);
            launches.Add(set == 0 ? PlannedLaunch.LocalRowsAlone : new PlannedLaunch(first, order.Count - 1, local));
        }

        return new BarrierPlan([.. order], launches, makespan);
    }

    private long Slowest(ReadOnlySpan<long> rows, bool withLocal)
    {
        var slowest = 0L;
        for (var j = 0; j < _n; j++)
        {
            var all = rows[j] + (withLocal ? _table.LocalRows[j] : 0);
            if (all > 0) slowest = Math.Max(slowest, _problem.ComputeOfRank[j].LaunchPs(all));
        }

        return slowest;
    }

    private int[] Blocks(int[] order, int count)
    {
        var k = order.Length;
        if (count == k) return [.. Enumerable.Range(0, k)];
        var total = order.Sum(m => _dispatchPs[m]);
        var last = new List<int>(count);
        var time = 0L;
        for (var i = 0; i < k; i++)
        {
            time += _dispatchPs[order[i]];
            if (i == k - 1 || (last.Count < count - 1 && (Int128)time * count >= (Int128)total * (last.Count + 1))) last.Add(i);
        }

        return [.. last];
    }
}
