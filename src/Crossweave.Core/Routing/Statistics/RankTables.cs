using Crossweave.Core.Placement;

namespace Crossweave.Core.Routing.Statistics;

/// <summary>
/// Rank bits of experts for several placements at once: placements without replicas and with at most 64 ranks share 64-bit words
/// (EP 4, 8, 16 and 32 together need 60 bits), so that one OR per choice finds the distinct ranks under all of them.
/// </summary>
internal sealed class RankTables
{
    private RankTables(ulong[][][] masks, RankSegment[] segments, int[] stamped)
    {
        Masks = masks;
        Segments = segments;
        Stamped = stamped;
    }

    /// <summary>[word][layer][expert].</summary>
    public ulong[][][] Masks { get; }

    /// <summary>Where each packed placement lies in the words.</summary>
    public RankSegment[] Segments { get; }

    /// <summary>Placements that need the slow way.</summary>
    public int[] Stamped { get; }

    public static bool NeedsStamps(ExpertPlacement placement) =>
        placement.RankCount > 64 || placement.Layers.Any(l => l.SlotCount != l.ExpertCount);

    public static RankTables Build(IReadOnlyList<ExpertPlacement> placements, int layerCount)
    {
        var segments = new List<RankSegment>();
        var stamped = new List<int>();
        var (word, bit) = (0, 0);
        for (var p = 0; p < placements.Count; p++)
        {
            if (NeedsStamps(placements[p]))
            {
                stamped.Add(p);
                continue;
            }

            if (bit + placements[p].RankCount > 64) (word, bit) = (word + 1, 0);
            segments.Add(new RankSegment(p, word, bit, placements[p].RankCount));
            bit += placements[p].RankCount;
        }

        var masks = new ulong[segments.Count == 0 ? 0 : word + 1][][];
        for (var w = 0; w < masks.Length; w++)
        {
            masks[w] = new ulong[layerCount][];
            for (var layer = 0; layer < layerCount; layer++)
            {
                masks[w][layer] = new ulong[placements[0].ExpertCount];
                foreach (var s in segments)
                    if (s.Word == w)
                        Fill(masks[w][layer], placements[s.Placement].Layers[layer], s.Bit);
            }
        }

        return new RankTables(masks, [.. segments], [.. stamped]);
    }

    private static void Fill(ulong[] masks, LayerPlacement placement, int bit)
    {
        for (var slot = 0; slot < placement.SlotCount; slot++) masks[placement.ExpertOfSlot[slot]] |= 1UL << (bit + placement.RankOfSlot[slot]);
    }
}

/// <summary>Bits [Bit, Bit + Ranks) of a word belong to one placement.</summary>
internal readonly record struct RankSegment(int Placement, int Word, int Bit, int Ranks);
