using Crossweave.Algorithms.Assignment;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Layers;

/// <summary>
/// Event-driven list scheduling of one circuit switch (or of one-to-one transfers on a packet fabric): whenever the network is free, the
/// next slot is a matching of everything that can be sent now, dispatch and free returns mixed, and lasts as long as it serves most per
/// time. Mode b of scheduling spec 2.1; with nothing to dispatch it schedules returns by release time.
/// </summary>
/// <remarks>
/// <para>Matching: maximum weight, where a pair weighs what is left on its two ports (busiest ports first: they must never idle), a dispatch
/// also what its target still has to compute, all times the share of the slot it would fill. Of a pair that has both, dispatch goes
/// first. Slot length: the amount on the matching with the largest weight served / (length + delay), between the effort's shortest and longest
/// slot. Ranks launch by closing points (<see cref="ClosingPoint"/>), so launches and slots are decided in the same pass.</para>
/// <para>O(slots x ranks^3) at worst; inner loops allocate nothing but the steps. Ties as in <see cref="AssignmentSolver"/>; shorter slots.</para>
/// </remarks>
internal sealed class NetworkRun
{
    private const long WeightLimit = 1 << 17;
    private const int LeastDelays = 8; // slots are never shorter than so many delays,
    private const int MostDelays = 32; // and may always be as long as so many

    private readonly LayerProblem _problem;
    private readonly LayerEffort _effort;
    private readonly int _combineExchange;
    private readonly int _n;
    private readonly long _delayPs;
    private readonly long[] _copies; // dispatch [source, target]
    private readonly long[] _work;
    private readonly long[] _back; // combine [computing rank, home]
    private readonly long[] _dispatchTokenPs;
    private readonly long[] _returnTokenPs;
    private readonly double[] _psPerRow;
    private readonly long[] _localRows;

    // State of one run.
    private readonly long[] _toSend;
    private readonly long[] _toReturn; // free or not
    private readonly long[] _free;
    private readonly long[] _released; // copies queued or free so far
    private readonly long[] _sendLoad;
    private readonly long[] _receiveLoad;
    private readonly long[] _arrived;
    private readonly long[] _launched;
    private readonly long[] _lastArrivalPs;
    private readonly long[] _rankFreePs;
    private readonly int[] _nextPoint;
    private readonly int[] _covered;
    private readonly int[] _up;
    private readonly double[] _base;
    private readonly long[] _weights;
    private readonly AssignmentSolver _solver = new();
    private readonly PriorityQueue<(int Pair, long Copies), (long Ps, int Sequence)> _events = new();
    private readonly (long Ps, double Weight, int Source, int Target)[] _chosen;
    private readonly int[] _bestTarget;
    private ClosingPoint[][] _rules = [];
    private int _sequence;
    private long _shortestPs;
    private long _longestPs;
    private List<Step> _dispatchSteps = [];
    private List<Step> _combineSteps = [];
    private List<NetworkSlot> _slots = [];
    private List<long> _dispatchEndPs = [];
    private List<PlannedLaunch>[] _launches = [];

    public NetworkRun(LayerProblem problem, int combineExchange, LayerEffort effort)
    {
        (_problem, _combineExchange, _effort) = (problem, combineExchange, effort);
        var traffic = problem.Traffic;
        var n = _n = traffic.RankCount;
        _delayPs = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        var mirrored = traffic.Dispatch[traffic.Dispatch.Count - 1 - combineExchange];
        (_copies, _work, _back) = (mirrored.Copies.Cells.ToArray(), mirrored.Work.Cells.ToArray(), traffic.Combine[combineExchange].Copies.Cells.ToArray());
        _localRows = new long[n];
        for (var j = 0; j < n; j++)
        {
            _localRows[j] = _work[(j * n) + j];
            _copies[(j * n) + j] = _work[(j * n) + j] = _back[(j * n) + j] = 0;
        }

        (_dispatchTokenPs, _returnTokenPs) = (new long[n * n], new long[n * n]);
        for (var pair = 0; pair < n * n; pair++)
        {
            var rate = problem.Fabric.PairRate(pair / n, pair % n);
            _dispatchTokenPs[pair] = Math.Max(1, rate.TransferPs(traffic.DispatchCopyBytes.Value));
            _returnTokenPs[pair] = Math.Max(1, rate.TransferPs(traffic.CombineCopyBytes.Value));
        }

        _psPerRow = new double[n];
        (_toSend, _toReturn, _free, _released, _base, _weights) = (new long[n * n], new long[n * n], new long[n * n], new long[n * n], new double[n * n], new long[n * n]);
        (_sendLoad, _receiveLoad, _arrived, _launched, _lastArrivalPs, _rankFreePs) = (new long[n], new long[n], new long[n], new long[n], new long[n], new long[n]);
        (_nextPoint, _covered, _up, _bestTarget) = (new int[n], new int[n], new int[n], new int[n]);
        _chosen = new (long, double, int, int)[n];
        for (var j = 0; j < n; j++)
        {
            var rows = _localRows[j];
            for (var i = 0; i < n; i++) rows += _work[(i * n) + j];
            _psPerRow[j] = rows == 0 ? 0 : (double)problem.ComputeOfRank[j].CheapestSplitPs(rows) / rows;
        }
    }

    /// <summary>Last transfer or launch of the run before.</summary>
    public long EndPs { get; private set; }

    /// <summary>The rank whose return or launch was the last.</summary>
    public int LastRank { get; private set; }

    /// <summary>End of each dispatch step of the run before.</summary>
    public IReadOnlyList<long> DispatchEndPs => _dispatchEndPs;

    /// <summary>Returns of the exchange when each launch ends at a known time.</summary>
    /// <param name="startPs">The network is free from then on.</param>
    /// <param name="table">What was dispatched.</param>
    /// <param name="endOfCell">[step, rank] -> end of the launch.</param>
    public Schedule Combine(long startPs, ArrivalTable table, long[] endOfCell)
    {
        Reset(dispatches: false);
        var mirrored = _problem.Traffic.Dispatch.Count - 1 - _combineExchange;
        foreach (var chunk in table.Chunks)
            if (chunk.Exchange == mirrored)
                Release(chunk.Target, chunk.Source, chunk.ReturnCopies, endOfCell[(chunk.Step * _n) + chunk.Target]);
        Play(startPs);
        return new Schedule("returns", _combineSteps);
    }

    /// <summary>Dispatch, launches and returns together, the ports shared.</summary>
    /// <param name="rules">When each rank closes its launches.</param>
    /// <param name="name">Maker of the schedules.</param>
    public LayerSchedule Interleave(ClosingPoint[][] rules, string name)
    {
        Reset(dispatches: true);
        _rules = rules;
        for (var j = 0; j < _n; j++) Close(j, 0, -1);
        Play(0);
        return new LayerSchedule(
            [new Schedule(name, _dispatchSteps)], [new Schedule(name, _combineSteps)], new LaunchPlan([.. _launches.Select(l => (IReadOnlyList<PlannedLaunch>)l)]), _slots);
    }

    private void Reset(bool dispatches)
    {
        (_dispatchSteps, _combineSteps, _slots, _dispatchEndPs) = ([], [], [], []);
        _launches = new List<PlannedLaunch>[_n];
        for (var j = 0; j < _n; j++) _launches[j] = [];
        _events.Clear();
        _sequence = 0;
        (EndPs, LastRank) = (0, 0);
        if (dispatches) _copies.CopyTo(_toSend, 0);
        else Array.Clear(_toSend);
        _back.CopyTo(_toReturn, 0);
        Array.Clear(_sendLoad);
        Array.Clear(_receiveLoad);
        Array.Clear(_arrived);
        Array.Clear(_launched);
        Array.Clear(_lastArrivalPs);
        Array.Clear(_rankFreePs);
        Array.Clear(_nextPoint);
        Array.Clear(_covered);
        Array.Fill(_up, -1);
        for (var s = 0; s < _n; s++)
            for (var t = 0; t < _n; t++)
            {
                var pair = (s * _n) + t;
                _free[pair] = _released[pair] = Returns.Released(0, _work[(t * _n) + s], _back[pair]);
                var load = (_toSend[pair] * _dispatchTokenPs[pair]) + (_toReturn[pair] * _returnTokenPs[pair]);
                _sendLoad[s] += load;
                _receiveLoad[t] += load;
            }

        var busiest = Math.Max(_sendLoad.Max(), _receiveLoad.Max());
        var coarser = Math.Max(1, _n / LayerEffort.RanksOfFullEffort);
        _shortestPs = Math.Max(Math.Max(1, LeastDelays * _delayPs), busiest / Math.Max(1, _effort.ShortestSlotShare / coarser));
        _longestPs = Math.Max(Math.Max(_shortestPs, MostDelays * _delayPs), busiest / Math.Max(1, _effort.LongestSlotShare / coarser));
    }

    private void Play(long startPs)
    {
        var now = startPs;
        while (true)
        {
            while (_events.TryPeek(out var e, out var at) && at.Ps <= now)
            {
                _events.Dequeue();
                _free[e.Pair] += e.Copies;
            }

            if (Weigh(now) is > 0 and var largest) now = Slot(now, largest);
            else if (_events.TryPeek(out _, out var next)) now = next.Ps;
            else break;
        }

        for (var j = 0; j < _n; j++)
            if (_rankFreePs[j] > EndPs)
                (EndPs, LastRank) = (_rankFreePs[j], j);
    }

    // Worth of every pair that can send now, per unit of time; returns the largest.
    private double Weigh(long now)
    {
        var busiest = 1L;
        for (var i = 0; i < _n; i++) busiest = Math.Max(busiest, Math.Max(_sendLoad[i], _receiveLoad[i]));
        var largest = 0.0;
        for (var t = 0; t < _n; t++)
        {
            var compute = (double)busiest + Math.Max(0, _rankFreePs[t] - now) + ((TotalRows(t) - _launched[t]) * _psPerRow[t]);
            for (var s = 0; s < _n; s++)
            {
                var pair = (s * _n) + t;
                var weight = _toSend[pair] > 0 ? compute + _sendLoad[s] + _receiveLoad[t] : _free[pair] > 0 ? (double)_sendLoad[s] + _receiveLoad[t] : 0;
                _base[pair] = weight;
                largest = Math.Max(largest, weight);
            }
        }

        return largest;
    }

    private long TotalRows(int rank)
    {
        if (_rules.Length == 0) return _launched[rank];
        var points = _rules[rank];
        return points.Length == 0 ? 0 : points[^1].ClosingRows;
    }

    private long Slot(long now, double largest)
    {
        var (bestRatio, bestLength) = (-1.0, 0L);
        var tries = _effort.Moves > 0 && _shortestPs < _longestPs ? 2 : 1;
        for (var attempt = 0; attempt < tries; attempt++)
        {
            var target = tries == 1 ? (_shortestPs + _longestPs) / 2 : attempt == 0 ? _longestPs : _shortestPs;
            var scale = WeightLimit / largest / target;
            for (var pair = 0; pair < _weights.Length; pair++)
                _weights[pair] = _base[pair] == 0 ? 0 : 1 + (long)(_base[pair] * Math.Min(target, AmountPs(pair)) * scale);
            _solver.Maximize(_weights, _n, _n);
            var (ratio, length) = Length(_solver.ColumnOfRow);
            if (ratio <= bestRatio) continue;
            (bestRatio, bestLength) = (ratio, length);
            _solver.ColumnOfRow.CopyTo(_bestTarget);
        }

        return Send(now, bestLength);
    }

    private long AmountPs(int pair) => _toSend[pair] > 0 ? _toSend[pair] * _dispatchTokenPs[pair] : _free[pair] * _returnTokenPs[pair];

    // The length with the most weight served per time; candidates are the amounts on the matching within the allowed lengths.
    private (double Ratio, long LengthPs) Length(ReadOnlySpan<int> targetOfSource)
    {
        var count = 0;
        for (var s = 0; s < _n; s++)
        {
            var pair = (s * _n) + targetOfSource[s];
            if (_base[pair] > 0) _chosen[count++] = (Math.Min(_longestPs, AmountPs(pair)), _base[pair], s, targetOfSource[s]);
        }

        var chosen = _chosen.AsSpan(0, count);
        chosen.Sort((a, b) => a.Ps.CompareTo(b.Ps));
        var (bestRatio, best) = (-1.0, chosen[^1].Ps);
        var (done, open) = (0.0, 0.0);
        foreach (var c in chosen) open += c.Weight;
        foreach (var c in chosen)
        {
            done += c.Weight * c.Ps;
            open -= c.Weight;
            if (c.Ps < _shortestPs && c.Ps < chosen[^1].Ps) continue;
            var ratio = (done + (open * c.Ps)) / (c.Ps + _delayPs + 1);
            if (ratio > bestRatio) (bestRatio, best) = (ratio, c.Ps);
        }

        return (bestRatio, best);
    }

    private long Send(long now, long lengthPs)
    {
        var (there, back) = (new List<Transfer>(_n), new List<Transfer>(_n));
        var (covered, duration, sender) = (true, 0L, 0);
        for (var s = 0; s < _n; s++)
        {
            var t = _bestTarget[s];
            var pair = (s * _n) + t;
            if (_base[pair] == 0)
            {
                _bestTarget[s] = -1;
                continue;
            }

            covered &= _up[s] == t;
            var isDispatch = _toSend[pair] > 0;
            var tokenPs = isDispatch ? _dispatchTokenPs[pair] : _returnTokenPs[pair];
            var tokens = Math.Min(isDispatch ? _toSend[pair] : _free[pair], Math.Max(1, lengthPs / tokenPs));
            (isDispatch ? there : back).Add(new Transfer(s, t, tokens));
            var bytes = (isDispatch ? _problem.Traffic.DispatchCopyBytes : _problem.Traffic.CombineCopyBytes).Value;
            var ps = _problem.Fabric.PairRate(s, t).TransferPs(tokens * bytes);
            if (ps > duration) (duration, sender) = (ps, s);
            if (isDispatch) _toSend[pair] -= tokens;
            else
            {
                _free[pair] -= tokens;
                _toReturn[pair] -= tokens;
            }

            _sendLoad[s] -= tokens * tokenPs;
            _receiveLoad[t] -= tokens * tokenPs;
        }

        _bestTarget.CopyTo(_up, 0);
        var end = now + (covered ? 0 : _delayPs) + duration;
        (EndPs, LastRank) = (end, sender);
        _slots.Add(new NetworkSlot(there.Count == 0 ? -1 : _dispatchSteps.Count, back.Count == 0 ? -1 : _combineSteps.Count));
        if (back.Count > 0) _combineSteps.Add(new Step([.. back]));
        if (there.Count == 0) return end;
        _dispatchSteps.Add(new Step([.. there]));
        _dispatchEndPs.Add(end);
        foreach (var t in there) Arrive(t, end);
        foreach (var t in there) Close(t.Target, end, _dispatchSteps.Count - 1);
        return end;
    }

    private void Arrive(Transfer t, long endPs)
    {
        var pair = (t.Source * _n) + t.Target;
        var done = _copies[pair] - _toSend[pair];
        var rows = Returns.Rows(_work[pair], done, _copies[pair]) - Returns.Rows(_work[pair], done - t.Tokens, _copies[pair]);
        if (rows == 0) return;
        _arrived[t.Target] += rows;
        _lastArrivalPs[t.Target] = endPs;
    }

    // Launches every group whose closing point is reached.
    private void Close(int rank, long now, int step)
    {
        if (_rules.Length == 0) return;
        for (; _nextPoint[rank] < _rules[rank].Length && _arrived[rank] >= _rules[rank][_nextPoint[rank]].ClosingRows; _nextPoint[rank]++)
        {
            var point = _rules[rank][_nextPoint[rank]];
            var arrived = point.IsLocalAlone ? 0 : _arrived[rank] - _launched[rank];
            var rows = arrived + (point.TakesLocal ? _localRows[rank] : 0);
            if (rows == 0) continue;
            if (arrived == 0) _launches[rank].Add(PlannedLaunch.LocalRowsAlone);
            else
            {
                _launches[rank].Add(new PlannedLaunch(_covered[rank], step, point.TakesLocal));
                _covered[rank] = step + 1;
                _launched[rank] += arrived;
            }

            var start = arrived == 0 ? _rankFreePs[rank] : Math.Max(_rankFreePs[rank], _lastArrivalPs[rank]);
            _rankFreePs[rank] = start + _problem.ComputeOfRank[rank].LaunchPs(rows);
            if (arrived == 0) continue;
            for (var home = 0; home < _n; home++)
            {
                var pair = (home * _n) + rank;
                if (_back[(rank * _n) + home] == 0 || _work[pair] == 0) continue;
                var computed = Returns.Rows(_work[pair], _copies[pair] - _toSend[pair], _copies[pair]);
                Release(rank, home, Returns.Released(computed, _work[pair], _back[(rank * _n) + home]), _rankFreePs[rank]);
            }
        }
    }

    private void Release(int rank, int home, long copiesSoFar, long ps)
    {
        var pair = (rank * _n) + home;
        if (copiesSoFar <= _released[pair]) return;
        _events.Enqueue((pair, copiesSoFar - _released[pair]), (ps, _sequence++));
        _released[pair] = copiesSoFar;
    }
}
