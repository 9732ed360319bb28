using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Tests.Placements;

public sealed class SlotPreservationTests
{
    [Theory]
    // Rank 0 keeps 1 and 3 in their slots; 7 and 5, in this order, fill slots 0 and 2.
    [InlineData("0 1 2 3", "7 3 1 5", "7 1 5 3")]
    // Two copies before, one now: the first old slot keeps it. Two now: both old slots do.
    [InlineData("4 4 1 2", "2 6 4 7", "4 6 7 2")]
    [InlineData("4 1 4 2", "0 4 3 4", "4 0 4 3")]
    [InlineData("0 1 2 3", "4 5 6 7", "4 5 6 7")]
    public void Experts_that_stay_keep_their_slots_and_the_others_fill_the_free_ones_in_order(string old, string mine, string expected)
    {
        var (previous, next) = (Layer(old), Layer(mine));
        Assert.Equal([.. Numbers(expected), .. Enumerable.Range(0, 8)], SlotPreservation.Keep(previous, next).ExpertOfSlot);
    }

    [Fact]
    public void What_a_rank_holds_and_fetches_stays_and_no_slot_changes_without_need()
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var prng = new Prng(seed);
            var (previous, next) = (PlacementSamples.Even(prng), PlacementSamples.Even(new Prng(seed)));
            next = new ExpertPlacement([.. next.Layers.Select(l => Shuffled(l, prng))], next.LayerIds);
            var kept = SlotPreservation.Keep(previous, next);
            Assert.Equal(PlacementMetrics.FetchedByRank(previous, next), PlacementMetrics.FetchedByRank(previous, kept));
            for (var l = 0; l < next.Layers.Count; l++)
            {
                for (var rank = 0; rank < next.RankCount; rank++)
                {
                    var (old, mine, now) = (previous.Layers[l].ExpertsOnRank(rank).ToArray(), next.Layers[l].ExpertsOnRank(rank).ToArray(), kept.Layers[l].ExpertsOnRank(rank).ToArray());
                    Assert.Equal(mine.Order(), now.Order());
                    var common = old.GroupBy(e => e).Sum(g => Math.Min(g.Count(), mine.Count(e => e == g.Key)));
                    Assert.Equal(common, old.Zip(now).Count(p => p.First == p.Second));
                }
            }
        }
    }

    [Fact]
    public void Ranks_that_changed_their_size_keep_the_new_order()
    {
        var previous = new LayerPlacement(4, [0, 1, 2, 3], [0, 0, 0, 1], 2);
        var next = new LayerPlacement(4, [1, 0, 3, 2], [0, 0, 1, 1], 2);
        Assert.Same(next, SlotPreservation.Keep(previous, next));
        Assert.Throws<ArgumentException>(() => SlotPreservation.Keep(previous, new LayerPlacement(4, [0, 1, 2, 3], [0, 0, 0, 0], 1)));
    }

    private static LayerPlacement Layer(string rank0) => new(8, [.. Numbers(rank0), .. Enumerable.Range(0, 8)], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], 2);

    private static LayerPlacement Shuffled(LayerPlacement layer, Prng prng)
    {
        // Exchange a few slots of any ranks, then the order inside ranks is new too.
        var slots = layer.ExpertOfSlot.ToArray();
        for (var i = 0; i < slots.Length; i++)
        {
            var (a, b) = (prng.NextInt(slots.Length), prng.NextInt(slots.Length));
            (slots[a], slots[b]) = (slots[b], slots[a]);
        }

        return new LayerPlacement(layer.ExpertCount, slots, layer.RankOfSlot, layer.RankCount);
    }

    private static int[] Numbers(string text) => [.. text.Split(' ').Select(int.Parse)];
}
