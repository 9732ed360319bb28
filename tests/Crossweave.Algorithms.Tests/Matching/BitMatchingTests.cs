using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Matching;

public sealed class BitMatchingTests
{
    // Against the bottleneck matching on a 0/1 matrix; the second repair starts from a matching that has lost some of its pairs.
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(64)]
    public void Finds_a_perfect_matching_when_there_is_one_from_any_start(int n)
    {
        var (found, missing) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(5).Split(n).Split(seed);
            var columns = new ulong[n];
            for (var row = 0; row < n; row++)
                for (var column = 0; column < n; column++)
                    if (prng.NextDouble() < (n == 64 ? 0.06 : 0.5))
                        columns[row] |= 1UL << column;
            var (matching, columnOfRow) = (new BitMatching(n), new int[n]);
            Array.Fill(columnOfRow, -1);
            for (var step = 0; step < 4; step++)
            {
                var cost = Enumerable.Range(0, n * n).Select(k => (columns[k / n] >> (k % n) & 1) != 0 ? 1 : BottleneckMatching.Forbidden).ToArray();
                var expected = new BottleneckMatching(n).Solve(cost) == 1;
                Assert.Equal(expected, matching.Repair(columns, columnOfRow));
                (found, missing) = (found + (expected ? 1 : 0), missing + (expected ? 0 : 1));
                if (!expected) break;
                Assert.Equal(Enumerable.Range(0, n), columnOfRow.Order());
                Assert.All(Enumerable.Range(0, n), row => Assert.True((columns[row] >> columnOfRow[row] & 1) != 0));
                for (var lost = 0; lost <= n / 8; lost++) columns[prng.NextInt(n)] &= ~(1UL << columnOfRow[prng.NextInt(n)]);
            }
        }

        Assert.True(found > 0 && missing > 0, $"{found} {missing}");
    }
}
