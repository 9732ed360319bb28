using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>Which replica of a replicated expert computes a token. Stateless; registered in <see cref="ReplicaRules.All"/>.</summary>
public interface IReplicaRule
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <summary>True when it looks at the whole batch before it chooses, which every rank must then know.</summary>
    bool NeedsBatch => false;

    /// <summary>A fresh chooser for one layer and one batch; what it remembers between tokens lives in it alone.</summary>
    /// <param name="placement">Slots of the layer.</param>
    /// <param name="nodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
    /// <param name="tokens">Tokens of each expert in the batch; may be empty for rules that do not need it.</param>
    ReplicaChooser Start(LayerPlacement placement, int nodeCount, ReadOnlySpan<long> tokens);
}

/// <summary>Chooses replicas token by token, in token order.</summary>
public abstract class ReplicaChooser
{
    /// <summary>Rank of each chosen expert of one token, in the order of <paramref name="experts"/>. Allocates nothing.</summary>
    public abstract void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks);
}

/// <summary>A fixed table [source, expert] -> rank; stride 0 when the source does not matter.</summary>
internal sealed class TableChooser(int[] rankOf, int sourceStride) : ReplicaChooser
{
    public override void Choose(ReadOnlySpan<ushort> experts, int source, Span<int> ranks)
    {
        var row = rankOf.AsSpan(source * sourceStride);
        for (var i = 0; i < experts.Length; i++) ranks[i] = row[experts[i]];
    }

    /// <summary>The only possible choice when no expert is replicated; null otherwise.</summary>
    internal static TableChooser? WithoutReplicas(LayerPlacement placement)
    {
        if (placement.SlotCount != placement.ExpertCount) return null;
        var rankOf = new int[placement.ExpertCount];
        for (var slot = 0; slot < placement.SlotCount; slot++) rankOf[placement.ExpertOfSlot[slot]] = placement.RankOfSlot[slot];
        return new TableChooser(rankOf, 0);
    }
}
