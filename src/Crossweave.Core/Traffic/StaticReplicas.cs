using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>
/// One table [source, expert] -> replica for the whole run, in the manner of SGLang's static dispatch (balancing spec 3.4): a replica
/// on the own rank first, else one on the own node, else any. Within "own node" and "any" the source ranks that need one are dealt
/// the replicas round robin, sources ascending, replicas in slot order. (SGLang shuffles the remainder with a seeded generator; this
/// does not.) Table cost O(ranks x slots). Bad when load per source is uneven: replicas are dealt to ranks, not to tokens.
/// </summary>
public sealed class StaticReplicas : IReplicaRule
{
    public string Name => "static";

    public string Summary => "fixed per source rank: own rank, else own node, else dealt round robin";

    public ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens)
    {
        if (TableChooser.WithoutReplicas(placement) is { } single) return single;
        var n = placement.RankCount;
        var perNode = n / nodeCount;
        var table = new int[n * placement.ExpertCount];
        var dealtInNode = new int[nodeCount];
        for (var expert = 0; expert < placement.ExpertCount; expert++)
        {
            dealtInNode.AsSpan().Clear();
            var dealt = 0;
            var slots = placement.SlotsOfExpert(expert);
            for (var source = 0; source < n; source++)
            {
                var node = source / perNode;
                var inNode = 0;
                var here = false;
                foreach (var slot in slots)
                {
                    var rank = placement.RankOfSlot[slot];
                    here |= rank == source;
                    if (rank / perNode == node) inNode++;
                }

                table[(source * placement.ExpertCount) + expert] =
                    here ? source :
                    inNode > 0 ? placement.RankOfSlot[InNode(placement, slots, node, perNode, dealtInNode[node]++ % inNode)] :
                    placement.RankOfSlot[slots[dealt++ % slots.Length]];
            }
        }

        return new TableChooser(table, placement.ExpertCount);
    }

    private static int InNode(LayerPlacement placement, ReadOnlySpan<int> slots, int node, int perNode, int index)
    {
        foreach (var slot in slots)
            if (placement.RankOfSlot[slot] / perNode == node && index-- == 0)
                return slot;
        throw new InvalidOperationException("fewer replicas in the node than were counted");
    }
}
