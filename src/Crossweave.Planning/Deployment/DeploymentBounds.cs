using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// A time that no placement beats: lower bounds of the maxima put into the time line, which is non-decreasing in all of them (deployment
/// spec 3.11). Maxima of the only model, and of two models on equal devices, are bounded exactly by bottleneck matching; the others by sorted
/// loads against sorted costs.
/// </summary>
/// <remarks>
/// One model: loads descending meet costs ascending, exact. Several: the q slowest devices hold at least the q smallest loads of every
/// model, and T x sum 1/c is all they take in time T; the q devices with the q largest loads of one model hold at least the q smallest of
/// the others, and take at most what the q fastest do; the q-th largest load of one model and the smallest of the others are on a device
/// that is at best the q-th fastest. Fractions are doubles lowered by 10^-12 before they are rounded up.
/// </remarks>
public static class DeploymentBounds
{
    public static long Lower(LayerTime time)
    {
        var problem = time.Problem;
        Span<long> maxima = stackalloc long[time.Terms.Length];
        for (var t = 0; t < maxima.Length; t++) maxima[t] = OfTerm(time, t);
        // A one-to-one transfer keeps each port at least as long as sharing ports would.
        var port = time.PairExchanges == 0 ? 0 : Lower(ExclusiveTime.Port(problem));
        var back = time.PairExchanges < 2 ? 0 : problem.HasSymmetricPorts ? port : 0;
        return time.Finish(maxima) + port + back;
    }

    /// <summary>Lower bound of one maximum over all placements. O(n^3 log n), with several models on unequal devices O(n log n).</summary>
    internal static long OfTerm(LayerTime time, int term)
    {
        var (n, parts) = (time.Problem.DeviceCount, time.Terms[term].Parts);
        var groups = Array.ConvertAll(parts, p => time.Groups[p.Group]);
        if (time.Problem.Models.Count == 1) return new BottleneckMatching(n).Solve(time.TableOf(term));
        if (groups[0].Loads.Length == 2 && groups.All(g => g.Cost.All(c => c == g.Cost[0]))) return new BottleneckMatching(n).Solve(time.TableOf(term));
        return parts.Zip(groups, (part, group) => OfGroup(group) + (part.Constant * group.Cost.Min())).Max();
    }

    private static long OfGroup(LoadGroup group)
    {
        long[] costs = [.. group.Cost.Order()];
        long[][] models = [.. group.Loads.Select(load => load.Order().ToArray())];
        var (n, bound, share) = (costs.Length, 0L, 0.0);
        var (least, small, slow, fast) = (models.Sum(m => m[0]), 0.0, 0.0, 0.0);
        var (largest, smallest) = (new double[models.Length], new double[models.Length]);
        for (var q = 0; q < n; q++)
        {
            (slow, fast, small) = (slow + (1.0 / costs[n - 1 - q]), fast + (1.0 / costs[q]), 0.0);
            for (var m = 0; m < models.Length; m++)
            {
                (largest[m], smallest[m]) = (largest[m] + models[m][n - 1 - q], smallest[m] + models[m][q]);
                small += smallest[m];
                bound = Math.Max(bound, (models[m][n - 1 - q] + least - models[m][0]) * costs[q]);
            }

            share = Math.Max(share, small / slow);
            for (var m = 0; m < models.Length; m++) share = Math.Max(share, (largest[m] + small - smallest[m]) / fast);
        }

        return Math.Max(bound, (long)Math.Ceiling(share * (1 - 1e-12)));
    }
}
