namespace Crossweave.Planning.Deployment;

/// <summary>
/// Exact search over placements (deployment spec 3.12): devices slowest first, each gets a tuple of one remaining rank per model; a
/// candidate's bound joins the exact maxima of the devices filled so far with <see cref="RestBound"/> over the rest; candidates at or above
/// the best known value are dropped, the others visited by (bound, larger load first, index). Among equal devices in a row the ranks of
/// model 0 ascend. Every term of the time line is a maximum over devices, so the exact and the bounded parts meet in one function.
/// </summary>
internal sealed class BranchAndBound
{
    // Beyond these nothing is proven anyway, and the work space of the levels would fill memory.
    private const int MostCandidates = 1 << 16;
    private const int MostDevices = 64;

    private readonly LayerTime _time;
    private readonly int _n;
    private readonly int _models;
    private readonly int[] _order; // devices, slowest first
    private readonly int[][] _ranks; // [model][device], -1 = not placed
    private readonly bool[][] _placed; // [model][rank]
    private readonly int[][] _best;
    private readonly long[] _loadOf; // [model x rank], for the order of visits
    private readonly Level[] _levels;
    private readonly int[][] _ascending; // [list] -> ranks by load
    private readonly int[] _firstList; // [group] -> first list
    private readonly long _limit;
    private long _work;
    private long _value;
    private long _open = long.MaxValue; // least bound of anything left unexplored

    public BranchAndBound(LayerTime time, DeploymentPlan start, long limit)
    {
        (_time, _n, _models, _limit, _value) = (time, time.Problem.DeviceCount, time.Problem.Models.Count, limit, start.Value);
        (_work, Start) = (0, start);
        var devices = time.Problem.Devices;
        _order = [.. Enumerable.Range(0, _n).OrderByDescending(g => devices[g].Send + devices[g].Receive).ThenByDescending(g => devices[g].Compute).ThenByDescending(g => devices[g].Send)];
        _ranks = [.. Enumerable.Range(0, _models).Select(_ => Enumerable.Repeat(-1, _n).ToArray())];
        _placed = [.. _ranks.Select(r => new bool[r.Length])];
        _best = [.. start.DeviceOfRank.Select(DeploymentPlan.Inverse)];
        _loadOf = [.. time.Problem.Models.SelectMany(m => m.Port.Zip(m.Work, (x, f) => x + f))];
        _ascending = [.. time.Groups.SelectMany(g => g.Loads.Select(load => Enumerable.Range(0, _n).OrderBy(i => load[i]).ToArray()))];
        _firstList = new int[time.Groups.Length];
        for (var g = 1; g < _firstList.Length; g++) _firstList[g] = _firstList[g - 1] + time.Groups[g - 1].Loads.Length;
        _levels = [.. Enumerable.Range(0, _n).Select(depth => new Level(this, depth))];
    }

    private DeploymentPlan Start { get; }

    /// <summary>Whether the work space is of a reasonable size.</summary>
    public static bool Fits(LayerTime time) => time.Problem.DeviceCount <= MostDevices && Math.Pow(time.Problem.DeviceCount, time.Problem.Models.Count) <= MostCandidates;

    public DeploymentPlan Run()
    {
        Branch(0, stackalloc long[_time.Terms.Length]);
        return DeploymentPlan.From(_time, _best, Start.Evaluations + _work, Math.Min(_value, _open));
    }

    private void Branch(int depth, ReadOnlySpan<long> filled)
    {
        var level = _levels[depth];
        var device = _order[depth];
        var count = level.List(filled);
        Span<long> maxima = stackalloc long[filled.Length];
        Span<int> ranks = stackalloc int[_models];
        for (var k = 0; k < count; k++)
        {
            var (bound, _, tuple) = level.Candidates[k];
            if (bound >= _value) return; // sorted: the rest is no better
            if (_work >= _limit)
            {
                _open = Math.Min(_open, bound);
                return;
            }

            level.Decode(tuple, ranks);
            for (var m = 0; m < _models; m++) (_ranks[m][device], _placed[m][ranks[m]]) = (ranks[m], true);
            if (depth == _n - 1)
            {
                _value = bound; // nothing remains, so the bound is the time
                for (var m = 0; m < _models; m++) _ranks[m].CopyTo(_best[m], 0);
            }
            else
            {
                for (var t = 0; t < maxima.Length; t++) maxima[t] = Math.Max(filled[t], _time.At(t, device, ranks));
                Branch(depth + 1, maxima);
            }

            for (var m = 0; m < _models; m++) (_ranks[m][device], _placed[m][ranks[m]]) = (-1, false);
        }
    }

    /// <summary>Work space of one depth.</summary>
    private sealed class Level
    {
        private readonly BranchAndBound _search;
        private readonly int _depth;
        private readonly int _remaining; // ranks of each model not placed yet
        private readonly int[][] _rankAt; // [model][position]: remaining ranks, ascending
        private readonly RestBound[] _rest; // [group], over the devices after this one
        private readonly SortedLoads[][] _sorted; // [list][position left out]
        private readonly long[][] _restOf; // [group][positions of its models]
        private readonly long[][] _ownOf; // [group][positions]: tokens of the group
        private readonly int[] _at; // [group]: positions of the current tuple
        private readonly (int Term, int Group, long Constant, long Cost, long RestConstant)[] _parts;
        private readonly bool _sameAsBefore;
        private readonly int _sameAfter; // devices of this kind that follow: their ranks of model 0 have to be larger

        public Level(BranchAndBound search, int depth)
        {
            (_search, _depth, _remaining) = (search, depth, search._n - depth);
            var time = search._time;
            _rankAt = [.. Enumerable.Range(0, search._models).Select(_ => new int[_remaining])];
            _rest = [.. time.Groups.Select(g => new RestBound(search._order.Skip(depth + 1).Select(device => g.Cost[device])))];
            _sorted = [.. search._ascending.Select(_ => Enumerable.Range(0, _remaining).Select(_ => new SortedLoads(_remaining - 1)).ToArray())];
            _restOf = [.. time.Groups.Select(g => new long[Power(_remaining, g.Loads.Length)])];
            _ownOf = [.. _restOf.Select(r => new long[r.Length])];
            _at = new int[time.Groups.Length];
            var device = search._order[depth];
            _parts = [.. time.Terms.SelectMany((term, t) => term.Parts.Select(p => (t, p.Group, p.Constant, time.Groups[p.Group].Cost[device], p.Constant * _rest[p.Group].LeastCost)))];
            Candidates = new (long, long, int)[Power(_remaining, search._models)];
            _sameAfter = search._order.Skip(depth + 1).TakeWhile(g => time.Problem.Devices[g] == time.Problem.Devices[device]).Count();
            _sameAsBefore = depth > 0 && time.Problem.Devices[search._order[depth]] == time.Problem.Devices[search._order[depth - 1]];
        }

        /// <summary>Bound, minus the load, tuple; sorted after <see cref="List"/>.</summary>
        public (long Bound, long Order, int Tuple)[] Candidates { get; }

        /// <summary>Ranks of a tuple: positions in mixed radix, model 0 lowest.</summary>
        public void Decode(int tuple, Span<int> ranks)
        {
            for (var m = 0; m < ranks.Length; m++) (ranks[m], tuple) = (_rankAt[m][tuple % _remaining], tuple / _remaining);
        }

        /// <summary>Fills <see cref="Candidates"/> with those below the best value.</summary>
        public int List(ReadOnlySpan<long> filled)
        {
            var (time, models, device) = (_search._time, _search._models, _search._order[_depth]);
            _search._work += (long)Candidates.Length * _remaining;
            FindRemaining();
            BoundRest();
            var before = _sameAsBefore ? _search._ranks[0][_search._order[_depth - 1]] : -1;
            Span<int> ranks = stackalloc int[models];
            Span<long> maxima = stackalloc long[filled.Length];
            var count = 0;
            for (var tuple = 0; tuple < Candidates.Length; tuple++)
            {
                Decode(tuple, ranks);
                if (ranks[0] < before || (tuple % _remaining) + _sameAfter >= _remaining) continue;
                FindPositions(tuple);
                filled.CopyTo(maxima);
                foreach (var (term, group, constant, cost, restConstant) in _parts)
                {
                    var own = (_ownOf[group][_at[group]] + constant) * cost;
                    maxima[term] = Math.Max(maxima[term], Math.Max(own, _restOf[group][_at[group]] + restConstant));
                }

                var bound = time.Finish(maxima);
                if (bound >= _search._value) continue;
                if (time.PairExchanges > 0)
                {
                    _search._ranks[0][device] = ranks[0];
                    bound += time.PairTime(_search._ranks);
                    _search._ranks[0][device] = -1;
                    if (bound >= _search._value) continue;
                }

                var load = 0L;
                for (var m = 0; m < models; m++) load += _search._loadOf[(m * _search._n) + ranks[m]];
                Candidates[count++] = (bound, -load, tuple);
            }

            Candidates.AsSpan(0, count).Sort();
            return count;
        }

        private void FindRemaining()
        {
            for (var m = 0; m < _rankAt.Length; m++)
            {
                var count = 0;
                for (var rank = 0; rank < _search._n; rank++)
                    if (!_search._placed[m][rank])
                        _rankAt[m][count++] = rank;
            }
        }

        private void BoundRest()
        {
            var groups = _search._time.Groups;
            Span<long> ascending = stackalloc long[_remaining];
            for (var g = 0; g < groups.Length; g++)
            {
                var size = groups[g].Loads.Length;
                for (var k = 0; k < size; k++)
                {
                    var (list, model, load) = (_search._firstList[g] + k, groups[g].First + k, groups[g].Loads[k]);
                    var count = 0;
                    foreach (var rank in _search._ascending[list])
                        if (!_search._placed[model][rank])
                            ascending[count++] = load[rank];
                    for (var position = 0; position < _remaining; position++) _sorted[list][position].Set(ascending, ascending.IndexOf(load[_rankAt[model][position]]));
                }

                var chosen = new SortedLoads[size];
                for (var at = 0; at < _restOf[g].Length; at++)
                {
                    _ownOf[g][at] = 0;
                    for (var (k, code) = (0, at); k < size; k++, code /= _remaining)
                    {
                        var position = code % _remaining;
                        chosen[k] = _sorted[_search._firstList[g] + k][position];
                        _ownOf[g][at] += groups[g].Loads[k][_rankAt[groups[g].First + k][position]];
                    }

                    _restOf[g][at] = _rest[g].Of(chosen);
                }
            }
        }

        // Each group's own digits of a tuple.
        private void FindPositions(int tuple)
        {
            if (_search._models == 2)
            {
                var (a, b) = (tuple % _remaining, tuple / _remaining);
                for (var g = 0; g < _at.Length; g++) _at[g] = _restOf[g].Length > _remaining ? tuple : _search._time.Groups[g].First == 0 ? a : b;
                return;
            }

            for (var g = 0; g < _at.Length; g++) _at[g] = tuple / Power(_remaining, _search._time.Groups[g].First) % _restOf[g].Length;
        }

        private static int Power(int number, int exponent)
        {
            var power = 1;
            for (var k = 0; k < exponent; k++) power *= number;
            return power;
        }
    }
}
