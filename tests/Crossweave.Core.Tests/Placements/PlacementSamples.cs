using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Tests.Placements;

/// <summary>Random placements, and comparison slot by slot.</summary>
internal static class PlacementSamples
{
    /// <summary>Every rank has the same number of slots; copies of one expert on one rank are likely.</summary>
    public static ExpertPlacement Even(Prng prng)
    {
        var ranks = 1 + prng.NextInt(6);
        var experts = 1 + prng.NextInt(20);
        var perRank = ((experts + ranks - 1) / ranks) + prng.NextInt(3);
        var layers = new LayerPlacement[1 + prng.NextInt(4)];
        for (var l = 0; l < layers.Length; l++)
        {
            var slots = new int[perRank * ranks];
            for (var slot = 0; slot < slots.Length; slot++) slots[slot] = slot < experts ? slot : prng.NextInt(experts);
            prng.Shuffle<int>(slots);
            layers[l] = LayerPlacement.Even(experts, slots, ranks);
        }

        return new ExpertPlacement(layers);
    }

    /// <summary>Ranks hold different numbers of experts, none of them twice, in any order; some ranks may be empty.</summary>
    public static ExpertPlacement UnevenDistinct(Prng prng)
    {
        var ranks = 1 + prng.NextInt(6);
        var experts = 1 + prng.NextInt(20);
        var layers = new LayerPlacement[1 + prng.NextInt(4)];
        for (var l = 0; l < layers.Length; l++)
        {
            var expertOfSlot = new List<int>();
            var rankOfSlot = new List<int>();
            var home = new int[experts];
            for (var e = 0; e < experts; e++) home[e] = prng.NextInt(ranks);
            for (var rank = 0; rank < ranks; rank++)
            {
                var held = Enumerable.Range(0, experts).Where(e => home[e] == rank || prng.NextInt(5) == 0).ToArray();
                prng.Shuffle<int>(held);
                expertOfSlot.AddRange(held);
                rankOfSlot.AddRange(Enumerable.Repeat(rank, held.Length));
            }

            layers[l] = new LayerPlacement(experts, [.. expertOfSlot], [.. rankOfSlot], ranks);
        }

        return new ExpertPlacement(layers);
    }

    /// <summary>Contiguous blocks and, on every rank of a layer, the same redundant experts; often none, and often all layers alike.</summary>
    public static ExpertPlacement Blocks(Prng prng)
    {
        var (ranks, own, extra, alike) = (1 + prng.NextInt(5), 1 + prng.NextInt(4), Math.Max(0, prng.NextInt(5) - 2), prng.NextInt(2) == 0);
        var layers = new LayerPlacement[1 + prng.NextInt(3)];
        for (var l = 0; l < layers.Length; l++)
        {
            var redundant = Enumerable.Range(0, extra).Select(_ => prng.NextInt(ranks * own)).ToArray();
            var slots = Enumerable.Range(0, ranks).SelectMany(r => Enumerable.Range(r * own, own).Concat(redundant)).ToArray();
            layers[l] = alike && l > 0 ? layers[0] : LayerPlacement.Even(ranks * own, slots, ranks);
        }

        return new ExpertPlacement(layers);
    }

    /// <summary>The same placement with the experts of every rank in ascending order.</summary>
    public static ExpertPlacement Sorted(ExpertPlacement placement) => new(
        [.. placement.Layers.Select(l => new LayerPlacement(
            l.ExpertCount,
            [.. Enumerable.Range(0, l.RankCount).SelectMany(r => l.ExpertsOnRank(r).ToArray().Order())],
            l.RankOfSlot,
            l.RankCount))],
        placement.LayerIds);

    public static ExpertPlacement WithIds(ExpertPlacement placement, int first) =>
        new(placement.Layers, [.. Enumerable.Range(first, placement.Layers.Count)]);

    public static void AssertSame(ExpertPlacement expected, ExpertPlacement found, string note)
    {
        Assert.True(expected.LayerIds.SequenceEqual(found.LayerIds), $"{note}: layer ids {string.Join(' ', found.LayerIds)}");
        Assert.True(expected.ExpertCount == found.ExpertCount && expected.RankCount == found.RankCount, $"{note}: shape");
        for (var l = 0; l < expected.Layers.Count; l++)
        {
            Assert.True(expected.Layers[l].ExpertOfSlot.SequenceEqual(found.Layers[l].ExpertOfSlot), $"{note}: experts of layer {l}");
            Assert.True(expected.Layers[l].RankOfSlot.SequenceEqual(found.Layers[l].RankOfSlot), $"{note}: ranks of layer {l}");
        }
    }
}
