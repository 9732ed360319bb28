namespace Crossweave.Core.Placement;

/// <summary>
/// vLLM's slot preservation (balancing spec 3.3): experts that stay on their rank stay in their slot, which saves copies inside the rank. It changes
/// neither which experts a rank holds nor what it fetches.
/// </summary>
public static class SlotPreservation
{
    /// <summary>
    /// Per layer and rank, where the rank has as many slots as before. Each slot in ascending order: if its old expert occurs in the rank's new list at a
    /// position not used yet, it stays and the first such position is used; the remaining new experts, in their new order, fill the free slots
    /// in ascending order. O(layers x slots x slots per rank).
    /// </summary>
    /// <exception cref="ArgumentException">Other layers, experts or ranks.</exception>
    public static ExpertPlacement Keep(ExpertPlacement previous, ExpertPlacement next)
    {
        if (previous.Layers.Count != next.Layers.Count) throw new ArgumentException("both placements must have the same layers");
        return new ExpertPlacement([.. previous.Layers.Zip(next.Layers, Keep)], next.LayerIds);
    }

    /// <inheritdoc cref="Keep(ExpertPlacement, ExpertPlacement)"/>
    public static LayerPlacement Keep(LayerPlacement previous, LayerPlacement next)
    {
        if (previous.ExpertCount != next.ExpertCount || previous.RankCount != next.RankCount) throw new ArgumentException("both layers must have the same experts and ranks");
        var kept = new int[next.SlotCount];
        var first = 0;
        for (var rank = 0; rank < next.RankCount; rank++)
        {
            var old = previous.ExpertsOnRank(rank);
            var mine = next.ExpertsOnRank(rank);
            var slots = kept.AsSpan(first, mine.Length);
            if (old.Length == mine.Length) Keep(old, mine, slots);
            else mine.CopyTo(slots);
            first += mine.Length;
        }

        return kept.AsSpan().SequenceEqual(next.ExpertOfSlot) ? next : new LayerPlacement(next.ExpertCount, kept, next.RankOfSlot, next.RankCount);
    }

    private static void Keep(ReadOnlySpan<int> old, ReadOnlySpan<int> mine, Span<int> slots)
    {
        var used = new bool[mine.Length];
        slots.Fill(-1);
        for (var slot = 0; slot < old.Length; slot++)
        {
            for (var i = 0; i < mine.Length; i++)
            {
                if (used[i] || mine[i] != old[slot]) continue;
                (slots[slot], used[i]) = (mine[i], true);
                break;
            }
        }

        var free = 0;
        for (var i = 0; i < mine.Length; i++)
        {
            if (used[i]) continue;
            while (slots[free] >= 0) free++;
            slots[free] = mine[i];
        }
    }
}
