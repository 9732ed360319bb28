using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Matching;

public sealed class BottleneckTests
{
    [Fact]
    public void Bottleneck_and_tradeoff_equal_exhaustion()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var prng = new Prng(4).Split(seed);
            var n = 1 + prng.NextInt(5);
            long[][] tables = [.. Enumerable.Range(0, 1 + (seed % 3)).Select(_ => Enumerable.Range(0, n * n).Select(_ => (long)prng.NextInt(20)).ToArray())];
            var all = Permutations(n);
            var matching = new BottleneckMatching(n);
            Assert.Equal(all.Min(p => Largest(tables[0], p)), matching.Solve(tables[0]));
            Assert.Equal(Largest(tables[0], matching.ColumnOfRow.ToArray()), matching.Solve(tables[0]));
            var found = new int[n];
            var value = BottleneckTradeoff.Solve(tables, n, Cost, found);
            Assert.True(all.Min(Total) == value && Total(found) == value, $"seed {seed}");

            long Total(int[] p) => Cost([.. tables.Select(t => Largest(t, p))]);
        }

        // Not a sum: a maximum of two sums, like a time line.
        static long Cost(ReadOnlySpan<long> m) => m.Length == 1 ? m[0] : Math.Max((2 * m[0]) + m[1], m[^1] + 13);
    }

    [Fact]
    public void Forbidden_pairs_are_avoided_or_refused()
    {
        const long no = BottleneckMatching.Forbidden;
        var matching = new BottleneckMatching(2);
        Assert.Equal(7, matching.Solve([1, 7, 2, no]));
        Assert.Equal([1, 0], matching.ColumnOfRow.ToArray());
        Assert.Equal(no, matching.Solve([1, no, 2, no]));
        Assert.Equal(no, matching.Solve([no, no, 2, 3]));
        Assert.Equal(no, new BottleneckMatching(3).Solve([1, no, no, 1, no, no, 1, 1, 1]));
    }

    private static long Largest(long[] table, int[] columns) => columns.Select((c, r) => table[(r * columns.Length) + c]).Max();

    private static List<int[]> Permutations(int n)
    {
        if (n == 0) return [[]];
        return [.. Permutations(n - 1).SelectMany(p => Enumerable.Range(0, n).Select(at => p[..at].Append(n - 1).Concat(p[at..]).ToArray()))];
    }
}
