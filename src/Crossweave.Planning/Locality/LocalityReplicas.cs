using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Redundant slots for locality: each takes the copy of an expert on a rank that saves the most remote copies under the locality-first
/// rule (execution spec 3.6), for tokens whose sources are spread evenly: those that start on the rank stay there, the others come where
/// another of their experts is, otherwise to the lighter rank. Rows above the cap count as in <see cref="CopySearch"/>. Greedy.
/// O(slots x sets x k x ranks).
/// </summary>
internal static class LocalityReplicas
{
    /// <summary>Copies that one row above the cap counts for.</summary>
    public const long Charge = 16;

    /// <param name="groups">Experts placed once; gets the replicas.</param>
    /// <param name="sets">Tokens.</param>
    /// <param name="rankOfExpert">First replica.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="cap">Rows a rank should not exceed.</param>
    public static void Add(RankGroups groups, TokenSets sets, ReadOnlySpan<int> rankOfExpert, ReadOnlySpan<long> load, int rankCount, long cap)
    {
        var state = new State(sets, rankOfExpert, load, rankCount, cap);
        while (Enumerable.Range(0, rankCount).Any(groups.HasRoom))
        {
            var (expert, rank) = state.Best(groups);
            if (expert < 0) break;
            groups.Add(expert, rank);
            state.Apply(expert, rank);
        }

        groups.FillWithHottest(load);
    }

    private sealed class State
    {
        private readonly TokenSets _sets;
        private readonly int _ranks;
        private readonly long _cap;
        private readonly int[] _start; // of each set in _rankOf
        private readonly int[] _rankOf; // rank that computes each member of each set
        private readonly int[] _count; // [set, rank]
        private readonly long[] _rankLoad;
        private readonly long[] _saved; // [expert, rank] copies that a replica there saves
        private readonly long[] _alone; // [expert] tokens for which it is alone on the rank that computes it
        private readonly int[] _holders; // [expert] ranks that hold it
        private readonly long[] _movable; // [expert, rank] rows that may move there without a further copy

        public State(TokenSets sets, ReadOnlySpan<int> rankOfExpert, ReadOnlySpan<long> load, int ranks, long cap)
        {
            (_sets, _ranks, _cap) = (sets, ranks, cap);
            _start = new int[sets.Count + 1];
            for (var s = 0; s < sets.Count; s++) _start[s + 1] = _start[s] + sets.Experts(s).Length;
            _rankOf = new int[_start[^1]];
            _count = new int[sets.Count * ranks];
            _rankLoad = new long[ranks];
            _saved = new long[load.Length * ranks];
            _movable = new long[load.Length * ranks];
            _alone = new long[load.Length];
            _holders = new int[load.Length];
            Array.Fill(_holders, 1);
            for (var s = 0; s < sets.Count; s++)
            {
                var set = sets.Experts(s);
                for (var i = 0; i < set.Length; i++)
                {
                    _rankOf[_start[s] + i] = rankOfExpert[set[i]];
                    _count[(s * ranks) + rankOfExpert[set[i]]]++;
                }
            }

            for (var e = 0; e < load.Length; e++) _rankLoad[rankOfExpert[e]] += load[e];
        }

        public (int Expert, int Rank) Best(RankGroups groups)
        {
            Tabulate();
            var (gain, expert, rank) = (0L, -1, -1);
            for (var e = 0; e < _sets.ExpertCount; e++)
                for (var r = 0; r < _ranks; r++)
                {
                    var here = (e * _ranks) + r;
                    var remote = ((_ranks - _holders[e]) * _saved[here]) + _alone[e]; // times ranks
                    var value = remote + (_ranks * Charge * Math.Min(_movable[here], Math.Max(0, _cap - _rankLoad[r])));
                    if (value <= gain || !groups.HasRoom(r) || groups.Holds(r, e)) continue;
                    (gain, expert, rank) = (value, e, r);
                }

            return (expert, rank);
        }

        public void Apply(int expert, int rank)
        {
            _holders[expert]++;
            foreach (var s in _sets.SetsOf(expert))
            {
                ref var current = ref _rankOf[_start[s] + _sets.Experts(s).IndexOf((ushort)expert)];
                var count = _count.AsSpan(s * _ranks, _ranks);
                if (count[current] > 1) continue; // others of the token are there
                if (count[rank] == 0 && _rankLoad[rank] + _sets.Weight(s) > _rankLoad[current] - _sets.Weight(s)) continue;
                count[current]--;
                count[rank]++;
                _rankLoad[current] -= _sets.Weight(s);
                _rankLoad[rank] += _sets.Weight(s);
                current = rank;
            }
        }

        private void Tabulate()
        {
            Array.Clear(_saved);
            Array.Clear(_movable);
            Array.Clear(_alone);
            for (var s = 0; s < _sets.Count; s++)
            {
                var set = _sets.Experts(s);
                var count = _count.AsSpan(s * _ranks, _ranks);
                for (var i = 0; i < set.Length; i++)
                {
                    var current = _rankOf[_start[s] + i];
                    if (count[current] > 1) continue;
                    _alone[set[i]] += _sets.Weight(s);
                    var excess = _rankLoad[current] > _cap;
                    var row = set[i] * _ranks;
                    for (var r = 0; r < _ranks; r++)
                    {
                        if (r == current) continue;
                        if (count[r] > 0) _saved[row + r] += _sets.Weight(s);
                        if (excess) _movable[row + r] += _sets.Weight(s);
                    }
                }
            }

            // No more than what a rank has too much helps; the smallest excess of a rank with this expert would need one more table.
            var most = Math.Max(0, _rankLoad.Max() - _cap);
            for (var i = 0; i < _movable.Length; i++) _movable[i] = Math.Min(_movable[i], most);
        }
    }
}
