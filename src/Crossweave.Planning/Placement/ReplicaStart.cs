namespace Crossweave.Planning.Placement;

/// <summary>
/// Start of a search: replicas of given counts, longest first, onto the lightest rank with room and without the expert. No rank holds an
/// expert twice as long as every rank has fewer slots than there are experts and no expert has more replicas than there are ranks.
/// O(S P). Ties: lower expert first for equal shares, lowest rank. Balancing spec 3.10.
/// When ranks may leave slots empty a replica that no exchange makes room for is given up. Scratch is allocated once; not for concurrent use.
/// </summary>
internal sealed class ReplicaStart
{
    private readonly bool _emptySlots;
    private readonly int[] _first;
    private readonly int[] _fill;
    private readonly double[] _rankLoad;
    private readonly bool[] _holds; // [rank, expert]
    private readonly int[] _count;
    private readonly int[] _order;
    private readonly double[] _key;
    private readonly int[] _expertOfSlot;

    /// <param name="expertCount">Experts of these ranks.</param>
    /// <param name="slotsOfRank">Slots of each rank.</param>
    /// <param name="emptySlots">A slot may stay empty; it then holds <paramref name="expertCount"/>.</param>
    public ReplicaStart(int expertCount, ReadOnlySpan<int> slotsOfRank, bool emptySlots = false)
    {
        _emptySlots = emptySlots;
        _first = new int[slotsOfRank.Length + 1];
        for (var r = 0; r < slotsOfRank.Length; r++) _first[r + 1] = _first[r] + slotsOfRank[r];
        _fill = new int[slotsOfRank.Length];
        _rankLoad = new double[slotsOfRank.Length];
        _holds = new bool[slotsOfRank.Length * expertCount];
        _count = new int[expertCount];
        _order = new int[expertCount];
        _key = new double[expertCount];
        _expertOfSlot = new int[_first[^1]];
    }

    private int Ranks => _fill.Length;

    /// <summary>Expert in each slot for given replicas of each expert, no more than there are ranks.</summary>
    public ReadOnlySpan<int> Pack(ReadOnlySpan<double> weight, ReadOnlySpan<int> count)
    {
        count.CopyTo(_count);
        for (var e = 0; e < _order.Length; e++)
        {
            _order[e] = e;
            _key[e] = -weight[e] / _count[e];
        }

        // Ascending keys and a stable order: the library's sort is not stable, so ties are settled on runs of equal keys.
        _key.AsSpan().Sort(_order.AsSpan());
        for (var from = 0; from < _order.Length;)
        {
            var to = from + 1;
            while (to < _order.Length && _key[to] == _key[from]) to++;
            _order.AsSpan(from, to - from).Sort();
            from = to;
        }

        _fill.AsSpan().Clear();
        _rankLoad.AsSpan().Clear();
        _holds.AsSpan().Clear();
        if (_emptySlots) _expertOfSlot.AsSpan().Fill(_count.Length);
        foreach (var expert in _order)
        {
            var share = weight[expert] / _count[expert];
            for (var copy = 0; copy < _count[expert]; copy++) Put(expert, share, weight);
        }

        return _expertOfSlot;
    }

    private void Put(int expert, double share, ReadOnlySpan<double> weight)
    {
        var best = -1;
        for (var r = 0; r < Ranks; r++)
        {
            if (_fill[r] == _first[r + 1] - _first[r] || _holds[(r * _count.Length) + expert]) continue;
            if (best < 0 || _rankLoad[r] < _rankLoad[best]) best = r;
        }

        if (best < 0) best = MakeRoom(expert, weight);
        if (best < 0) return;
        _expertOfSlot[_first[best] + _fill[best]++] = expert;
        _holds[(best * _count.Length) + expert] = true;
        _rankLoad[best] += share;
    }

    /// <summary>
    /// Every rank with room holds the expert: a full rank without it gives an expert to a rank with room, the lightest that results.
    /// Such a pair exists on equal ranks: some rank lacks the expert, it is full, and the rank with room holds fewer different experts. Otherwise
    /// -1, when slots may stay empty; the expert's first replica always finds a rank.
    /// </summary>
    private int MakeRoom(int expert, ReadOnlySpan<double> weight)
    {
        var (bestRank, bestSlot, bestTarget, bestLoad) = (-1, 0, 0, double.MaxValue);
        for (var target = 0; target < Ranks; target++)
        {
            if (_fill[target] == _first[target + 1] - _first[target]) continue;
            for (var r = 0; r < Ranks; r++)
            {
                if (_holds[(r * _count.Length) + expert]) continue;
                for (var slot = _first[r]; slot < _first[r] + _fill[r]; slot++)
                {
                    var moved = _expertOfSlot[slot];
                    if (_holds[(target * _count.Length) + moved]) continue;
                    var share = weight[moved] / _count[moved];
                    var load = Math.Max(_rankLoad[target] + share, _rankLoad[r] - share + (weight[expert] / _count[expert]));
                    if (load < bestLoad) (bestRank, bestSlot, bestTarget, bestLoad) = (r, slot, target, load);
                }
            }
        }

        if (bestRank < 0 && _emptySlots) return -1;
        if (bestRank < 0) throw new InvalidOperationException("no exchange keeps the copies of an expert apart");
        var given = _expertOfSlot[bestSlot];
        var givenShare = weight[given] / _count[given];
        _expertOfSlot[_first[bestTarget] + _fill[bestTarget]++] = given;
        _holds[(bestTarget * _count.Length) + given] = true;
        _holds[(bestRank * _count.Length) + given] = false;
        _rankLoad[bestTarget] += givenShare;
        _rankLoad[bestRank] -= givenShare;
        _expertOfSlot[bestSlot] = _expertOfSlot[_first[bestRank] + --_fill[bestRank]];
        return bestRank;
    }
}
