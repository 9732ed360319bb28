using Crossweave.Algorithms.Assignment;
using Crossweave.Algorithms.Decomposition;

namespace Crossweave.Algorithms.Tests.Decomposition;

public sealed class SlicingTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.1)]
    public void Solstice_rebuilds_the_matrix_and_ends(double beta)
    {
        foreach (var n in new[] { 1, 2, 3, 8, 17 })
            for (var seed = 0; seed < 12; seed++)
            {
                var cells = Cells(n, seed);
                var sum = LineSums.StuffQuick(cells, n);
                var slicing = new SolsticeSlicing(n, beta);
                slicing.Start(cells);
                var rebuilt = new long[n * n];
                var columns = new int[n];
                var (count, total) = (0, 0L);
                while (slicing.Next(columns) is > 0 and var weight)
                {
                    Assert.Equal(n, columns.Distinct().Count());
                    for (var i = 0; i < n; i++) rebuilt[(i * n) + columns[i]] += weight;
                    (count, total) = (count + 1, total + weight);
                }

                Assert.True(cells.AsSpan().SequenceEqual(rebuilt), $"n {n} seed {seed}");
                Assert.Equal(sum, total);
                Assert.InRange(count, 0, (n * n) - (2 * n) + 2);
            }
    }

    [Fact]
    public void Solstice_refuses_unequal_lines() =>
        Assert.Throws<ArgumentException>(() => new SolsticeSlicing(2).Start([1, 0, 0, 2]));

    // The oracle solves one cold assignment for every distinct entry and compares ratios as fractions.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 7)]
    [InlineData(40, 1)]
    [InlineData(5000, 1)]
    public void Lazy_scan_of_Eclipse_finds_the_best_ratio_of_all_durations(long delay, long unit)
    {
        foreach (var n in new[] { 1, 2, 4, 7, 12 })
            for (var seed = 0; seed < 8; seed++)
            {
                var left = Cells(n, seed);
                var entries = left.Count(c => c > 0);
                var slicing = new EclipseSlicing(n);
                slicing.Start(left, delay, unit);
                var columns = new int[n];
                var steps = 0;
                while (slicing.Next(columns) is > 0 and var alpha)
                {
                    var served = Enumerable.Range(0, n).Sum(i => Math.Min(left[(i * n) + columns[i]], alpha));
                    var (bestAlpha, bestServed) = Best(left, n, delay, unit);
                    Assert.True(
                        (Int128)served * ((bestAlpha * unit) + delay) == (Int128)bestServed * ((alpha * unit) + delay),
                        $"n {n} seed {seed}: {served} in {alpha}, best {bestServed} in {bestAlpha}");
                    if (delay > 0 && steps == 0 && n > 1) Assert.Equal(bestAlpha, alpha); // ties are raised, and rare with a delay
                    for (var i = 0; i < n; i++) left[(i * n) + columns[i]] = Math.Max(0, left[(i * n) + columns[i]] - alpha);
                    steps++;
                }

                Assert.All(left, c => Assert.Equal(0, c));
                Assert.InRange(steps, 0, entries);
            }
    }

    [Fact]
    public void Eclipse_looks_at_few_of_the_durations()
    {
        var prng = new Prng(17);
        var cells = new long[32 * 32];
        foreach (ref var c in cells.AsSpan()) c = 1 + prng.NextInt(100_000);
        var slicing = new EclipseSlicing(32);
        slicing.Start(cells, 20_000, 1);
        var columns = new int[32];
        var steps = 0;
        while (slicing.Next(columns) > 0) steps++;
        Assert.InRange(slicing.Evaluations, steps, 60L * steps); // of up to 1024 per step
    }

    [Fact]
    public void North_west_stuffing_is_the_embedding_of_FAST()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var n = 2 + (seed % 9);
            var cells = Cells(n, seed);
            var stuffed = cells.ToArray();
            var sum = LineSums.StuffNorthWest(stuffed, n);
            Assert.InRange(Enumerable.Range(0, n * n).Count(k => stuffed[k] != cells[k]), 0, (2 * n) - 1);
            for (var i = 0; i < n; i++)
            {
                var row = Enumerable.Range(0, n).Select(j => (i * n) + j).ToArray();
                var column = Enumerable.Range(0, n).Select(j => (j * n) + i).ToArray();
                foreach (var line in new[] { row, column })
                    if (line.Sum(k => cells[k]) == sum)
                        Assert.All(line, k => Assert.Equal(cells[k], stuffed[k]));
            }
        }
    }

    private static (long Alpha, long Served) Best(long[] left, int n, long delay, long unit)
    {
        var (alpha, served) = (0L, 0L);
        foreach (var value in left.Where(c => c > 0).Distinct().Order())
        {
            var weight = new AssignmentSolver().Maximize(Array.ConvertAll(left, c => Math.Min(c, value)), n, n);
            if (alpha == 0 || (Int128)weight * ((alpha * unit) + delay) > (Int128)served * ((value * unit) + delay)) (alpha, served) = (value, weight);
        }

        return (alpha, served);
    }

    private static long[] Cells(int n, int seed)
    {
        var prng = new Prng(18).Split(n).Split(seed);
        var cells = new long[n * n];
        foreach (ref var c in cells.AsSpan())
        {
            if (seed % 3 == 0 && prng.NextInt(3) > 0) continue;
            c = seed % 2 == 0 ? prng.NextInt(6) : (long)Math.Exp(prng.NextDouble() * 11);
        }

        return cells;
    }
}
