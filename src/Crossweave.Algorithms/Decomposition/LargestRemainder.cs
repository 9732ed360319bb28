namespace Crossweave.Algorithms.Decomposition;

/// <summary>Splits a whole amount in given proportions without losing a unit (Hamilton's method).</summary>
public static class LargestRemainder
{
    /// <summary>
    /// part[k] = floor(amount x weight[k] / sum of weights), and the units left go to the largest remainders, ties to the lowest index.
    /// Every part is within one unit of its exact share. O(k log k).
    /// </summary>
    /// <param name="amount">Non-negative.</param>
    /// <param name="weights">Positive.</param>
    /// <param name="parts">Same length; sums to <paramref name="amount"/>.</param>
    public static void Split(long amount, ReadOnlySpan<long> weights, Span<long> parts)
    {
        if (weights.Length == 0) throw new ArgumentException("at least one weight is needed");
        var sum = UInt128.Zero;
        foreach (var w in weights) sum += (ulong)w;
        var remainders = new UInt128[weights.Length];
        var order = new int[weights.Length];
        var left = amount;
        for (var k = 0; k < weights.Length; k++)
        {
            var product = (UInt128)(ulong)amount * (ulong)weights[k];
            parts[k] = (long)(product / sum);
            remainders[k] = UInt128.MaxValue - (product % sum); // ascending order of this = descending remainder
            order[k] = k;
            left -= parts[k];
        }

        if (left == 0) return;
        Array.Sort(order, (a, b) => remainders[a] != remainders[b] ? remainders[a].CompareTo(remainders[b]) : a.CompareTo(b));
        for (var k = 0; k < left; k++) parts[order[k]]++;
    }
}
