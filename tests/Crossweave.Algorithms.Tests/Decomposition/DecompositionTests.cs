using Crossweave.Algorithms.Assignment;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Decomposition;

public sealed class DecompositionTests
{
    [Theory]
    [InlineData(4, 4)]
    [InlineData(9, 1000)]
    [InlineData(33, 20)]
    [InlineData(64, 2_000_000)]
    [InlineData(40, 2_000_000_000)]
    [InlineData(70, 134_217_728)] // the last weight that 32-bit arithmetic takes
    [InlineData(129, 3)]
    public void Peeling_equals_cold_solves_from_the_textbook(int n, int values)
    {
        foreach (var zeros in new[] { 0.0, 0.5, 0.9 })
        {
            var prng = new Prng(11).Split(n).Split((int)(zeros * 10));
            var left = new long[n * n];
            foreach (ref var w in left.AsSpan()) w = prng.NextDouble() < zeros ? 0 : 1 + prng.NextInt(values);
            for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
            var peeling = new MaxWeightPeeling();
            peeling.Start(left, n, skipDiagonal: true);
            var cold = new AssignmentSolver();
            var columns = new int[n];
            var carried = new long[n];
            var rounds = 0;
            while (peeling.Next(columns, carried))
            {
                rounds++;
                Assert.Equal(cold.Maximize(left, n, n), carried.Sum());
                for (var i = 0; i < n; i++)
                {
                    var j = cold.ColumnOfRow[i];
                    Assert.Equal((left[(i * n) + j] == 0 ? -1 : j, left[(i * n) + j]), (columns[i], carried[i]));
                    left[(i * n) + j] = 0;
                }
            }

            Assert.True(Array.TrueForAll(left, w => w == 0));
            Assert.InRange(rounds, 0, (2 * n) - 3);
        }
    }

    [Theory]
    [InlineData(MatchingRule.HeavyFirst)]
    [InlineData(MatchingRule.Bottleneck)]
    [InlineData(MatchingRule.MaxWeight)]
    [InlineData(MatchingRule.Barrier)]
    public void Birkhoff_rebuilds_the_matrix_in_few_enough_permutations(MatchingRule rule)
    {
        foreach (var n in new[] { 1, 2, 3, 5, 8, 12, 17 })
        {
            var decomposition = new BirkhoffDecomposition(n);
            for (var seed = 0; seed < 6; seed++)
            {
                var prng = new Prng(12).Split(n).Split(seed);
                var cells = new long[n * n];
                foreach (ref var c in cells.AsSpan()) c = prng.NextInt(3) == 0 ? prng.NextInt(seed < 3 ? 5 : 100_000) : 0;
                var sum = seed % 2 == 0 ? LineSums.StuffNorthWest(cells, n) : LineSums.StuffQuick(cells, n);
                var rebuilt = new long[n * n];
                var columns = new int[n];
                decomposition.Start(cells, rule);
                var (count, total) = (0, 0L);
                while (decomposition.Next(columns) is > 0 and var weight)
                {
                    Assert.Equal(n, columns.Distinct().Count());
                    for (var i = 0; i < n; i++) rebuilt[(i * n) + columns[i]] += weight;
                    total += weight;
                    count++;
                }

                Assert.Equal(cells, rebuilt);
                Assert.Equal(sum, total);
                Assert.InRange(count, 0, (n * n) - (2 * n) + 2);
            }
        }
    }

    [Fact]
    public void Bottleneck_permutations_equal_a_search_from_scratch()
    {
        foreach (var n in new[] { 1, 2, 5, 9, 17, 40, 66 })
            for (var seed = 0; seed < (n > 20 ? 2 : 8); seed++)
            {
                var prng = new Prng(14).Split(n).Split(seed);
                var cells = new long[n * n];
                foreach (ref var c in cells.AsSpan())
                    c = seed % 2 == 0 ? prng.NextInt(6) : (long)Math.Exp(prng.NextDouble() * 12);
                LineSums.StuffQuick(cells, n);
                var decomposition = new BirkhoffDecomposition(n);
                var columns = new int[n];
                decomposition.Start(cells, MatchingRule.Bottleneck);
                while (decomposition.Next(columns) is > 0 and var weight)
                {
                    var scratch = Bottleneck(cells, n);
                    Assert.True(scratch.AsSpan().SequenceEqual(columns), $"n {n} seed {seed}");
                    for (var i = 0; i < n; i++) cells[(i * n) + columns[i]] -= weight;
                }
            }
    }

    // Binary search over the sorted entries, each matched from nothing.
    private static int[] Bottleneck(long[] cells, int n)
    {
        var values = cells.Where(c => c > 0).Distinct().Order().ToArray();
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Match(values[middle]) is not null) low = middle;
            else high = middle - 1;
        }

        return Match(values[low])!;

        int[]? Match(long threshold)
        {
            var matching = new BipartiteMatching(n);
            for (var k = 0; k < cells.Length; k++)
                if (cells[k] >= threshold)
                    matching.Add(k / n, k % n);
            return matching.Grow() ? matching.ColumnOfRow.ToArray() : null;
        }
    }

    [Fact]
    public void Stuffing_keeps_entries_and_evens_out_every_line()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var prng = new Prng(13).Split(seed);
            var n = 1 + prng.NextInt(12);
            var cells = new long[n * n];
            foreach (ref var c in cells.AsSpan()) c = prng.NextInt(2) == 0 ? 0 : prng.NextInt(1000);
            foreach (var quick in new[] { true, false })
            {
                var stuffed = cells.ToArray();
                var sum = quick ? LineSums.StuffQuick(stuffed, n) : LineSums.StuffNorthWest(stuffed, n);
                Assert.Equal(LineSums.Largest(cells, n), sum);
                for (var i = 0; i < n; i++)
                {
                    Assert.Equal(sum, stuffed.AsSpan(i * n, n).ToArray().Sum());
                    Assert.Equal(sum, Enumerable.Range(0, n).Sum(k => stuffed[(k * n) + i]));
                }

                Assert.All(Enumerable.Range(0, n * n), k => Assert.True(stuffed[k] >= cells[k]));
            }
        }
    }

    [Fact]
    public void Largest_remainders_lose_nothing_and_break_ties_by_index()
    {
        var parts = new long[3];
        LargestRemainder.Split(10, [1, 1, 1], parts); // 3.33 each: the first takes the unit that is left
        Assert.Equal([4, 3, 3], parts);
        LargestRemainder.Split(7, [50, 30, 20], parts); // 3.5, 2.1, 1.4
        Assert.Equal([4, 2, 1], parts);
        LargestRemainder.Split(long.MaxValue, [long.MaxValue, 1, long.MaxValue], parts);
        Assert.Equal(long.MaxValue, parts.Sum());
    }

    [Fact]
    public void Sinkhorn_reports_a_matrix_without_total_support()
    {
        var scaled = new double[4];
        Assert.False(Sinkhorn.Scale([1, 1, 0, 1], 2, scaled));
        Assert.True(Sinkhorn.Scale([1, 2, 3, 4], 2, scaled));
        Assert.Equal(5.0, scaled[0] + scaled[1], 9);
        Assert.Equal(5.0, scaled[0] + scaled[2], 9);
    }
}
