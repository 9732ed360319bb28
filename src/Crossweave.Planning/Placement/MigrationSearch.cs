namespace Crossweave.Planning.Placement;

/// <summary>A plan of one layer on the way from the running one.</summary>
/// <param name="Fetched">Experts on ranks that did not hold them before.</param>
/// <param name="Balance">Mean over largest rank load, even split.</param>
/// <param name="Ceiling">The most that <paramref name="Balance"/> can be while groups stay on their nodes; 1 without such a rule.</param>
/// <param name="ExpertOfSlot">Expert in each slot; slots that keep their expert keep their place.</param>
internal sealed record MigrationPoint(int Fetched, double Balance, double Ceiling, int[] ExpertOfSlot);

/// <summary>
/// Better balanced plans of one layer, each a few fetches away from the one before: the busiest rank is relieved again and again by the
/// move with the largest relief per fetched expert, among exchanges of two replicas, rotations over three ranks that relieve two loaded
/// ones, and a replica given up for one more of an expert on the busiest rank. Balancing spec 3.12.
/// </summary>
/// <remarks>
/// Groups of experts stay on the nodes that hold them in the running plan, whatever that is. A move counts only if every rank it makes heavier ends below the busiest, so the search ends. O(P k^2) per exchange, O(R k c) per copy move
/// (see <see cref="RankBalancer"/>). Ties: found first, lowest rank and slot. Scratch is allocated once; not for concurrent use.
/// </remarks>
internal sealed class MigrationSearch
{
    private const double Enough = 0.9995;

    private readonly int _ranks;
    private readonly int _empty; // the number of experts stands for an empty slot, which weighs nothing and need not be fetched
    private readonly int _ranksPerNode;
    private readonly int _groupSize;
    private readonly bool[] _hasGroup; // [node, group] in the running plan
    private readonly int[] _first; // first slot of each rank
    private readonly int[] _expertOfSlot;
    private readonly bool[] _before;
    private readonly int[] _held;
    private readonly int[] _count;
    private readonly double[] _weight;
    private readonly double[] _share;
    private readonly double[] _rankLoad;
    private int _fetched;

    /// <param name="expertCount">Experts of a layer.</param>
    /// <param name="slotsOfRank">Slots of each rank.</param>
    /// <param name="nodes">Nodes that groups stay on; 1 = no such rule.</param>
    /// <param name="groups">Groups of neighbouring experts.</param>
    public MigrationSearch(int expertCount, ReadOnlySpan<int> slotsOfRank, int nodes = 1, int groups = 1)
    {
        (_empty, _ranks) = (expertCount, slotsOfRank.Length);
        (_ranksPerNode, _groupSize) = (_ranks / nodes, expertCount / groups);
        _hasGroup = new bool[nodes * groups];
        _first = new int[_ranks + 1];
        for (var r = 0; r < _ranks; r++) _first[r + 1] = _first[r] + slotsOfRank[r];
        _expertOfSlot = new int[_first[_ranks]];
        _before = new bool[_ranks * (_empty + 1)];
        _held = new int[_before.Length];
        _count = new int[_empty + 1];
        _weight = new double[_empty + 1];
        _share = new double[_empty + 1];
        _rankLoad = new double[_ranks];
    }

    /// <summary>Points with rising fetches and balance, the running plan first; only those on the upper concave hull.</summary>
    public List<MigrationPoint> Front(ReadOnlySpan<long> load, ReadOnlySpan<int> running)
    {
        running.CopyTo(_expertOfSlot);
        _before.AsSpan().Clear();
        _hasGroup.AsSpan().Clear();
        _held.AsSpan().Clear();
        _count.AsSpan().Clear();
        _fetched = 0;
        for (var r = 0; r < _ranks; r++)
        {
            foreach (var expert in Experts(r))
            {
                _count[expert]++;
                _held[Cell(r, expert)]++;
                _before[Cell(r, expert)] = true;
                if (expert != _empty) _hasGroup[GroupCell(r, expert)] = true;
            }

            _before[Cell(r, _empty)] = true;
        }

        _count[_empty] = int.MaxValue / 2; // there is always one more empty slot to fill
        var total = 0.0;
        for (var e = 0; e < _empty; e++)
        {
            total += load[e];
            _weight[e] = load[e];
            _share[e] = _weight[e] / _count[e];
        }

        for (var r = 0; r < _ranks; r++) Sum(r);
        var mean = total / _ranks;
        var least = LeastMax(mean);
        var ceiling = least == 0 ? 1 : mean / least;
        List<MigrationPoint> front = [new(0, Balance(mean), ceiling, running.ToArray())];
        for (var step = 0; step < 8 * _ranks && Balance(least) < Enough && Step(mean); step++) Add(front, new MigrationPoint(_fetched, Balance(mean), ceiling, _expertOfSlot));
        return front;
    }

    /// <summary>Keeps the upper concave hull: dominated points go, and points below the line between their neighbours.</summary>
    private static void Add(List<MigrationPoint> front, MigrationPoint point)
    {
        if (point.Balance <= front[^1].Balance) return;
        while (front.Count > 0 && point.Fetched <= front[^1].Fetched) front.RemoveAt(front.Count - 1);
        while (front.Count > 1 && Slope(front[^2], front[^1]) <= Slope(front[^1], point)) front.RemoveAt(front.Count - 1);
        front.Add(point with { ExpertOfSlot = (int[])point.ExpertOfSlot.Clone() });
    }

    internal static double Slope(MigrationPoint from, MigrationPoint to) => (to.Balance - from.Balance) / (to.Fetched - from.Fetched);

    private int Cell(int rank, int expert) => (rank * (_empty + 1)) + expert;

    private int GroupCell(int rank, int expert) => (rank / _ranksPerNode * (_hasGroup.Length / (_ranks / _ranksPerNode))) + (expert / _groupSize);

    /// <summary>The rank has the expert already, or its node has none of the expert's group: groups stay on the nodes where they are.</summary>
    private bool Refuses(int rank, int expert) => expert != _empty && (_held[Cell(rank, expert)] > 0 || !_hasGroup[GroupCell(rank, expert)]);

    /// <summary>What the busiest rank cannot get below while every group stays where it is: mean load of the most loaded node's ranks.</summary>
    private double LeastMax(double mean)
    {
        for (var first = 0; first < _ranks; first += _ranksPerNode)
        {
            var sum = 0.0;
            foreach (var load in _rankLoad.AsSpan(first, _ranksPerNode)) sum += load;
            mean = Math.Max(mean, sum / _ranksPerNode);
        }

        return mean;
    }

    private Span<int> Experts(int rank) => _expertOfSlot.AsSpan(_first[rank], _first[rank + 1] - _first[rank]);

    private void Sum(int rank)
    {
        var sum = 0.0;
        foreach (var expert in Experts(rank)) sum += _share[expert];
        _rankLoad[rank] = sum;
    }

    private double Balance(double mean) => mean == 0 ? 1 : Math.Min(1, mean / _rankLoad.Max());

    private bool Step(double mean)
    {
        var busiest = Array.IndexOf(_rankLoad, _rankLoad.Max());
        var high = _rankLoad[busiest];
        var best = new Move(0, 0, 0, 0, 0, -1, -1);
        for (var rank = 0; rank < _ranks; rank++)
        {
            if (rank != busiest) BestExchange(busiest, rank, ref best);
            BestRecopy(busiest, rank, ref best);
        }

        if (mean > 0) BestRotation(busiest, mean, ref best);
        if (best.Value <= 1e-9 * high) return false;
        if (best.Third >= 0)
        {
            Rotate(best);
            return true;
        }

        if (best.NewExpert < 0)
        {
            var (mine, theirs) = (Experts(busiest)[best.Slot], Experts(best.Rank)[best.OtherSlot]);
            Change(busiest, best.Slot, theirs);
            Change(best.Rank, best.OtherSlot, mine);
            Sum(busiest);
            Sum(best.Rank);
            return true;
        }

        var lost = Experts(best.Rank)[best.OtherSlot];
        Change(best.Rank, best.OtherSlot, best.NewExpert);
        _share[lost] = _weight[lost] / --_count[lost];
        _share[best.NewExpert] = _weight[best.NewExpert] / ++_count[best.NewExpert];
        for (var r = 0; r < _ranks; r++) Sum(r);
        return true;
    }

    private void Change(int rank, int slot, int expert)
    {
        var old = Experts(rank)[slot];
        if (--_held[Cell(rank, old)] == 0 && !_before[Cell(rank, old)]) _fetched--;
        if (_held[Cell(rank, expert)]++ == 0 && !_before[Cell(rank, expert)]) _fetched++;
        Experts(rank)[slot] = expert;
    }

    /// <summary>Fetches that a rank has more (or fewer) when it gives up one copy of an expert for another.</summary>
    private int Cost(int rank, int given, int taken) =>
        (_before[Cell(rank, taken)] || _held[Cell(rank, taken)] > 0 ? 0 : 1) - (_before[Cell(rank, given)] || _held[Cell(rank, given)] > 1 ? 0 : 1);

    /// <summary>Relief per fetch; moves that cost nothing count as half a fetch.</summary>
    private static double Value(double relief, int cost) => relief / Math.Max(0.5, cost);

    private void BestExchange(int busiest, int rank, ref Move best)
    {
        var (high, low) = (_rankLoad[busiest], _rankLoad[rank]);
        if (Value((high - low) / 2, 0) <= best.Value) return;
        var mine = Experts(busiest);
        var theirs = Experts(rank);
        for (var i = 0; i < mine.Length; i++)
        {
            for (var j = 0; j < theirs.Length; j++)
            {
                var d = _share[mine[i]] - _share[theirs[j]];
                var relief = Math.Min(d, high - low - d);
                if (relief <= 0 || Value(relief, 0) <= best.Value) continue;
                if (Refuses(rank, mine[i]) || Refuses(busiest, theirs[j])) continue;
                var value = Value(relief, Cost(busiest, mine[i], theirs[j]) + Cost(rank, theirs[j], mine[i]));
                if (value > best.Value) best = new Move(value, busiest, i, rank, j, -1, -1);
            }
        }
    }

    private void BestRecopy(int busiest, int rank, ref Move best)
    {
        var mine = Experts(busiest);
        var theirs = Experts(rank);
        for (var j = 0; j < theirs.Length; j++)
        {
            var given = theirs[j];
            if (_count[given] == 1) continue;
            foreach (var wanted in mine)
            {
                if (wanted == given || Refuses(rank, wanted)) continue;
                var cost = Cost(rank, given, wanted);
                var relief = _share[wanted] - (_weight[wanted] / (_count[wanted] + 1));
                if (rank == busiest || Value(relief, cost) <= best.Value) continue;
                relief = Math.Min(relief, _rankLoad[busiest] - MaxAfterRecopy(rank, given, wanted));
                var value = Value(relief, cost);
                if (value > best.Value) best = new Move(value, busiest, 0, rank, j, wanted, -1);
            }
        }
    }

    private double MaxAfterRecopy(int rank, int given, int wanted)
    {
        var givenAfter = _weight[given] / (_count[given] - 1);
        var wantedAfter = _weight[wanted] / (_count[wanted] + 1);
        var max = 0.0;
        for (var r = 0; r < _ranks; r++)
        {
            var (copiesOfGiven, copiesOfWanted) = (_held[Cell(r, given)], _held[Cell(r, wanted)]);
            if (copiesOfGiven + copiesOfWanted == 0) continue;
            var load = _rankLoad[r] + (copiesOfGiven * (givenAfter - _share[given])) + (copiesOfWanted * (wantedAfter - _share[wanted]));
            if (r == rank) load += wantedAfter - givenAfter;
            max = Math.Max(max, load);
        }

        return max;
    }

    /// <summary>
    /// The busiest rank gives to a light one, that to a second loaded one, and that to the busiest: three fetches relieve two ranks, where two
    /// exchanges would need four. Its value is the relief of both per fetch.
    /// </summary>
    private void BestRotation(int busiest, double mean, ref Move best)
    {
        for (var second = 0; second < _ranks; second++)
        {
            if (second == busiest || _rankLoad[second] <= mean) continue;
            for (var light = 0; light < _ranks; light++)
            {
                if (_rankLoad[light] >= mean) continue;
                BestRotation(busiest, second, light, mean, ref best);
            }
        }
    }

    private void BestRotation(int busiest, int second, int light, double mean, ref Move best)
    {
        var mine = Experts(busiest);
        var theirs = Experts(second);
        var lights = Experts(light);
        var (over, overSecond, room) = (_rankLoad[busiest] - mean, _rankLoad[second] - mean, mean - _rankLoad[light]);
        if ((over + overSecond) / 3 <= best.Value) return; // relief beyond the mean is not counted
        for (var i = 0; i < mine.Length; i++)
        {
            var a = _share[mine[i]];
            if (Refuses(light, mine[i])) continue;
            for (var k = 0; k < theirs.Length; k++)
            {
                var c = _share[theirs[k]];
                var relief = a - c;
                if (relief <= 0 || relief > 2 * over || Refuses(busiest, theirs[k])) continue;
                for (var j = 0; j < lights.Length; j++)
                {
                    var b = _share[lights[j]];
                    var reliefSecond = c - b;
                    if (reliefSecond <= 0 || reliefSecond > 2 * overSecond || a - b > room + (over / 2)) continue;
                    if (Refuses(second, lights[j])) continue;
                    var gained = Math.Min(relief, over) + Math.Min(reliefSecond, overSecond) - Math.Max(0, a - b - room);
                    if (gained / 3 <= best.Value) continue;
                    var value = Value(gained, Cost(busiest, mine[i], theirs[k]) + Cost(second, theirs[k], lights[j]) + Cost(light, lights[j], mine[i]));
                    if (value > best.Value) best = new Move(value, busiest, i, light, j, second, k);
                }
            }
        }
    }

    private void Rotate(in Move move)
    {
        var (second, third) = (move.NewExpert, move.Third);
        var (mine, theirs, lights) = (Experts(move.Busiest)[move.Slot], Experts(second)[third], Experts(move.Rank)[move.OtherSlot]);
        Change(move.Busiest, move.Slot, theirs);
        Change(second, third, lights);
        Change(move.Rank, move.OtherSlot, mine);
        Sum(move.Busiest);
        Sum(second);
        Sum(move.Rank);
    }

    /// <summary>Slot of the busiest rank against a slot of another; or that slot turned into an expert; or through a second loaded rank and its slot.</summary>
    private readonly record struct Move(double Value, int Busiest, int Slot, int Rank, int OtherSlot, int NewExpert, int Third);
}
