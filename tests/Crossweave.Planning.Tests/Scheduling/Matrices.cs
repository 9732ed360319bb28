using Crossweave.Algorithms;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Tests.Scheduling;

internal static class Matrices
{
    /// <summary>Sparse and dense, small and skewed entries by turns.</summary>
    public static long[] Mixed(int n, int seed)
    {
        var prng = new Prng(600).Split(n).Split(seed);
        var cells = new long[n * n];
        foreach (ref var c in cells.AsSpan())
        {
            if (seed % 3 == 0 && prng.NextInt(3) > 0) continue;
            c = seed % 2 == 0 ? prng.NextInt(6) : (long)Math.Exp(prng.NextDouble() * 12);
        }

        return cells;
    }

    /// <summary>Family "tight" of deployment spec 5.4: 2n random derangements of weight 1 to 8, so all line sums are equal.</summary>
    public static long[] Tight(int n, Prng prng)
    {
        var cells = new long[n * n];
        var target = new int[n];
        for (var k = 0; k < 2 * n;)
        {
            for (var i = 0; i < n; i++) target[i] = i;
            prng.Shuffle<int>(target);
            if (Enumerable.Range(0, n).Any(i => target[i] == i)) continue;
            var weight = 1 + prng.NextInt(8);
            for (var i = 0; i < n; i++) cells[(i * n) + target[i]] += weight;
            k++;
        }

        return cells;
    }

    public static long PortBound(TrafficMatrix demand) =>
        Enumerable.Range(0, demand.RankCount).Max(r => Math.Max(demand.Sent(r), demand.Received(r)));
}
