using Crossweave.Algorithms.Flow;
using Crossweave.Testing;

namespace Crossweave.Algorithms.Tests.Flow;

public sealed class RingLoadTests
{
    [Fact]
    public void The_published_matrix_needs_exactly_17223_tokens_on_a_link()
    {
        var cells = PublishedMatrix.Cells();
        var ring = Solve(cells, 8);
        Assert.Equal(17_223 * ring.Unit, ring.Load.Max());
        var (priced, weight) = (RingLoad.PricedDemand(cells, 8, ring.Price), ring.Price.Sum());
        Assert.True(Math.Abs(((double)priced / weight) - 17_223) < 1e-3, "the prices prove it");

        // The arc of ranks 6, 7, 0, 1 has two links in, and what enters it fills both.
        var arc = new[] { 6, 7, 0, 1 };
        var inflow = Enumerable.Range(0, 8).Except(arc).Sum(s => arc.Sum(t => cells[(s * 8) + t]));
        Assert.Equal(17_223, (inflow + 1) / 2);
    }

    [Fact]
    public void Three_neighbours_need_two_thirds_although_every_cut_would_allow_a_half()
    {
        var ring = Solve([0, 3, 0, 0, 0, 3, 3, 0, 0], 3);
        Assert.Equal(2 * ring.Unit, ring.Load.Max());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(13)]
    public void Loads_are_those_of_the_split_and_the_prices_prove_them_best(int n)
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var prng = new Prng(seed).Split(n);
            var sparse = 1 + prng.NextInt(4);
            var cells = new long[n * n];
            for (var k = 0; k < cells.Length; k++) cells[k] = prng.NextInt(sparse) == 0 ? (long)Math.Exp(prng.NextDouble() * (1 + prng.NextInt(16))) : 0;
            var rates = new long[2 * n];
            for (var e = 0; e < rates.Length; e++) rates[e] = seed % 2 == 0 ? 200_000_000_000 : 20_000_000_000 * (1 + prng.NextInt(10));
            var ring = new RingLoad(n);
            ring.Solve(cells, rates);
            Assert.Equal(Loads(cells, n, ring), ring.Load);
            var total = 0L;
            for (var s = 0; s < n; s++)
                for (var t = 0; t < n; t++)
                    total += s == t ? 0 : cells[(s * n) + t];
            if (total == 0) continue;
            var time = ring.Load.Select((l, e) => (double)l / ring.Unit / rates[e]).Max();
            var bound = (double)RingLoad.PricedDemand(cells, n, ring.Price) / ring.Price.Select((p, e) => (double)p * rates[e]).Sum();
            Assert.True(bound <= time * (1 + 1e-12), $"seed {seed}: bound {bound} above {time}");
            Assert.True(time <= (bound * (1 + 1e-6)) + (4.0 * n / ring.Unit / rates.Min()), $"seed {seed}: {time} above {bound}");
            Assert.True(time >= LargestCut(cells, n, rates) * (1 - 1e-12), $"seed {seed}: below a cut");
        }
    }

    [Fact]
    public void Sixty_four_ranks_are_solved_to_the_proof()
    {
        for (var seed = 0; seed < 2; seed++)
        {
            var prng = new Prng(1).Split(seed);
            var cells = new long[64 * 64];
            for (var k = 0; k < cells.Length; k++) cells[k] = seed == 0 ? 1 + prng.NextInt(2000) : (long)Math.Exp(prng.NextDouble() * 12);
            var ring = Solve(cells, 64);
            var bound = (double)RingLoad.PricedDemand(cells, 64, ring.Price) / ring.Price.Sum();
            Assert.InRange((double)ring.Load.Max() / ring.Unit, bound * (1 - 1e-12), (bound * (1 + 1e-6)) + 1e-3);
        }
    }

    [Fact]
    public void Nothing_to_send_loads_nothing()
    {
        var ring = Solve([5, 0, 0, 7], 2);
        Assert.All(ring.Load, load => Assert.Equal(0, load));
    }

    [Fact]
    public void Two_ranks_share_both_links()
    {
        var ring = Solve([0, 5, 8, 0], 2);
        Assert.Equal(4 * ring.Unit, ring.Load.Max());
    }

    private static RingLoad Solve(long[] cells, int n)
    {
        var ring = new RingLoad(n);
        ring.Solve(cells, [.. Enumerable.Repeat(1L, 2 * n)]);
        return ring;
    }

    // Walks every pair's two ways link by link.
    private static long[] Loads(long[] cells, int n, RingLoad ring)
    {
        var load = new long[2 * n];
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
            {
                if (s == t) continue;
                var there = ring.Clockwise[(s * n) + t];
                var back = (cells[(s * n) + t] * ring.Unit) - there;
                Assert.True(there >= 0 && back >= 0);
                for (var at = s; at != t; at = (at + 1) % n) load[at] += there;
                for (var at = s; at != t; at = (at + n - 1) % n) load[n + ((at + n - 1) % n)] += back;
            }

        return load;
    }

    // What leaves an arc of ranks first .. last has two links: one clockwise, one back.
    private static double LargestCut(long[] cells, int n, long[] rates)
    {
        var best = 0.0;
        for (var first = 0; first < n; first++)
            for (var length = 1; length < n; length++)
            {
                var inside = Enumerable.Range(0, length).Select(k => (first + k) % n).ToHashSet();
                long outflow = 0, inflow = 0;
                for (var s = 0; s < n; s++)
                    for (var t = 0; t < n; t++)
                    {
                        if (inside.Contains(s) && !inside.Contains(t)) outflow += cells[(s * n) + t];
                        if (!inside.Contains(s) && inside.Contains(t)) inflow += cells[(s * n) + t];
                    }

                var (before, last) = ((first + n - 1) % n, (first + length - 1) % n);
                best = Math.Max(best, outflow / (double)(rates[last] + rates[n + before]));
                best = Math.Max(best, inflow / (double)(rates[before] + rates[n + last]));
            }

        return best;
    }
}
