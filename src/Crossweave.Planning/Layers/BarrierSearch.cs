namespace Crossweave.Planning.Layers;

/// <summary>
/// Order and grouping of a few matchings together, exactly, in the executor of scheduling spec 2.3: only the ordered partition of the matchings
/// into groups matters there.
/// </summary>
/// <remarks>
/// Dynamic program over the set of matchings done, whether the local rows are, and the Pareto front of (compute end, combine end); the
/// last group is any subset of the set, so 3^k transitions. States that cannot beat the best known value are dropped: what is left to
/// combine follows the combine end, what is left to compute (cheapest split) follows the compute end. Local rows may join any group or
/// have a launch of their own at any place. Tie rule: the state found first.
/// </remarks>
internal sealed class BarrierSearch
{
    private readonly Entry[] _front = new Entry[512];
    private Entry[] _pool = new Entry[1024];
    private int _pooled;
    private int _frontSize;

    private struct Entry
    {
        public long Compute;
        public long Combine;
        public int Previous;
        public int State; // 2 x set + (local done)
    }

    /// <param name="dispatchPs">[set] -> time to dispatch it, delays included.</param>
    /// <param name="combinePs">[set] -> time to combine it.</param>
    /// <param name="plainPs">[set] -> launch time of the slowest rank.</param>
    /// <param name="joinedPs">[set] -> the same with the local rows; [0] = local rows alone.</param>
    /// <param name="leastComputePs">[set] -> no launches of these rows are shorter.</param>
    /// <param name="hasLocal">Whether there are local rows.</param>
    /// <param name="upper">Only better makespans count.</param>
    /// <param name="groups">Sets in order of execution, with the local flag; untouched when nothing is better.</param>
    /// <returns>The optimum, or <paramref name="upper"/>.</returns>
    public long Solve(
        long[] dispatchPs, long[] combinePs, long[] plainPs, long[] joinedPs, long[] leastComputePs, bool hasLocal, long upper, List<(int Set, bool TakesLocalRows)> groups)
    {
        var full = dispatchPs.Length - 1;
        var gate = dispatchPs[full];
        var (start, size) = (new int[2 * dispatchPs.Length], new int[2 * dispatchPs.Length]);
        _pooled = 0;
        for (var set = 0; set <= full; set++)
        {
            var rest = full ^ set;
            for (var local = hasLocal ? 0 : 1; local < 2; local++)
            {
                var state = (2 * set) + local;
                _frontSize = 0;
                if (set == 0 && local == (hasLocal ? 0 : 1)) Offer(0, 0, -1, state);
                if (hasLocal && local == 1)
                    for (var i = 0; i < size[state - 1]; i++)
                        Try(start[state - 1] + i, _pool[start[state - 1] + i].Compute + joinedPs[0], _pool[start[state - 1] + i].Combine, state, rest);
                for (var group = set; group > 0; group = (group - 1) & set)
                {
                    var before = 2 * (set ^ group);
                    Extend(before + local, plainPs[group], combinePs[group], dispatchPs[set], state, rest);
                    if (hasLocal && local == 1) Extend(before, joinedPs[group], combinePs[group], dispatchPs[set], state, rest);
                }

                if (_pooled + _frontSize > _pool.Length) Array.Resize(ref _pool, 2 * (_pooled + _frontSize));
                Array.Copy(_front, 0, _pool, _pooled, _frontSize);
                (start[state], size[state]) = (_pooled, _frontSize);
                _pooled += _frontSize;
            }
        }

        var last = -1;
        for (var i = 0; i < size[(2 * full) + 1]; i++)
        {
            ref var e = ref _pool[start[(2 * full) + 1] + i];
            if (Math.Max(e.Compute, e.Combine) >= upper) continue;
            (upper, last) = (Math.Max(e.Compute, e.Combine), start[(2 * full) + 1] + i);
        }

        if (last < 0) return upper;
        groups.Clear();
        for (var at = last; _pool[at].Previous >= 0; at = _pool[at].Previous)
        {
            var (now, then) = (_pool[at].State, _pool[_pool[at].Previous].State);
            groups.Add(((now >> 1) ^ (then >> 1), hasLocal && (now & 1) != (then & 1)));
        }

        groups.Reverse();
        return upper;

        void Extend(int from, long launch, long combine, long arrival, int state, int rest)
        {
            for (var i = 0; i < size[from]; i++)
            {
                ref var e = ref _pool[start[from] + i];
                var compute = Math.Max(e.Compute, arrival) + launch;
                Try(start[from] + i, compute, Math.Max(Math.Max(e.Combine, compute), gate) + combine, state, rest);
            }
        }

        void Try(int previous, long compute, long combine, int state, int rest)
        {
            if (Math.Max(combine, gate) + combinePs[rest] >= upper || compute + leastComputePs[rest] >= upper) return;
            Offer(compute, combine, previous, state);
        }
    }

    private void Offer(long compute, long combine, int previous, int state)
    {
        var at = _frontSize;
        while (at > 0 && _front[at - 1].Compute > compute) at--;
        if (at > 0 && _front[at - 1].Combine <= combine) return;
        var beaten = at;
        while (beaten < _frontSize && _front[beaten].Combine >= combine) beaten++;
        if (beaten == at && _frontSize == _front.Length) return;
        if (beaten != at + 1) Array.Copy(_front, beaten, _front, at + 1, _frontSize - beaten);
        _frontSize += at + 1 - beaten;
        _front[at] = new Entry { Compute = compute, Combine = combine, Previous = previous, State = state };
    }
}
