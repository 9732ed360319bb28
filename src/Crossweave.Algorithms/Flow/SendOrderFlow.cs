namespace Crossweave.Algorithms.Flow;

/// <summary>
/// Fluid run of send orders (deployment spec 2.8): every sender has one flow at a time, in its own order; a receiver shares its capacity
/// max-min among the flows it gets, each also capped by its sender's rate; rates change when a flow ends. Exact fractions, so a finish time
/// is the same on every machine. O(flows x n) fraction operations.
/// </summary>
public static class SendOrderFlow
{
    /// <param name="size">Senders and receivers.</param>
    /// <param name="tokens">[sender x receiver]; the diagonal and empty flows are skipped.</param>
    /// <param name="sendCost">Time per token of each sender; capacity is 1 / cost.</param>
    /// <param name="receiveCost">Time per token of each receiver.</param>
    /// <param name="order">[sender]: receivers in the order of sending.</param>
    /// <returns>When the last token has arrived.</returns>
    public static Fraction Finish(int size, ReadOnlySpan<long> tokens, ReadOnlySpan<long> sendCost, ReadOnlySpan<long> receiveCost, int[][] order)
    {
        var (next, left, rate) = (new int[size], new Fraction[size], new Fraction[size]);
        var now = Fraction.Zero;
        var senders = new List<int>(size);
        for (var i = 0; i < size; i++) next[i] = -1;
        for (var i = 0; i < size; i++) Advance(tokens, size, order[i], i, next, left);
        while (true)
        {
            for (var receiver = 0; receiver < size; receiver++)
            {
                senders.Clear();
                for (var i = 0; i < size; i++)
                    if (next[i] < order[i].Length && order[i][next[i]] == receiver)
                        senders.Add(i);
                Share(senders, sendCost, receiveCost[receiver], rate);
            }

            Fraction? step = null;
            for (var i = 0; i < size; i++)
                if (next[i] < order[i].Length && left[i] / rate[i] is var time && (step is null || time < step))
                    step = time;
            if (step is not { } passed) return now;
            now += passed;
            for (var i = 0; i < size; i++)
            {
                if (next[i] >= order[i].Length) continue;
                left[i] -= rate[i] * passed;
                if (left[i].Numerator.IsZero) Advance(tokens, size, order[i], i, next, left);
            }
        }
    }

    /// <summary>Receivers by flow size ascending (SJF); ties to the lower index.</summary>
    public static int[][] ShortestFirst(int size, long[] tokens) => [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, size).OrderBy(j => tokens[(i * size) + j]).ToArray())];

    /// <summary>By flow size descending (LJF); ties to the lower index.</summary>
    public static int[][] LongestFirst(int size, long[] tokens) => [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, size).OrderByDescending(j => tokens[(i * size) + j]).ToArray())];

    /// <summary>By (receiver - sender) mod n.</summary>
    public static int[][] Ring(int size) => [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, size).Select(k => (i + k) % size).ToArray())];

    /// <summary>Every sender in random order (RCS).</summary>
    public static int[][] Random(int size, Prng prng) => [.. Enumerable.Range(0, size).Select(i =>
    {
        var order = Enumerable.Range(0, size).ToArray();
        prng.Split(i).Shuffle(order.AsSpan());
        return order;
    })];

    private static void Advance(ReadOnlySpan<long> tokens, int size, int[] order, int sender, int[] next, Fraction[] left)
    {
        do next[sender]++;
        while (next[sender] < order.Length && (order[next[sender]] == sender || tokens[(sender * size) + order[next[sender]]] == 0));
        if (next[sender] < order.Length) left[sender] = new Fraction(tokens[(sender * size) + order[next[sender]]], 1);
    }

    // Max-min: the slowest sender first takes its own rate or an even part of what is left.
    private static void Share(List<int> senders, ReadOnlySpan<long> sendCost, long receiveCost, Fraction[] rate)
    {
        var costs = sendCost.ToArray();
        senders.Sort((a, b) => costs[a] != costs[b] ? costs[b].CompareTo(costs[a]) : a.CompareTo(b));
        var free = new Fraction(1, receiveCost);
        for (var k = 0; k < senders.Count; k++)
        {
            var own = new Fraction(1, costs[senders[k]]);
            var even = free / new Fraction(senders.Count - k, 1);
            rate[senders[k]] = own < even ? own : even;
            free -= rate[senders[k]];
        }
    }
}
