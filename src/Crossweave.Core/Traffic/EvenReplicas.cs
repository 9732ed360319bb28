using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>
/// Every expert deals its tokens to its replicas in turn, slot order, starting at its first slot: loads of replicas differ by at most
/// one row. O(k) per token. Blind to distance.
/// </summary>
public sealed class EvenReplicas : IReplicaRule
{
    public string Name => "even";

    public string Summary => "round robin over the replicas, token by token";

    public ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens) =>
        TableChooser.WithoutReplicas(placement) ?? (ReplicaChooser)new Chooser(placement);

    private sealed class Chooser(LayerPlacement placement) : ReplicaChooser
    {
        private readonly int[] _next = new int[placement.ExpertCount];

        public override void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks)
        {
            for (var i = 0; i < experts.Length; i++)
            {
                var expert = experts[i];
                var slots = placement.SlotsOfExpert(expert);
                var turn = _next[expert];
                ranks[i] = placement.RankOfSlot[slots[turn]];
                _next[expert] = turn + 1 == slots.Length ? 0 : turn + 1;
            }
        }
    }
}
