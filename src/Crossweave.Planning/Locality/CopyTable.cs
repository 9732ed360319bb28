using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// One expert-to-rank assignment with everything that is needed to know at once what exchanging two experts does to the copies of all tokens
/// (execution spec 3.4, with the tables of Fiduccia and Mattheyses, DAC 1982): per set and rank the experts there; per expert what leaving its
/// rank saves and what entering another costs; per pair of experts what is counted twice because they share tokens. An exchange is evaluated
/// in O(1) and applied in O(k x sets of both).
/// </summary>
internal sealed class CopyTable
{
    private readonly TokenSets _sets;
    private readonly int _ranks;
    private readonly int _experts;
    private readonly ushort[] _count; // [set, rank]
    private readonly long[] _leave; // tokens for which the expert is alone on its rank
    private readonly long[] _enter; // [rank, expert] tokens of the expert that do not reach the rank yet
    private readonly long[] _shared; // [expert, higher expert]

    public CopyTable(TokenSets sets, int rankCount, ReadOnlySpan<int> rankOfExpert)
    {
        (_sets, _ranks, _experts, RankOf) = (sets, rankCount, sets.ExpertCount, rankOfExpert.ToArray());
        _count = new ushort[sets.Count * rankCount];
        _leave = new long[_experts];
        _enter = new long[rankCount * _experts];
        _shared = new long[_experts * _experts];
        Fill();
    }

    public int[] RankOf { get; }

    /// <summary>Sum over tokens of distinct ranks.</summary>
    public long Copies { get; private set; }

    /// <summary>Starts again from another assignment. O(sets k^2 + experts (ranks + experts)).</summary>
    public void Reset(ReadOnlySpan<int> rankOfExpert)
    {
        rankOfExpert.CopyTo(RankOf);
        Array.Clear(_count);
        Array.Clear(_leave);
        Array.Clear(_shared);
        Fill();
    }

    /// <summary>[expert] tokens for which it is alone on its rank.</summary>
    public ReadOnlySpan<long> Leave => _leave;

    /// <summary>Copies saved by exchanging two experts of different ranks.</summary>
    public long Gain(int i, int j) => _leave[i] + _leave[j] - Enter(RankOf[j])[i] - Enter(RankOf[i])[j] - Shared(i, j);

    /// <summary>[expert] tokens that do not reach the rank yet.</summary>
    public ReadOnlySpan<long> Enter(int rank) => _enter.AsSpan(rank * _experts, _experts);

    /// <summary>Tokens of both experts, once for each that is alone on its rank: exchanging the two leaves them as they are. Never negative.</summary>
    public long Shared(int i, int j) => _shared[(Math.Min(i, j) * _experts) + Math.Max(i, j)];

    public void Exchange(int i, int j)
    {
        var (here, there) = (RankOf[i], RankOf[j]);
        Move(i, there);
        Move(j, here);
    }

    private void Move(int expert, int rank)
    {
        var from = RankOf[expert];
        RankOf[expert] = rank;
        var leaving = _enter.AsSpan(from * _experts, _experts);
        var entering = _enter.AsSpan(rank * _experts, _experts);
        foreach (var s in _sets.SetsOf(expert))
        {
            var weight = _sets.Weight(s);
            var set = _sets.Experts(s);
            var left = --_count[(s * _ranks) + from];
            var joined = ++_count[(s * _ranks) + rank];
            if (left == 0)
            {
                Copies -= weight;
                foreach (var e in set) leaving[e] += weight;
            }
            else if (left == 1)
            {
                Alone(Other(set, from, expert), set, weight);
            }

            if (joined == 1)
            {
                Copies += weight;
                foreach (var e in set) entering[e] -= weight;
            }
            else if (joined == 2)
            {
                Alone(Other(set, rank, expert), set, -weight);
            }

            if ((left == 0) != (joined == 1)) Alone(expert, set, joined == 1 ? weight : -weight);
        }
    }

    // The only other expert of the set on the rank.
    private int Other(ReadOnlySpan<ushort> set, int rank, int expert)
    {
        foreach (var e in set)
            if (RankOf[e] == rank && e != expert)
                return e;
        throw new InvalidOperationException("counts and ranks disagree");
    }

    private void Alone(int expert, ReadOnlySpan<ushort> set, long weight)
    {
        _leave[expert] += weight;
        foreach (var e in set)
        {
            if (e < expert) _shared[(e * _experts) + expert] += weight;
            else _shared[(expert * _experts) + e] += weight;
        }
    }

    private void Fill()
    {
        Copies = 0;
        for (var e = 0; e < _experts; e++)
        {
            var load = _sets.Load(e);
            for (var r = 0; r < _ranks; r++) _enter[(r * _experts) + e] = load;
        }

        for (var s = 0; s < _sets.Count; s++)
        {
            var count = _count.AsSpan(s * _ranks, _ranks);
            var set = _sets.Experts(s);
            var weight = _sets.Weight(s);
            foreach (var member in set)
            {
                var rank = RankOf[member];
                if (++count[rank] > 1) continue;
                Copies += weight;
                foreach (var e in set) _enter[(rank * _experts) + e] -= weight;
            }

            foreach (var e in set)
                if (count[RankOf[e]] == 1)
                    Alone(e, set, weight);
        }
    }
}
