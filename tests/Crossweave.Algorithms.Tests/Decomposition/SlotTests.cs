using Crossweave.Algorithms.Decomposition;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Decomposition;

public sealed class SlotTests
{
    // Deployment spec 5.3: b_max is 2, this order of the four tokens needs 3 slots.
    [Fact]
    public void First_fit_in_the_published_bad_order_needs_a_third_slot()
    {
        var calendar = new FirstFitSlots(3);
        Assert.Equal(0, calendar.Place(1, 2));
        Assert.Equal(1, calendar.Place(1, 0));
        Assert.Equal(0, calendar.Place(2, 1));
        Assert.Equal(2, calendar.Place(2, 0));
        Assert.Equal(3, calendar.Length);
    }

    [Fact]
    public void Slots_beyond_many_words_are_found_and_refused_twice()
    {
        var calendar = new FirstFitSlots(2);
        for (var k = 0; k < 1000; k++) Assert.Equal(k, calendar.Place(0, k % 2));
        Assert.Equal(1, calendar.Place(1, 0)); // receiver 0 is busy in even slots
        Assert.Equal(131, calendar.Place(1, 0, 130));
        Assert.False(calendar.IsReceiverFree(0, 131));
        Assert.True(calendar.IsReceiverFree(0, 133));
        Assert.Throws<InvalidOperationException>(() => calendar.Occupy(0, 0, 5));
    }

    // Deployment spec 5.3: both readings reach 2 in some orders and 3 in others.
    [Theory]
    [InlineData(false, new[] { 0, 0, 0, 1, 0, 1, 1, 1, 0 }, 3)]
    [InlineData(true, new[] { 0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0 }, 4)]
    public void Counterexamples_take_three_slots_in_some_orders_and_two_in_others(bool rows, int[] items, int n)
    {
        var seen = new HashSet<int>();
        for (ulong seed = 0; seed < 100; seed++) seen.Add(Place(rows, items, n, new Prng(seed)).Max(p => p.Slot) + 1);
        Assert.Equal([2, 3], seen.Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_item_gets_a_slot_without_conflict(bool rows)
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(19).Split(seed);
            var n = 1 + prng.NextInt(9);
            var items = new int[n * n];
            for (var k = 0; k < items.Length; k++) items[k] = k % (n + 1) == 0 || prng.NextInt(4) == 0 ? 0 : prng.NextInt(seed % 2 == 0 ? 4 : 90);
            var placed = Place(rows, items, n, prng);
            var rest = items.ToArray();
            foreach (var p in placed) rest[(p.Source * n) + p.Target]--;
            Assert.All(rest, r => Assert.Equal(0, r));
            Assert.Equal(placed.Length, placed.Select(p => (p.Slot, p.Source)).Distinct().Count());
            Assert.Equal(placed.Length, placed.Select(p => (p.Slot, p.Target)).Distinct().Count());
            if (placed.Length == 0) continue;
            var bound = LineSums.Largest(Array.ConvertAll(items, i => (long)i), n);
            Assert.InRange(placed.Max(p => p.Slot) + 1, bound, (2 * bound) - 1);
        }
    }

    [Fact]
    public void Items_of_a_sender_are_matched_to_as_many_slots_as_possible()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var prng = new Prng(20).Split(seed);
            var n = 2 + prng.NextInt(5);
            var window = 1 + prng.NextInt(20);
            var calendar = new FirstFitSlots(n + 1);
            for (var target = 0; target < n; target++)
                for (var slot = 0; slot < window; slot++)
                    if (prng.NextInt(3) > 0)
                        calendar.Occupy(target, target, slot); // by another sender
            var items = new int[n];
            for (var left = window; left > 0; left--) items[prng.NextInt(n)]++;
            var graph = new BipartiteMatching(window);
            var item = 0;
            for (var target = 0; target < n; target++)
                for (var k = 0; k < items[target]; k++, item++)
                    for (var slot = 0; slot < window; slot++)
                        if (calendar.IsReceiverFree(target, slot))
                            graph.Add(item, slot);
            graph.Grow();
            var inside = 0;
            var all = 0;
            new SenderSlots(n + 1).Place(calendar, n, items, window, prng, (slot, _) => (inside, all) = (inside + (slot < window ? 1 : 0), all + 1));
            Assert.True(graph.Count == inside && all == window, $"seed {seed}: {inside} of {graph.Count}");
        }
    }

    private static SlotItem[] Place(bool rows, int[] items, int n, Prng prng) =>
        rows ? SlotOrders.RowMatching(items, n, prng) : SlotOrders.FirstFit(items, n, prng);
}
