namespace Crossweave.Planning.Layers;

/// <summary>One launch of a grouping: cells First..Last (empty when Last &lt; First) and perhaps the local rows.</summary>
internal readonly record struct Group(int First, int Last, bool TakesLocalRows);

/// <summary>
/// Groups an ordered list of arrivals (cells) into launches so that the last return is over earliest (scheduling spec 3.14). Local rows may join
/// any launch or have their own at any place.
/// </summary>
/// <remarks>
/// Dynamic program over the last cell of a launch and whether the local rows are done; state = (compute end, return end), all
/// Pareto-optimal ones: the compute end alone is not enough because the returns also depend on the grouping. Exact (fronts above 48 states
/// lose their second-worst), O(cells^2 x front). Tie rule: the state found first, that is fewer cells before the last launch. A
/// workspace: later searches up to the same size allocate only the result.
/// </remarks>
internal sealed class GroupingSearch
{
    private const int FrontLimit = 48;

    private readonly Entry[] _front = new Entry[FrontLimit + 1];
    private Entry[] _pool = new Entry[256];
    private int[] _start = [];
    private int[] _size = [];
    private int _pooled;
    private int _frontSize;

    private struct Entry
    {
        public long Compute;
        public long Returned;
        public int Previous; // pool index, -1 at the start
        public int Cells; // cells done
        public bool Local; // local rows done
    }

    /// <summary>Cells; set before <see cref="Solve"/> with the arrays below at least this long.</summary>
    public int CellCount { get; private set; }

    /// <summary>[cell] -> when its rows are there.</summary>
    public long[] Arrival { get; private set; } = [];

    /// <summary>[cell] -> return time of its rows.</summary>
    public long[] Return { get; private set; } = [];

    /// <summary>[first * cells + last] -> launch time.</summary>
    public long[] Plain { get; private set; } = [];

    /// <summary>The same with the local rows.</summary>
    public long[] Joined { get; private set; } = [];

    public void Resize(int cells)
    {
        CellCount = cells;
        if (_start.Length < 2 * (cells + 1)) (_start, _size) = (new int[2 * (cells + 1)], new int[2 * (cells + 1)]);
        if (Arrival.Length < cells) (Arrival, Return) = (new long[cells], new long[cells]);
        if (Plain.Length < cells * cells) (Plain, Joined) = (new long[cells * cells], new long[cells * cells]);
    }

    /// <param name="hasLocal">Whether there are local rows.</param>
    /// <param name="localPs">Launch time of the local rows alone.</param>
    /// <param name="gatePs">No return leaves earlier.</param>
    /// <param name="groups">Launches in order.</param>
    /// <returns>End of the last return or launch.</returns>
    public long Solve(bool hasLocal, long localPs, long gatePs, List<Group> groups)
    {
        _pooled = 0;
        for (var y = 0; y <= CellCount; y++)
        {
            _frontSize = 0;
            if (y == 0) Offer(0, 0, -1, 0, !hasLocal);
            else if (hasLocal) Extend(y, fromLocal: false, toLocal: false, Plain, gatePs);
            if (hasLocal)
            {
                Keep(2 * y);
                for (var i = 0; i < _size[2 * y]; i++)
                {
                    var at = _start[2 * y] + i;
                    Offer(_pool[at].Compute + localPs, _pool[at].Returned, at, y, true);
                }

                if (y > 0) Extend(y, fromLocal: false, toLocal: true, Joined, gatePs);
            }

            if (y > 0) Extend(y, fromLocal: true, toLocal: true, Plain, gatePs);
            Keep((2 * y) + 1);
        }

        var (best, last) = (long.MaxValue, -1);
        var final = (2 * CellCount) + 1;
        for (var i = 0; i < _size[final]; i++)
        {
            ref var e = ref _pool[_start[final] + i];
            var end = Math.Max(e.Compute, e.Returned);
            if (end < best) (best, last) = (end, _start[final] + i);
        }

        groups.Clear();
        for (var at = last; _pool[at].Previous >= 0; at = _pool[at].Previous)
        {
            ref var before = ref _pool[_pool[at].Previous];
            groups.Add(new Group(before.Cells, _pool[at].Cells - 1, hasLocal && _pool[at].Local && !before.Local));
        }

        groups.Reverse();
        return best;
    }

    private void Extend(int y, bool fromLocal, bool toLocal, long[] cost, long gatePs)
    {
        var arrival = Arrival[y - 1];
        var returns = 0L;
        for (var x = y - 1; x >= 0; x--)
        {
            returns += Return[x];
            var launch = cost[(x * CellCount) + y - 1];
            var state = (2 * x) + (fromLocal ? 1 : 0);
            for (var i = 0; i < _size[state]; i++)
            {
                ref var e = ref _pool[_start[state] + i];
                var compute = Math.Max(e.Compute, arrival) + launch;
                Offer(compute, Math.Max(Math.Max(e.Returned, compute), gatePs) + returns, _start[state] + i, y, toLocal);
            }
        }
    }

    // Keeps the front sorted by compute end, return ends descending.
    private void Offer(long compute, long returned, int previous, int cells, bool local)
    {
        var at = _frontSize;
        while (at > 0 && _front[at - 1].Compute > compute) at--;
        if (at > 0 && _front[at - 1].Returned <= returned) return;
        var beaten = at;
        while (beaten < _frontSize && _front[beaten].Returned >= returned) beaten++;
        if (beaten != at + 1) Array.Copy(_front, beaten, _front, at + 1, _frontSize - beaten);
        _frontSize += at + 1 - beaten;
        _front[at] = new Entry { Compute = compute, Returned = returned, Previous = previous, Cells = cells, Local = local };
        if (_frontSize <= FrontLimit) return;
        _front[_frontSize - 2] = _front[_frontSize - 1];
        _frontSize--;
    }

    private void Keep(int state)
    {
        if (_pooled + _frontSize > _pool.Length) Array.Resize(ref _pool, Math.Max(2 * _pool.Length, _pooled + _frontSize));
        Array.Copy(_front, 0, _pool, _pooled, _frontSize);
        (_start[state], _size[state]) = (_pooled, _frontSize);
        _pooled += _frontSize;
        _frontSize = 0;
    }
}
