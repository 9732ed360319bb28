namespace Crossweave.Planning.Placement;

/// <summary>
/// The experts of one layer on the ranks of one node (or of the whole group), and local search on it: the busiest rank gets
/// lighter until it is within one token of a bound or no exchange helps. Tokens of an expert are split evenly over its replicas.
/// </summary>
/// <remarks>
/// Moves, tried in this order, each the best of its kind: exchange of one replica with another rank, of two replicas against two, and
/// one replica of an expert given up for one more copy of an expert on the busiest rank. A move counts only if every rank it makes heavier
/// ends below the busiest one, so the descending load vector shrinks lexicographically and the search ends; near the bound it goes on for a few steps that may lose. Exchanges look for the
/// difference nearest to half the gap by two pointers over sorted sums: O(P k) for single replicas, O(P k^2) for pairs; the copy move is
/// O(k R c) for R replicas of replicated experts of c copies each. Ties: lowest rank, then the order found. Balancing spec 3.9 to 3.11.
/// With empty slots (unequal memory limits) they count as replicas of an expert without load, and giving up a replica is a move too.
/// Scratch is allocated once; not for concurrent use.
/// </remarks>
internal sealed class RankBalancer
{
    /// <summary>Most slots of a rank for exchanges of one, two and three replicas: more slots make the smaller exchanges fine enough.</summary>
    private static readonly int[] MostSlots = [1 << MemberBits, 24, 12];

    private const double SmallestStep = 0.01; // of what is still above the bound; less is not worth a step
    private const double Near = 1e-3; // of the bound
    private const int MoreSteps = 1920; // over the ranks, because a step looks at all of them
    private const int StepsApart = 10;
    internal const int MemberBits = 10;
    private const int MemberMask = (1 << MemberBits) - 1;
    private const int Probes = 3; // neighbours looked at beyond the nearest difference when copies block it

    private readonly int _experts; // with the one of empty slots
    private readonly int _empty; // -1: all slots are filled
    private readonly int _ranks;
    private readonly int[] _first; // first slot of each rank
    private readonly int[] _expertOfSlot; // within a rank by share, heaviest first (ties: lower expert)
    private readonly double[] _single; // share of the replica in each slot
    private readonly BundleTable[] _bundles;
    private readonly double[] _weight;
    private readonly int[] _count;
    private readonly double[] _rankLoad;
    private readonly int[] _held; // [rank, expert]: copies
    private readonly int[] _apartUntil; // [rank, rank]: step before which the two exchange nothing
    private readonly int[] _best; // slots of the lightest busiest rank, while leaving it
    private int _step;

    /// <param name="expertCount">Experts of these ranks.</param>
    /// <param name="slotsOfRank">Slots of each rank.</param>
    /// <param name="emptySlots">Slots may hold <paramref name="expertCount"/>, that is nothing.</param>
    public RankBalancer(int expertCount, ReadOnlySpan<int> slotsOfRank, bool emptySlots = false)
    {
        (_experts, _empty, _ranks) = emptySlots ? (expertCount + 1, expertCount, slotsOfRank.Length) : (expertCount, -1, slotsOfRank.Length);
        _first = new int[_ranks + 1];
        var most = 0;
        for (var r = 0; r < _ranks; r++)
        {
            _first[r + 1] = _first[r] + slotsOfRank[r];
            most = Math.Max(most, slotsOfRank[r]);
        }

        // On equal ranks the exchange of more than half of the slots is that of the others.
        var largest = slotsOfRank.IndexOfAnyExcept(most) < 0 ? Math.Max(1, most / 2) : MostSlots.Length;
        _bundles = new BundleTable[Math.Min(largest, MostSlots.Count(limit => most <= limit))];
        for (var i = 0; i < _bundles.Length; i++) _bundles[i] = new BundleTable(i + 1, slotsOfRank);
        _expertOfSlot = new int[_first[_ranks]];
        _single = new double[_first[_ranks]];
        _weight = new double[_experts];
        _count = new int[_experts];
        _rankLoad = new double[_ranks];
        _held = new int[_ranks * _experts];
        _apartUntil = new int[_ranks * _ranks];
        _best = new int[_first[_ranks]];
    }

    /// <summary>Expert in each slot, ranks one after another.</summary>
    public ReadOnlySpan<int> ExpertOfSlot => _expertOfSlot;

    /// <summary>Load of the busiest rank, tokens.</summary>
    public double Max => _rankLoad[Busiest()];

    /// <summary>Takes over a layer.</summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="expertOfSlot">Expert in each slot, ranks one after another; every expert has a slot.</param>
    public void Load(ReadOnlySpan<double> weight, ReadOnlySpan<int> expertOfSlot)
    {
        weight.CopyTo(_weight);
        expertOfSlot.CopyTo(_expertOfSlot);
        _count.AsSpan().Clear();
        _held.AsSpan().Clear();
        if (_empty >= 0) _count[_empty] = int.MaxValue / 2; // there is always one more
        for (var r = 0; r < _ranks; r++)
        {
            foreach (var expert in Experts(r))
            {
                _count[expert]++;
                _held[(r * _experts) + expert]++;
            }
        }

        for (var r = 0; r < _ranks; r++) Refresh(r);
    }

    /// <summary>
    /// Local search until the busiest rank is less than <paramref name="tolerance"/> above <paramref name="bound"/> or nothing helps. Near the bound
    /// nothing helping is luck: then for some steps the busiest rank makes the exchange that costs least (tabu search), and the best slots seen stay.
    /// </summary>
    public void Improve(double bound, double tolerance, bool allowDuplicates)
    {
        var size = 0; // the last that helped: near the end the small exchanges rarely do
        var (best, steps) = (double.MaxValue, int.MaxValue);
        for (_step = 1; _step < steps; _step++)
        {
            var busiest = Busiest();
            var over = _rankLoad[busiest] - bound;
            if (over < tolerance) break;
            var least = Math.Max(SmallestStep * over, 1e-12 * bound);
            var found = false;
            for (var tried = 0; tried < _bundles.Length && !found; tried++, size = found ? size : (size + 1) % _bundles.Length)
                found = Exchange(size + 1, busiest, bound + tolerance, least, allowDuplicates);
            if (found) continue;
            size = 0;
            if (over > Near * bound)
            {
                if (!Recopy(busiest, least, allowDuplicates)) break;
                continue;
            }

            if (steps == int.MaxValue) steps = _step + (MoreSteps / _ranks);
            if (_rankLoad[busiest] < best)
            {
                best = _rankLoad[busiest];
                _expertOfSlot.CopyTo(_best, 0);
            }

            if (!Exchange(_bundles.Length, busiest, 0, -bound, allowDuplicates, apart: true)) break;
        }

        _apartUntil.AsSpan().Clear();
        if (Max > best) Load(_weight, _best);
    }

    /// <summary>Exchanges of one replica against one only, until the busiest rank is at most <paramref name="wanted"/> or none helps.</summary>
    public void ExchangeUntil(double wanted)
    {
        for (var busiest = Busiest(); _rankLoad[busiest] > wanted; busiest = Busiest())
            if (!Exchange(1, busiest, 0, 1e-9 * _rankLoad[busiest], allowDuplicates: false))
                return;
    }

    private int Busiest()
    {
        var busiest = 0;
        for (var r = 1; r < _ranks; r++)
            if (_rankLoad[r] > _rankLoad[busiest])
                busiest = r;
        return busiest;
    }

    private Span<int> Experts(int rank) => _expertOfSlot.AsSpan(_first[rank], _first[rank + 1] - _first[rank]);

    private Span<double> Singles(int rank) => _single.AsSpan(_first[rank], _first[rank + 1] - _first[rank]);

    private double Share(int expert) => _weight[expert] / _count[expert];

    /// <summary>Sorts a rank's replicas, heaviest first, and sums them anew.</summary>
    private void Refresh(int rank)
    {
        var experts = Experts(rank);
        var singles = Singles(rank);
        var sum = 0.0;
        for (var i = 0; i < experts.Length; i++)
        {
            var expert = experts[i];
            var share = Share(expert);
            sum += share;
            var at = i;
            for (; at > 0 && (singles[at - 1] < share || (singles[at - 1] == share && experts[at - 1] > expert)); at--)
            {
                singles[at] = singles[at - 1];
                experts[at] = experts[at - 1];
            }

            singles[at] = share;
            experts[at] = expert;
        }

        _rankLoad[rank] = sum;
        foreach (var table in _bundles) table.Stale[rank] = true;
    }

    /// <summary>
    /// The best exchange of <paramref name="size"/> replicas of the busiest rank against as many of another, or the first that brings both
    /// below <paramref name="enough"/>. A negative <paramref name="least"/> allows loss; <paramref name="apart"/> keeps the two ranks from exchanging it back.
    /// </summary>
    private bool Exchange(int size, int busiest, double enough, double least, bool allowDuplicates, bool apart = false)
    {
        var best = _rankLoad[busiest] - least;
        var (bestRank, bestMine, bestTheirs) = (-1, 0, 0);
        var table = _bundles[size - 1];
        var mine = Sums(table, busiest);
        var (members, myFirst) = (table.Members, table.First[busiest]);
        var lightest = 0;
        for (var r = 1; r < _ranks; r++)
            if (_rankLoad[r] < _rankLoad[lightest])
                lightest = r;
        for (var turn = 0; turn < _ranks && best >= enough; turn++)
        {
            var rank = lightest + turn < _ranks ? lightest + turn : lightest + turn - _ranks; // most room first, so that the search may end early
            var half = (_rankLoad[busiest] - _rankLoad[rank]) / 2;
            if (rank == busiest || _rankLoad[rank] + half >= best || _apartUntil[(busiest * _ranks) + rank] > _step) continue;
            var theirs = Sums(table, rank);
            var theirFirst = table.First[rank];
            var (high, low) = (_rankLoad[busiest], _rankLoad[rank]);
            var j = 0;
            for (var i = 0; i < mine.Length; i++)
            {
                var wanted = mine[i] - half;
                while (j < theirs.Length && theirs[j] > wanted) j++;
                // Nearest differences first: the pair maximum grows on either side, so the first that fits ends the walk.
                for (var x = j; x < theirs.Length && x < j + Probes; x++)
                {
                    var max = Math.Max(high - mine[i] + theirs[x], low + mine[i] - theirs[x]);
                    if (max >= best) break;
                    if (!allowDuplicates && !Fits(size, busiest, members[myFirst + i], rank, members[theirFirst + x])) continue;
                    (best, bestRank, bestMine, bestTheirs) = (max, rank, members[myFirst + i], members[theirFirst + x]);
                    break;
                }

                for (var x = j - 1; x >= 0 && x >= j - Probes; x--)
                {
                    var max = Math.Max(high - mine[i] + theirs[x], low + mine[i] - theirs[x]);
                    if (max >= best) break;
                    if (!allowDuplicates && !Fits(size, busiest, members[myFirst + i], rank, members[theirFirst + x])) continue;
                    (best, bestRank, bestMine, bestTheirs) = (max, rank, members[myFirst + i], members[theirFirst + x]);
                    break;
                }
            }
        }

        if (bestRank < 0) return false;
        for (var i = 0; i < size; i++, bestMine >>= MemberBits, bestTheirs >>= MemberBits)
            Swap(busiest, bestMine & MemberMask, bestRank, bestTheirs & MemberMask);
        Refresh(busiest);
        Refresh(bestRank);
        if (apart) _apartUntil[(busiest * _ranks) + bestRank] = _apartUntil[(bestRank * _ranks) + busiest] = _step + StepsApart;
        return true;
    }

    /// <summary>No second copy of an expert on a rank after the exchange.</summary>
    private bool Fits(int size, int rank, int mine, int other, int theirs)
    {
        for (var i = 0; i < size; i++, mine >>= MemberBits, theirs >>= MemberBits)
        {
            if (Holds(other, Experts(rank)[mine & MemberMask]) || Holds(rank, Experts(other)[theirs & MemberMask])) return false;
        }

        return true;
    }

    private bool Holds(int rank, int expert) => expert != _empty && _held[(rank * _experts) + expert] > 0;

    private void Swap(int rank, int slot, int other, int otherSlot)
    {
        ref var mine = ref Experts(rank)[slot];
        ref var theirs = ref Experts(other)[otherSlot];
        _held[(rank * _experts) + mine]--;
        _held[(other * _experts) + mine]++;
        _held[(other * _experts) + theirs]--;
        _held[(rank * _experts) + theirs]++;
        (mine, theirs) = (theirs, mine);
    }

    private ReadOnlySpan<double> Sums(BundleTable table, int rank)
    {
        var sums = table.Sums.AsSpan(table.First[rank], table.First[rank + 1] - table.First[rank]);
        if (!table.Stale[rank]) return sums;
        table.Stale[rank] = false;
        var members = table.Members.AsSpan(table.First[rank], sums.Length);
        var single = Singles(rank);
        var n = 0;
        for (var i = 0; i < single.Length; i++)
        {
            if (table.Size == 1)
            {
                (sums[n], members[n++]) = (single[i], i);
                continue;
            }

            for (var j = i + 1; j < single.Length; j++)
            {
                if (table.Size == 2)
                {
                    (sums[n], members[n++]) = (single[i] + single[j], i | (j << MemberBits));
                    continue;
                }

                for (var k = j + 1; k < single.Length; k++)
                    (sums[n], members[n++]) = (single[i] + single[j] + single[k], i | (j << MemberBits) | (k << (2 * MemberBits)));
            }
        }

        // Nearly sorted and short; insertion keeps equal sums in the order of their slots.
        for (var i = 1; i < sums.Length; i++)
        {
            var (sum, member) = (sums[i], members[i]);
            var at = i;
            for (; at > 0 && sums[at - 1] < sum; at--) (sums[at], members[at]) = (sums[at - 1], members[at - 1]);
            (sums[at], members[at]) = (sum, member);
        }

        return sums;
    }

    /// <summary>Turns a replica of some expert with several, or an empty slot, into one more replica of an expert on the busiest rank, or empties a slot there.</summary>
    private bool Recopy(int busiest, double least, bool allowDuplicates)
    {
        var best = _rankLoad[busiest] - least;
        var (bestSlot, bestRank, bestExpert) = (-1, 0, 0);
        var mine = Experts(busiest);
        for (var rank = 0; rank < _ranks; rank++)
        {
            var theirs = Experts(rank);
            for (var slot = 0; slot < theirs.Length; slot++)
            {
                var given = theirs[slot];
                if (_count[given] == 1 || (slot > 0 && theirs[slot - 1] == given)) continue;
                for (var i = rank == busiest && _empty >= 0 ? -1 : 0; i < mine.Length; i++)
                {
                    var wanted = i < 0 ? _empty : mine[i];
                    if (wanted == given || (i > 0 && mine[i - 1] == wanted)) continue;
                    if (!allowDuplicates && Holds(rank, wanted)) continue;
                    var max = MaxAfterRecopy(rank, given, wanted, busiest, best);
                    if (max >= best) continue;
                    best = max;
                    (bestSlot, bestRank, bestExpert) = (slot, rank, wanted);
                }
            }
        }

        if (bestSlot < 0) return false;
        ref var expert = ref Experts(bestRank)[bestSlot];
        var lost = expert;
        expert = bestExpert;
        _held[(bestRank * _experts) + lost]--;
        _held[(bestRank * _experts) + bestExpert]++;
        _count[lost]--;
        _count[bestExpert]++;
        Refresh(bestRank);
        for (var r = 0; r < _ranks; r++)
            if (r != bestRank && _held[(r * _experts) + lost] + _held[(r * _experts) + bestExpert] > 0)
                Refresh(r);
        return true;
    }

    /// <summary>Largest load among the ranks the move touches; may stop early with any value of at least <paramref name="limit"/>.</summary>
    private double MaxAfterRecopy(int rank, int given, int wanted, int busiest, double limit)
    {
        var (givenBefore, givenAfter) = (Share(given), _weight[given] / (_count[given] - 1));
        var (wantedBefore, wantedAfter) = (Share(wanted), _weight[wanted] / (_count[wanted] + 1));
        var max = 0.0;
        for (var r = 0; r < _ranks; r++)
        {
            var copiesOfGiven = _held[(r * _experts) + given];
            var copiesOfWanted = _held[(r * _experts) + wanted];
            if (copiesOfGiven + copiesOfWanted == 0 && r != busiest) continue;
            var load = _rankLoad[r] + (copiesOfGiven * (givenAfter - givenBefore)) + (copiesOfWanted * (wantedAfter - wantedBefore));
            if (r == rank) load += wantedAfter - givenAfter;
            if (load >= limit) return load;
            max = Math.Max(max, load);
        }

        return max;
    }
}
