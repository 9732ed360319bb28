using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Cli.Bench;

/// <summary>
/// The plain side of layer planning: every order of the matchings, every contiguous grouping into launches that all ranks start together,
/// and every place of the local rows, each played by the words of scheduling spec 2.3. One dispatch exchange, combine its transpose, one
/// circuit switch. O(k! 2^k k^2 ranks).
/// </summary>
internal static class PlainLayer
{
    /// <returns>The least makespan in picoseconds.</returns>
    public static long BestPs(LayerProblem problem, Schedule dispatch)
    {
        var best = long.MaxValue;
        Permute([.. Enumerable.Range(0, dispatch.Steps.Count)], 0, order => best = Math.Min(best, BestPs(problem, dispatch, order)));
        return best;
    }

    /// <summary>The same for one order.</summary>
    public static long BestPs(LayerProblem problem, Schedule dispatch, int[] order)
    {
        var (k, n, best) = (order.Length, problem.Traffic.RankCount, long.MaxValue);
        var delay = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        var (time, rows) = (new long[k], new long[k, n]);
        for (var m = 0; m < k; m++)
        {
            foreach (var t in dispatch.Steps[order[m]].Transfers)
            {
                time[m] = Math.Max(time[m], delay + problem.Fabric.PairRate(t.Source, t.Target).TransferPs(t.Tokens * problem.Traffic.DispatchCopyBytes.Value));
                rows[m, t.Target] += t.Tokens;
            }
        }

        var gate = time.Sum();
        for (var cut = 0; cut < 1 << Math.Max(0, k - 1); cut++)
            for (var place = -1; place <= 2 * k; place++)
                best = Math.Min(best, Makespan(cut, place));
        return best;

        // place: -1 local rows alone before everything, 2g in group g, 2g + 1 alone after group g.
        long Makespan(int cut, int place)
        {
            var (compute, arrival, combine, first, group) = (place < 0 ? Slowest(0, -1, true) : 0, 0L, 0L, 0, 0);
            for (var m = 0; m < k; m++)
            {
                arrival += time[m];
                if (m < k - 1 && (cut >> m & 1) == 0) continue;
                compute = Math.Max(compute, arrival) + Slowest(first, m, place == 2 * group);
                for (var c = first; c <= m; c++) combine = Math.Max(Math.Max(combine, compute), gate) + time[c];
                if (place == (2 * group) + 1) compute += Slowest(0, -1, true);
                first = m + 1;
                group++;
            }

            return place >= 2 * group ? long.MaxValue : Math.Max(compute, combine);
        }

        long Slowest(int first, int last, bool local)
        {
            var slowest = 0L;
            for (var j = 0; j < n; j++)
            {
                var sum = local ? problem.Traffic.Dispatch[0].Work[j, j] : 0;
                for (var m = first; m <= last; m++) sum += rows[m, j];
                slowest = Math.Max(slowest, problem.ComputeOfRank[j].LaunchPs(sum));
            }

            return slowest;
        }
    }

    private static void Permute(int[] order, int at, Action<int[]> visit)
    {
        if (at == order.Length) visit(order);
        for (var i = at; i < order.Length; i++)
        {
            (order[at], order[i]) = (order[i], order[at]);
            Permute(order, at + 1, visit);
            (order[at], order[i]) = (order[i], order[at]);
        }
    }
}
