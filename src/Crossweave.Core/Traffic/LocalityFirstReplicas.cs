using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>
/// Touches few ranks per token (execution spec 3.6): experts with a replica on the source rank run there; experts with one rank fix
/// it; each remaining expert, fewest candidate ranks first (tie: position in the token's list), takes a candidate rank that is touched
/// already, otherwise any candidate. Among several candidates the one with the fewest rows assigned so far (tie: lowest rank).
/// Rows are counted in token order. O(k^2 + k x replicas) per token. Greedy: not always the smallest cover.
/// </summary>
public sealed class LocalityFirstReplicas : IReplicaRule
{
    public string Name => "locality-first";

    public string Summary => "own rank first, then ranks the token touches anyway, then the least loaded";

    public ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens) =>
        TableChooser.WithoutReplicas(placement) ?? (ReplicaChooser)new Chooser(placement);

    private sealed class Chooser : ReplicaChooser
    {
        private readonly int[][] _ranksOfExpert; // distinct, ascending
        private readonly long[] _rows;
        private readonly long[] _touchedBy; // last token that touched the rank
        private long _token;

        public Chooser(LayerPlacement placement)
        {
            _rows = new long[placement.RankCount];
            _touchedBy = new long[placement.RankCount];
            _ranksOfExpert = new int[placement.ExpertCount][];
            for (var e = 0; e < placement.ExpertCount; e++)
            {
                var ranks = new SortedSet<int>();
                foreach (var slot in placement.SlotsOfExpert(e)) ranks.Add(placement.RankOfSlot[slot]);
                _ranksOfExpert[e] = [.. ranks];
            }
        }

        public override void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks)
        {
            _token++;
            var open = 0;
            for (var i = 0; i < experts.Length; i++)
            {
                var candidates = _ranksOfExpert[experts[i]];
                ranks[i] = candidates.AsSpan().Contains(source) ? source : candidates.Length == 1 ? candidates[0] : -1;
                if (ranks[i] >= 0) Take(ranks[i]);
                else open++;
            }

            for (; open > 0; open--)
            {
                var next = NextOpen(experts, ranks);
                ranks[next] = Best(_ranksOfExpert[experts[next]]);
                Take(ranks[next]);
            }
        }

        private int NextOpen(ReadOnlySpan<ushort> experts, ReadOnlySpan<int> ranks)
        {
            var best = -1;
            for (var i = 0; i < experts.Length; i++)
                if (ranks[i] < 0 && (best < 0 || _ranksOfExpert[experts[i]].Length < _ranksOfExpert[experts[best]].Length))
                    best = i;
            return best;
        }

        private int Best(int[] candidates)
        {
            var best = candidates[0];
            foreach (var rank in candidates)
            {
                var (touched, bestTouched) = (_touchedBy[rank] == _token, _touchedBy[best] == _token);
                if (touched != bestTouched ? touched : _rows[rank] < _rows[best]) best = rank;
            }

            return best;
        }

        private void Take(int rank)
        {
            _rows[rank]++;
            _touchedBy[rank] = _token;
        }
    }
}
