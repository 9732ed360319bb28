using Crossweave.Algorithms.Decomposition;

namespace Crossweave.Algorithms.Tests.Decomposition;

/// <summary>Slices of the hybrid decomposer: they carry every pair exactly, one-to-one, in whole grains.</summary>
public sealed class SliceTests
{
    private static readonly int[] Sizes = [1, 2, 5, 9, 16];

    [Theory]
    [InlineData(1, 0)]
    [InlineData(4, 0)]
    [InlineData(32, 4)]
    public void Degree_slicing_needs_no_more_slices_than_the_fullest_line_has_entries(int power, int linear)
    {
        foreach (var n in Sizes)
            for (var seed = 0; seed < 20; seed++)
            {
                var (cells, grain) = Cells(n, seed);
                var slices = new DegreeSlicing(n, grain).Build(cells, power, linear);
                Check(slices, cells, grain, $"n {n} seed {seed}");
                Assert.InRange(slices.Count, 0, Degree(cells, n));
            }
    }

    [Fact]
    public void Degree_slicing_puts_the_long_entries_together()
    {
        // Two permutations, long and short in turn on the rows; apart they cost 10 + 10, sorted 10 + 1.
        long[] cells = [10, 1, 0, 0, 1, 10, 0, 0, 0, 0, 1, 10, 0, 0, 10, 1];
        var grain = Enumerable.Repeat(1L, 16).ToArray();
        Assert.Equal(11, new DegreeSlicing(4, grain).Build(cells, 1, 0).Cost(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(400)]
    public void The_search_keeps_every_amount_and_never_makes_the_slices_longer(int delay)
    {
        foreach (var n in Sizes)
            for (var seed = 0; seed < 8; seed++)
            {
                var (cells, grain) = Cells(n, seed);
                foreach (var slices in new[] { new DegreeSlicing(n, grain).Build(cells, 2, 0), new SlicePrefix(n, delay, grain).Build(cells, 6, 3), Whole(cells, n) })
                {
                    var before = slices.Cost(delay);
                    new SliceSearch(n, delay, grain).Improve(slices, 40, new Prng(1).Split(seed));
                    Check(slices, cells, grain, $"n {n} seed {seed}");
                    Assert.True(slices.Cost(delay) <= before, $"n {n} seed {seed}: {slices.Cost(delay)} after {before}");
                }
            }
    }

    [Fact]
    public void The_search_sorts_what_alternating_cycles_mixed()
    {
        var slices = new SliceList(4);
        slices.Add([0, 1, 2, 3], [10, 10, 1, 1]);
        slices.Add([1, 0, 3, 2], [1, 1, 10, 10]);
        new SliceSearch(4, 0, Enumerable.Repeat(1L, 16).ToArray()).Improve(slices, 200, new Prng(1));
        Assert.Equal(11, slices.Cost(0));
    }

    private static void Check(SliceList slices, long[] cells, long[] grain, string where)
    {
        var n = slices.Size;
        var carried = new long[n * n];
        for (var k = 0; k < slices.Count; k++)
        {
            var longest = 0L;
            var used = new bool[n];
            for (var i = 0; i < n; i++)
            {
                var (column, amount) = (slices.Columns(k)[i], slices.Amounts(k)[i]);
                Assert.Equal(column >= 0, amount > 0);
                if (column < 0) continue;
                Assert.True(!used[column] && slices.Rows(k)[column] == i, $"{where}: column {column} of slice {k}");
                Assert.True(amount % grain[(i * n) + column] == 0, $"{where}: {amount} is not in whole grains");
                used[column] = true;
                carried[(i * n) + column] += amount;
                longest = Math.Max(longest, amount);
            }

            Assert.Equal(n - used.Count(u => u), slices.Rows(k).ToArray().Count(r => r < 0));
            Assert.Equal(longest, slices.Duration(k));
            Assert.True(longest > 0, $"{where}: slice {k} is empty");
        }

        Assert.True(cells.AsSpan().SequenceEqual(carried), where);
    }

    private static SliceList Whole(long[] cells, int n)
    {
        var (slices, peeling) = (new SliceList(n), new MaxWeightPeeling());
        var (columns, amounts) = (new int[n], new long[n]);
        peeling.Start(cells, n, skipDiagonal: false);
        while (peeling.Next(columns, amounts)) slices.Add(columns, amounts);
        return slices;
    }

    private static int Degree(long[] cells, int n) => Enumerable.Range(0, n).Max(i =>
        Math.Max(Enumerable.Range(0, n).Count(j => cells[(i * n) + j] > 0), Enumerable.Range(0, n).Count(j => cells[(j * n) + i] > 0)));

    // Every third matrix sparse, every second with unequal grains.
    private static (long[] Cells, long[] Grain) Cells(int n, int seed)
    {
        var prng = new Prng(77).Split(n).Split(seed);
        var (cells, grain) = (new long[n * n], new long[n * n]);
        for (var k = 0; k < cells.Length; k++)
        {
            grain[k] = seed % 2 == 0 ? 1 : 1 + prng.NextInt(4);
            if (seed % 3 > 0 || prng.NextInt(3) == 0) cells[k] = grain[k] * (long)Math.Exp(prng.NextDouble() * 7);
        }

        return (cells, grain);
    }
}
