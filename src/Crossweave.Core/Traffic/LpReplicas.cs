using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>
/// Every batch is split among the replicas so that the busiest rank is as light as possible (<see cref="BalancedShares"/>), and every expert deals its
/// tokens in these proportions, in token order, always to the replica that lags furthest behind its share (tie: lowest slot). O(replicas) per
/// token and expert, plus the solve. Blind to distance; needs the counts of the batch on every rank before it is sent.
/// </summary>
public sealed class LpReplicas : IReplicaRule
{
    public string Name => "lp";

    public string Summary => "best shares of the replicas for every batch (SGLang's LP dispatch, LPLB), dealt token by token";

    public bool NeedsBatch => true;

    public ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens) =>
        TableChooser.WithoutReplicas(placement) ?? (ReplicaChooser)new Chooser(placement, BalancedShares.Of(placement, tokens), tokens.ToArray());

    private sealed class Chooser(LayerPlacement placement, double[] share, long[] tokens) : ReplicaChooser
    {
        private readonly double[] _credit = new double[share.Length]; // tokens that a slot is behind, times the expert's tokens

        public override void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks)
        {
            for (var i = 0; i < experts.Length; i++)
            {
                var slots = placement.SlotsOfExpert(experts[i]);
                var most = slots[0];
                foreach (var slot in slots)
                {
                    _credit[slot] += share[slot];
                    if (_credit[slot] > _credit[most]) most = slot;
                }

                _credit[most] -= tokens[experts[i]];
                ranks[i] = placement.RankOfSlot[most];
            }
        }
    }
}
