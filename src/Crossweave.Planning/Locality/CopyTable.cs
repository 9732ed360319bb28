using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// One expert-to-rank assignment with everything that is needed to know the effect of exchanging two experts on the copies of all
/// tokens (execution spec 3.4, with the tables of Fiduccia and Mattheyses, DAC 1982): per set and rank the experts there, per expert
/// what leaving its rank saves and what entering another costs. An exchange is evaluated in O(sets of one expert), its bound in O(1),
/// and applied in O(k x sets of both).
/// </summary>
internal sealed class CopyTable
{
    private readonly TokenSets _sets;
    private readonly int _ranks;
    private readonly int[] _count; // [set, rank]
    private readonly long[] _leave; // tokens for which the expert is alone on its rank
    private readonly long[] _enter; // [expert, rank] tokens of the expert that do not reach the rank yet

    public CopyTable(TokenSets sets, int rankCount, ReadOnlySpan<int> rankOfExpert)
    {
        (_sets, _ranks, RankOf) = (sets, rankCount, rankOfExpert.ToArray());
        _count = new int[sets.Count * rankCount];
        _leave = new long[sets.ExpertCount];
        _enter = new long[sets.ExpertCount * rankCount];
        Fill();
    }

    public int[] RankOf { get; }

    /// <summary>Sum over tokens of distinct ranks.</summary>
    public long Copies { get; private set; }

    /// <summary>Starts again from another assignment.</summary>
    public void Reset(ReadOnlySpan<int> rankOfExpert)
    {
        rankOfExpert.CopyTo(RankOf);
        Array.Clear(_count);
        Array.Clear(_leave);
        Array.Clear(_enter);
        Fill();
    }

    /// <summary>At least what exchanging the experts saves: exact unless they share tokens.</summary>
    public long GainBound(int i, int j) =>
        _leave[i] + _leave[j] - _enter[(i * _ranks) + RankOf[j]] - _enter[(j * _ranks) + RankOf[i]];

    /// <summary>Copies saved by exchanging two experts of different ranks.</summary>
    public long Gain(int i, int j)
    {
        var (few, other) = _sets.SetsOf(i).Length <= _sets.SetsOf(j).Length ? (i, j) : (j, i);
        var (here, there) = (RankOf[i], RankOf[j]);
        var gain = GainBound(i, j);
        foreach (var s in _sets.SetsOf(few))
        {
            if (!_sets.Experts(s).Contains((ushort)other)) continue;
            // Nothing changes for a token of both.
            if (_count[(s * _ranks) + here] == 1) gain -= _sets.Weight(s);
            if (_count[(s * _ranks) + there] == 1) gain -= _sets.Weight(s);
        }

        return gain;
    }

    public void Exchange(int i, int j)
    {
        var (here, there) = (RankOf[i], RankOf[j]);
        Move(i, there);
        Move(j, here);
    }

    /// <summary>Copies saved by moving one expert.</summary>
    public long MoveGain(int expert, int rank) => _leave[expert] - _enter[(expert * _ranks) + rank];

    public void Move(int expert, int rank)
    {
        var from = RankOf[expert];
        RankOf[expert] = rank;
        foreach (var s in _sets.SetsOf(expert))
        {
            var weight = _sets.Weight(s);
            var set = _sets.Experts(s);
            ref var left = ref _count[(s * _ranks) + from];
            ref var joined = ref _count[(s * _ranks) + rank];
            if (--left == 0)
            {
                Copies -= weight;
                _leave[expert] -= weight;
                foreach (var e in set) _enter[(e * _ranks) + from] += weight;
            }
            else if (left == 1)
            {
                foreach (var e in set)
                    if (RankOf[e] == from)
                        _leave[e] += weight;
            }

            if (++joined == 1)
            {
                Copies += weight;
                _leave[expert] += weight;
                foreach (var e in set) _enter[(e * _ranks) + rank] -= weight;
            }
            else if (joined == 2)
            {
                foreach (var e in set)
                    if (e != expert && RankOf[e] == rank)
                        _leave[e] -= weight;
            }
        }
    }

    private void Fill()
    {
        Copies = 0;
        for (var e = 0; e < _sets.ExpertCount; e++) _enter.AsSpan(e * _ranks, _ranks).Fill(_sets.Load(e));
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
                foreach (var e in set) _enter[(e * _ranks) + rank] -= weight;
            }

            foreach (var e in set)
                if (count[RankOf[e]] == 1)
                    _leave[e] += weight;
        }
    }
}
