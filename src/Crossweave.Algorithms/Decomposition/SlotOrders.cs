namespace Crossweave.Algorithms.Decomposition;

/// <summary>A unit item in a slot.</summary>
public readonly record struct SlotItem(int Slot, int Source, int Target);

/// <summary>
/// Places the unit items of a matrix into slots, port by port, as Algorithm 1 of Aurora (arXiv 2410.17043) does. "Arrange without
/// conflicts" is not specified there; the two readings are those of deployment spec 3.5.
/// </summary>
public static class SlotOrders
{
    /// <summary>
    /// The literal reading. Items of the largest row, or column if that is larger (ties: row, lowest index), in random order, first fit;
    /// then, with sums of what is left, ports by descending max(row, column), ties by index: all items of the port's row and column in
    /// random order, first fit.
    /// </summary>
    /// <param name="items">Row-major n x n, non-negative.</param>
    /// <param name="size">n.</param>
    /// <param name="prng">Order of the items.</param>
    /// <returns>Every item once.</returns>
    public static SlotItem[] FirstFit(ReadOnlySpan<int> items, int size, Prng prng)
    {
        var left = items.ToArray();
        var run = new FirstFitRun(left, size, prng);
        var (row, column) = (new int[size], new int[size]);
        Sums(left, size, row, column);
        var heaviestRow = FirstLargest(row);
        var heaviestColumn = FirstLargest(column);
        if (row[heaviestRow] >= column[heaviestColumn]) run.Take(heaviestRow, row: true, column: false);
        else run.Take(heaviestColumn, row: false, column: true);
        Sums(left, size, row, column);
        foreach (var port in Descending(size, i => Math.Max(row[i], column[i]))) run.Take(port, row: true, column: true);
        return run.Placed;
    }

    /// <summary>
    /// The generous reading: senders by descending row sum, ties by index; a sender's items are matched to the slots below the largest
    /// line sum (<see cref="SenderSlots"/>), what does not fit goes first-fit behind.
    /// </summary>
    public static SlotItem[] RowMatching(ReadOnlySpan<int> items, int size, Prng prng)
    {
        var (row, column) = (new int[size], new int[size]);
        Sums(items, size, row, column);
        var window = Math.Max(row.Max(), column.Max());
        var calendar = new FirstFitSlots(size);
        var slots = new SenderSlots(size);
        var placed = new SlotItem[row.Sum()];
        var count = 0;
        var sender = 0;
        foreach (var source in Descending(size, i => row[i]))
        {
            if (row[source] == 0) break;
            sender = source;
            slots.Place(calendar, source, items.Slice(source * size, size), window, prng, Note);
        }

        return placed;

        void Note(int slot, int target) => placed[count++] = new SlotItem(slot, sender, target);
    }

    /// <summary>A copy by slot, then source. O(items) plus small sorts inside the slots.</summary>
    public static SlotItem[] Sort(ReadOnlySpan<SlotItem> placed)
    {
        var length = 0;
        foreach (var item in placed) length = Math.Max(length, item.Slot + 1);
        var next = new int[length + 1];
        foreach (var item in placed) next[item.Slot + 1]++;
        for (var slot = 0; slot < length; slot++) next[slot + 1] += next[slot];
        var sorted = new SlotItem[placed.Length];
        var first = next.ToArray();
        foreach (var item in placed)
        {
            var at = next[item.Slot]++;
            for (; at > first[item.Slot] && sorted[at - 1].Source > item.Source; at--) sorted[at] = sorted[at - 1];
            sorted[at] = item;
        }

        return sorted;
    }

    private static void Sums(ReadOnlySpan<int> items, int size, Span<int> row, Span<int> column)
    {
        row.Clear();
        column.Clear();
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
            {
                row[i] = checked(row[i] + items[(i * size) + j]);
                column[j] = checked(column[j] + items[(i * size) + j]);
            }
    }

    private static int FirstLargest(ReadOnlySpan<int> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best])
                best = i;
        return best;
    }

    // Stable: ties by index.
    private static int[] Descending(int size, Func<int, int> key) => [.. Enumerable.Range(0, size).OrderByDescending(key)];

    private sealed class FirstFitRun(int[] left, int size, Prng prng)
    {
        private readonly FirstFitSlots _calendar = new(size);
        private readonly (int Source, int Target)[] _deck = new (int, int)[left.Sum()];
        private int _count;

        public SlotItem[] Placed { get; } = new SlotItem[left.Sum()];

        public void Take(int port, bool row, bool column)
        {
            var count = 0;
            for (var other = 0; other < size; other++)
            {
                if (row) Deal(port, other, ref count);
                if (column) Deal(other, port, ref count);
            }

            prng.Shuffle(_deck.AsSpan(0, count));
            foreach (var (source, target) in _deck.AsSpan(0, count))
                Placed[_count++] = new SlotItem(_calendar.Place(source, target), source, target);
        }

        private void Deal(int source, int target, ref int count)
        {
            for (ref var items = ref left[(source * size) + target]; items > 0; items--) _deck[count++] = (source, target);
        }
    }
}
