using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Better use of redundant slots for locality: a slot takes another expert, or two ranks exchange one each, as long as fewer copies leave their
/// rank under the locality-first rule (<see cref="ReplicaDispatch"/>) at no more load than the cap. Every step estimates all such changes from one pass over the
/// tokens and tries the most promising ones exactly, keeping those that help. Rows above the cap are cheap first and dear in the end, so that load
/// may pass through ranks that are full. A local optimum. O(tokens k^2 + slots (experts + slots)) per step. Ties: the change found first, slots
/// ascending.
/// </summary>
/// <param name="sets">Tokens to plan on.</param>
/// <param name="expertOfSlot">[rank, slot] experts to start from; changed in place.</param>
/// <param name="rankCount">Ranks.</param>
/// <param name="ranksPerNode">Ranks of a server; experts are exchanged inside servers only.</param>
/// <param name="cap">Rows a rank should not exceed.</param>
internal sealed class ReplicaSearch(TokenSets sets, int[] expertOfSlot, int rankCount, int ranksPerNode, long cap)
{
    private const int Tries = 30;

    private static readonly long[] Prices = [1, 4, 16]; // copies per row above the cap

    private readonly ReplicaDispatch _dispatch = new(sets, expertOfSlot, rankCount);
    private readonly int _slotsPerRank = expertOfSlot.Length / rankCount;
    private readonly long[] _saves = new long[sets.ExpertCount * rankCount]; // [expert, rank] copies that a replica there saves
    private readonly long[] _costs = new long[sets.ExpertCount * rankCount]; // [expert, rank] copies that losing the replica there costs
    private readonly long[] _gets = new long[sets.ExpertCount * rankCount]; // [expert, rank] rows that come with a replica there
    private readonly long[] _drops = new long[sets.ExpertCount * rankCount]; // [expert, rank] rows computed there
    private readonly Change[] _best = new Change[Tries];
    private int _bestCount;
    private long _price;

    /// <summary>Copies, and rows above the cap at the highest price.</summary>
    public long Cost => _dispatch.Copies + (_price * Excess());

    public void Run()
    {
        foreach (var price in Prices)
        {
            _price = price;
            do Estimate();
            while (TryBest());
        }
    }

    private bool TryBest()
    {
        var any = false;
        for (var c = 0; c < _bestCount; c++) any |= IsPossible(_best[c]) && Try(_best[c]);
        return any;
    }

    // Also after other changes of the same step.
    private bool IsPossible(Change change)
    {
        var rank = change.Slot / _slotsPerRank;
        if (expertOfSlot[change.Slot] != change.Given || _dispatch.Held(change.Taken, rank) > 0) return false;
        return change.OtherSlot < 0
            ? _dispatch.HolderCount[change.Given] > 1 || _dispatch.Held(change.Given, rank) > 1
            : expertOfSlot[change.OtherSlot] == change.Taken && _dispatch.Held(change.Given, change.OtherSlot / _slotsPerRank) == 0;
    }

    private bool Try(Change change)
    {
        var before = Cost;
        var (slot, expert, other) = (change.Slot, change.Given, change.Taken);
        _dispatch.Mark();
        Put(1);
        _dispatch.ChooseAgain(expert, other);
        if (Cost < before)
        {
            expertOfSlot[slot] = other;
            if (change.OtherSlot >= 0) expertOfSlot[change.OtherSlot] = expert;
            return true;
        }

        Put(-1);
        _dispatch.Undo();
        return false;

        void Put(int sign)
        {
            _dispatch.Put(expert, slot / _slotsPerRank, -sign);
            _dispatch.Put(other, slot / _slotsPerRank, sign);
            if (change.OtherSlot < 0) return;
            _dispatch.Put(other, change.OtherSlot / _slotsPerRank, -sign);
            _dispatch.Put(expert, change.OtherSlot / _slotsPerRank, sign);
        }
    }

    private long Excess()
    {
        var excess = 0L;
        foreach (var rows in _dispatch.Rows) excess += Math.Max(0, rows - cap);
        return excess;
    }

    private void Estimate()
    {
        Tabulate();
        _bestCount = 0;
        for (var slot = 0; slot < expertOfSlot.Length; slot++)
        {
            var (expert, rank) = (expertOfSlot[slot], slot / _slotsPerRank);
            var here = (expert * rankCount) + rank;
            var isSpare = _dispatch.Held(expert, rank) > 1;
            if (isSpare || _dispatch.HolderCount[expert] > 1)
            {
                for (var other = 0; other < sets.ExpertCount; other++)
                {
                    var there = (other * rankCount) + rank;
                    if (_dispatch.Held(other, rank) > 0) continue;
                    var (copies, rows) = isSpare ? (0, 0) : (_costs[here], _drops[here]);
                    Offer(_saves[there] - copies + Relief(rank, rows - _gets[there]), new Change(slot, expert, other, -1));
                }
            }

            var nodeEnd = ((rank / ranksPerNode) + 1) * ranksPerNode * _slotsPerRank;
            for (var otherSlot = (rank + 1) * _slotsPerRank; otherSlot < nodeEnd; otherSlot++)
            {
                var (other, otherRank) = (expertOfSlot[otherSlot], otherSlot / _slotsPerRank);
                if (_dispatch.Held(other, rank) > 0 || _dispatch.Held(expert, otherRank) > 0) continue;
                var there = (other * rankCount) + otherRank;
                var saved = _saves[(other * rankCount) + rank] + _saves[(expert * rankCount) + otherRank] - _costs[here] - _costs[there];
                var rows = _drops[here] - _drops[there];
                Offer(saved + Relief(rank, rows) + Relief(otherRank, -rows), new Change(slot, expert, other, otherSlot));
            }
        }
    }

    // What is no longer charged when a rank gets rid of rows.
    private long Relief(int rank, long rows) => _price * (Math.Max(0, _dispatch.Rows[rank] - cap) - Math.Max(0, _dispatch.Rows[rank] - rows - cap));

    private void Offer(long value, Change change)
    {
        if (_bestCount == Tries && value <= _best[^1].Value) return;
        var place = _bestCount < Tries ? _bestCount++ : Tries - 1;
        for (; place > 0 && _best[place - 1].Value < value; place--) _best[place] = _best[place - 1];
        _best[place] = change with { Value = value };
    }

    private void Tabulate()
    {
        foreach (var table in (ReadOnlySpan<long[]>)[_saves, _costs, _gets, _drops]) Array.Clear(table);
        for (var token = 0; token < _dispatch.TokenCount; token++)
        {
            var set = sets.Experts(_dispatch.SetOf[token]);
            var ranks = _dispatch.RanksOf(token);
            var (source, weight) = (_dispatch.SourceOf[token], _dispatch.WeightOf[token]);
            for (var i = 0; i < set.Length; i++)
            {
                var (row, rank) = (set[i] * rankCount, ranks[i]);
                var isAlone = ranks.Count(rank) == 1;
                _drops[row + rank] += weight;
                if (rank != source)
                {
                    _gets[row + source] += weight;
                    if (isAlone) _saves[row + source] += weight;
                }

                for (var j = 0; isAlone && rank != source && j < ranks.Length; j++)
                {
                    if (j == i || ranks[j] == source || ranks[..j].Contains(ranks[j])) continue;
                    _gets[row + ranks[j]] += weight;
                    _saves[row + ranks[j]] += weight;
                }

                var isHeldElsewhere = false;
                foreach (var holder in _dispatch.Holders(set[i])) isHeldElsewhere |= holder != rank && (holder == source || ranks.Contains(holder));
                if (!isHeldElsewhere) _costs[row + rank] += weight;
                if (isAlone && rank != source) _costs[row + rank] -= weight;
            }
        }
    }

    /// <summary>A slot gives its expert for another; with another slot, that one takes the given one.</summary>
    private readonly record struct Change(int Slot, int Given, int Taken, int OtherSlot)
    {
        public long Value { get; init; }
    }
}
