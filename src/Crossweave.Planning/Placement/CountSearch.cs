namespace Crossweave.Planning.Placement;

/// <summary>
/// Replica counts for a packing: greedy ones, then hill climbing by what longest-first packing makes of them. One replica moves from any expert
/// with several to one of the two heaviest experts on the busiest rank; the first move that lowers the cost is taken, experts whose shares
/// grow least by giving first. Cost: eighth powers of what ranks carry above the bound, so that the busiest rank counts most and its neighbours still do.
/// </summary>
/// <remarks>
/// A packing is O(E + S log P), so the search is O(trials S log P) with at most <see cref="MostTrials"/> trials. With few slots per rank, or one
/// expert far hotter than a rank, counts decide more than exchanges can repair. Copies of an expert go to different ranks while there are that many with
/// room. Ties: lowest expert, lowest rank. Scratch is allocated once; not for concurrent use. Balancing spec 3.11.
/// </remarks>
internal sealed class CountSearch
{
    private const int MostTrials = 250;
    private const int Heaviest = 2;
    private const double Near = 5e-3; // mean excess (of the eighth powers) that exchanges of replicas repair

    private readonly int[] _count;
    private readonly int[] _first;
    private readonly int[] _order; // experts by share, heaviest first
    private readonly double[] _share;
    private readonly double[] _rankLoad;
    private readonly int[] _fill;
    private readonly int[] _expertOfSlot;
    private readonly int[] _heap; // ranks with room, lightest first
    private readonly int[] _taken;
    private readonly int[] _givers;
    private readonly double[] _growth;
    private int _open;

    public CountSearch(int expertCount, ReadOnlySpan<int> slotsOfRank)
    {
        _count = new int[expertCount];
        _order = new int[expertCount];
        _share = new double[expertCount];
        _givers = new int[expertCount];
        _growth = new double[expertCount];
        _first = new int[slotsOfRank.Length + 1];
        for (var r = 0; r < slotsOfRank.Length; r++) _first[r + 1] = _first[r] + slotsOfRank[r];
        _rankLoad = new double[slotsOfRank.Length];
        _fill = new int[slotsOfRank.Length];
        _heap = new int[slotsOfRank.Length];
        _taken = new int[slotsOfRank.Length];
        _expertOfSlot = new int[_first[^1]];
    }

    /// <summary>Replicas of each expert.</summary>
    public ReadOnlySpan<int> Count => _count;

    /// <summary>
    /// Redundant slots to the largest load per replica, no expert more replicas than there are ranks. Returns the busiest rank's load of the packing.
    /// O((S - E) E).
    /// </summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="greedy">So many of them; the others one each to the most loaded of the experts with the fewest replicas.</param>
    public double Greedy(ReadOnlySpan<double> weight, int greedy = int.MaxValue)
    {
        Array.Fill(_count, 1);
        for (var slot = _count.Length; slot < _expertOfSlot.Length; slot++)
        {
            var hottest = -1;
            var hot = slot - _count.Length < greedy;
            for (var e = 0; e < _count.Length; e++)
            {
                if (_count[e] == _fill.Length) continue;
                if (hottest < 0 || (hot || _count[e] == _count[hottest] ? weight[e] * _count[hottest] > weight[hottest] * _count[e] : _count[e] < _count[hottest])) hottest = e;
            }

            if (hottest < 0) break; // every expert on every rank
            _count[hottest]++;
        }

        for (var e = 0; e < _order.Length; e++) _order[e] = e;
        Pack(weight);
        return _rankLoad[Busiest()];
    }

    /// <summary>Starts from other counts. Returns the busiest rank's load of the packing.</summary>
    public double Start(ReadOnlySpan<double> weight, ReadOnlySpan<int> count)
    {
        count.CopyTo(_count);
        for (var e = 0; e < _order.Length; e++) _order[e] = e;
        Pack(weight);
        return _rankLoad[Busiest()];
    }

    /// <summary>Better counts, from those at hand.</summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="bound">A load that no busiest rank gets below.</param>
    public void Improve(ReadOnlySpan<double> weight, double bound)
    {
        var cost = Judge(weight, bound);
        var enough = Math.Pow(Near, 8) * _fill.Length;
        for (var trials = 0; cost > enough && trials < MostTrials;)
        {
            var busiest = Busiest();
            var givers = Givers(weight, _rankLoad[busiest]);
            var (first, last) = (_first[busiest], Math.Min(_first[busiest] + Heaviest, _first[busiest + 1]) - 1);
            var (one, other) = (_expertOfSlot[first], _expertOfSlot[last]);
            var found = false;
            for (var i = 0; i < givers && !found; i++, trials += Heaviest)
                found = Try(weight, bound, _givers[i], one, ref cost) || (other != one && Try(weight, bound, _givers[i], other, ref cost));
            if (!found) return;
        }
    }

    private bool Try(ReadOnlySpan<double> weight, double bound, int from, int to, ref double cost)
    {
        if (from == to || _count[to] == _fill.Length) return false;
        Shift(from, to);
        var tried = Judge(weight, bound);
        if (tried >= cost * (1 - 1e-9))
        {
            Shift(to, from);
            return false;
        }

        cost = tried;
        return true;
    }

    private void Shift(int from, int to)
    {
        _count[from]--;
        _count[to]++;
    }

    /// <summary>Experts that can give up a replica without becoming heavier than the busiest rank, those that grow least first.</summary>
    private int Givers(ReadOnlySpan<double> weight, double most)
    {
        var n = 0;
        for (var e = 0; e < _count.Length; e++)
        {
            if (_count[e] == 1 || weight[e] / (_count[e] - 1) >= most) continue;
            var growth = (weight[e] / (_count[e] - 1)) - (weight[e] / _count[e]);
            var at = n++;
            for (; at > 0 && _growth[at - 1] > growth; at--) (_growth[at], _givers[at]) = (_growth[at - 1], _givers[at - 1]);
            (_growth[at], _givers[at]) = (growth, e);
        }

        return n;
    }

    private int Busiest()
    {
        var busiest = 0;
        for (var r = 1; r < _rankLoad.Length; r++)
            if (_rankLoad[r] > _rankLoad[busiest])
                busiest = r;
        return busiest;
    }

    private double Judge(ReadOnlySpan<double> weight, double bound)
    {
        Pack(weight);
        var cost = 0.0;
        foreach (var load in _rankLoad)
        {
            var over = (load - bound) / bound;
            if (over <= 0) continue;
            over *= over;
            over *= over;
            cost += over * over;
        }

        return cost;
    }

    /// <summary>Longest first: replicas of the heaviest share onto the lightest ranks with room.</summary>
    private void Pack(ReadOnlySpan<double> weight)
    {
        for (var e = 0; e < _share.Length; e++) _share[e] = weight[e] / _count[e];
        for (var i = 1; i < _order.Length; i++) // nearly sorted already
        {
            var expert = _order[i];
            var share = _share[expert];
            var at = i;
            for (; at > 0 && (_share[_order[at - 1]] < share || (_share[_order[at - 1]] == share && _order[at - 1] > expert)); at--) _order[at] = _order[at - 1];
            _order[at] = expert;
        }

        Array.Clear(_rankLoad);
        Array.Clear(_fill);
        _open = 0;
        for (var r = 0; r < _fill.Length; r++)
            if (_first[r + 1] > _first[r])
                _heap[_open++] = r; // all empty: in order is a heap
        foreach (var expert in _order)
        {
            for (var left = _count[expert]; left > 0;)
            {
                if (left == 1)
                {
                    Put(_heap[0], expert);
                    if (IsFull(_heap[0])) _heap[0] = _heap[--_open];
                    Sink(0);
                    break;
                }

                var ranks = Math.Min(left, _open);
                for (var i = 0; i < ranks; i++)
                {
                    _taken[i] = _heap[0];
                    _heap[0] = _heap[--_open];
                    Sink(0);
                }

                for (var i = 0; i < ranks; i++)
                {
                    Put(_taken[i], expert);
                    if (!IsFull(_taken[i])) Raise(_taken[i]);
                }

                left -= ranks;
            }
        }
    }

    private bool IsFull(int rank) => _fill[rank] == _first[rank + 1] - _first[rank];

    private void Put(int rank, int expert)
    {
        _expertOfSlot[_first[rank] + _fill[rank]++] = expert;
        _rankLoad[rank] += _share[expert];
    }

    private bool IsLighter(int rank, int other) => _rankLoad[rank] < _rankLoad[other] || (_rankLoad[rank] == _rankLoad[other] && rank < other);

    private void Sink(int at)
    {
        var rank = _heap[at];
        for (var child = (2 * at) + 1; child < _open; child = (2 * at) + 1)
        {
            if (child + 1 < _open && IsLighter(_heap[child + 1], _heap[child])) child++;
            if (!IsLighter(_heap[child], rank)) break;
            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = rank;
    }

    private void Raise(int rank)
    {
        var at = _open++;
        for (; at > 0 && IsLighter(rank, _heap[(at - 1) / 2]); at = (at - 1) / 2) _heap[at] = _heap[(at - 1) / 2];
        _heap[at] = rank;
    }
}
