using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>A uniformly drawn replica for every token and expert (SGLang's dynamic dispatch, balancing spec 3.4), from a fixed seed. O(k) per token. Blind to distance and load.</summary>
public sealed class RandomReplicas : IReplicaRule
{
    private const ulong Seed = 42;

    public string Name => "random";

    public string Summary => "a random replica per token (SGLang's dynamic dispatch)";

    public ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens) =>
        TableChooser.WithoutReplicas(placement) ?? (ReplicaChooser)new Chooser(placement);

    private sealed class Chooser(LayerPlacement placement) : ReplicaChooser
    {
        private readonly Prng _prng = new Prng(Seed).Split("random-replicas");

        public override void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks)
        {
            for (var i = 0; i < experts.Length; i++)
            {
                var slots = placement.SlotsOfExpert(experts[i]);
                ranks[i] = placement.RankOfSlot[slots[slots.Length == 1 ? 0 : _prng.NextInt(slots.Length)]];
            }
        }
    }
}
