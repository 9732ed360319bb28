namespace Crossweave.Algorithms.FlowShop;

/// <summary>Order of jobs that pass three machines in the same order, by insertion.</summary>
public static class NehOrder
{
    /// <summary>
    /// Nawaz, Enscore and Ham 1983: jobs by descending total time, each inserted where the makespan stays smallest. Ties: lower index
    /// first, earlier position. O(k^3); not exact (the problem is NP-hard), usually within a few per cent.
    /// </summary>
    public static int[] Order(ReadOnlySpan<long> a, ReadOnlySpan<long> b, ReadOnlySpan<long> c)
    {
        if (a.Length != b.Length || a.Length != c.Length) throw new ArgumentException("one time per job and machine");
        var byTotal = new (long Total, int Job)[a.Length];
        for (var i = 0; i < byTotal.Length; i++) byTotal[i] = (-(a[i] + b[i] + c[i]), i);
        Array.Sort(byTotal);
        var order = new int[a.Length];
        for (var count = 0; count < order.Length; count++)
        {
            var job = byTotal[count].Job;
            var (best, at) = (long.MaxValue, 0);
            for (var position = 0; position <= count; position++)
            {
                Insert(order, count, position, job);
                var makespan = Makespan(order.AsSpan(0, count + 1), a, b, c);
                if (makespan < best) (best, at) = (makespan, position);
                order.AsSpan(position + 1, count - position).CopyTo(order.AsSpan(position));
            }

            Insert(order, count, at, job);
        }

        return order;
    }

    /// <summary>Last end when the jobs run in this order, each machine one at a time. O(k).</summary>
    public static long Makespan(ReadOnlySpan<int> order, ReadOnlySpan<long> a, ReadOnlySpan<long> b, ReadOnlySpan<long> c)
    {
        var (first, second, third) = (0L, 0L, 0L);
        foreach (var job in order)
        {
            first += a[job];
            second = Math.Max(second, first) + b[job];
            third = Math.Max(third, second) + c[job];
        }

        return third;
    }

    private static void Insert(int[] order, int count, int position, int job)
    {
        order.AsSpan(position, count - position).CopyTo(order.AsSpan(position + 1));
        order[position] = job;
    }
}
