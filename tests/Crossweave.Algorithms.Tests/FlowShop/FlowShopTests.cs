using Crossweave.Algorithms.FlowShop;

namespace Crossweave.Algorithms.Tests.FlowShop;

public sealed class FlowShopTests
{
    [Fact]
    public void Johnson_gives_the_worked_example()
    {
        // (3,6) (7,2) (4,4) (5,3): order 1, 3, 4, 2; makespan 21 = sum a + min b; the reverse order takes 26 (scheduling spec 5.6).
        long[] a = [3, 7, 4, 5], b = [6, 2, 4, 3];
        var order = JohnsonRule.Order(a, b);
        Assert.Equal([0, 2, 3, 1], order);
        Assert.Equal(21, NehOrder.Makespan(order, a, b, new long[4]));
        Assert.Equal(26, NehOrder.Makespan([1, 3, 2, 0], a, b, new long[4]));
    }

    [Fact]
    public void Johnson_is_optimal_on_two_machines()
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var (a, b, _) = Jobs(seed, 1 + (int)(seed % 6));
            var zero = new long[a.Length];
            Assert.Equal(Best(a, b, zero), NehOrder.Makespan(JohnsonRule.Order(a, b), a, b, zero));
        }
    }

    [Fact]
    public void Johnson_on_sums_is_optimal_on_three_machines_when_the_middle_one_is_dominated()
    {
        for (var seed = 0UL; seed < 300; seed++)
        {
            var (a, b, c) = Jobs(seed, 1 + (int)(seed % 6));
            var longest = b.Max();
            var raised = seed % 2 == 0 ? a : c;
            for (var i = 0; i < raised.Length; i++) raised[i] += longest;
            var order = JohnsonRule.Order([.. a.Zip(b, (x, y) => x + y)], [.. b.Zip(c, (x, y) => x + y)]);
            Assert.Equal(Best(a, b, c), NehOrder.Makespan(order, a, b, c));
        }
    }

    [Fact]
    public void Neh_is_a_permutation_close_to_the_optimum()
    {
        var (sum, worst) = (0.0, 1.0);
        for (var seed = 0UL; seed < 200; seed++)
        {
            var (a, b, c) = Jobs(seed, 2 + (int)(seed % 6));
            var order = NehOrder.Order(a, b, c);
            Assert.Equal(Enumerable.Range(0, a.Length), order.Order());
            Assert.Equal(order, NehOrder.Order(a, b, c));
            var ratio = NehOrder.Makespan(order, a, b, c) / (double)Best(a, b, c);
            Assert.True(ratio >= 1, $"seed {seed}: below the optimum");
            (sum, worst) = (sum + ratio, Math.Max(worst, ratio));
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"NEH over the optimum: mean {sum / 200:F4}, worst {worst:F4}");
        Assert.True(sum / 200 < 1.01, $"mean {sum / 200}");
        Assert.True(worst < 1.15, $"worst {worst}");
    }

    [Fact]
    public void No_jobs_and_unequal_lists()
    {
        Assert.Empty(JohnsonRule.Order([], []));
        Assert.Empty(NehOrder.Order([], [], []));
        Assert.Throws<ArgumentException>(() => JohnsonRule.Order([1], []));
        Assert.Throws<ArgumentException>(() => NehOrder.Order([1], [1], []));
    }

    private static (long[] A, long[] B, long[] C) Jobs(ulong seed, int count)
    {
        var prng = new Prng(seed).Split("jobs");
        return (Times(), Times(), Times());

        long[] Times() => [.. Enumerable.Range(0, count).Select(_ => (long)prng.NextInt(20))];
    }

    // Over all orders.
    private static long Best(long[] a, long[] b, long[] c)
    {
        var best = long.MaxValue;
        Permute(Enumerable.Range(0, a.Length).ToArray(), 0);
        return best;

        void Permute(int[] order, int at)
        {
            if (at == order.Length) best = Math.Min(best, NehOrder.Makespan(order, a, b, c));
            for (var i = at; i < order.Length; i++)
            {
                (order[at], order[i]) = (order[i], order[at]);
                Permute(order, at + 1);
                (order[at], order[i]) = (order[i], order[at]);
            }
        }
    }
}
