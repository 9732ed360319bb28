using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// A time that no placement beats: lower bounds of the maxima put into the time line, which is non-decreasing in all of them (deployment
/// spec 3.11). Maxima of the only model, and of two models on equal devices, are bounded exactly by bottleneck matching; the others by
/// <see cref="RestBound"/>.
/// </summary>
public static class DeploymentBounds
{
    public static long Lower(LayerTime time)
    {
        var problem = time.Problem;
        Span<long> maxima = stackalloc long[time.Terms.Length];
        for (var t = 0; t < maxima.Length; t++) maxima[t] = OfTerm(time, t);
        // A one-to-one transfer keeps each port at least as long as sharing ports would.
        var port = time.PairExchanges == 0 ? 0 : DeploymentBounds.Lower(ExclusiveTime.Port(problem));
        var back = time.PairExchanges < 2 ? 0 : problem.HasSymmetricPorts ? port : 0;
        return time.Finish(maxima) + port + back;
    }

    private static long OfTerm(LayerTime time, int term)
    {
        var (n, parts) = (time.Problem.DeviceCount, time.Terms[term].Parts);
        var groups = Array.ConvertAll(parts, p => time.Groups[p.Group]);
        if (time.Problem.Models.Count == 1) return new BottleneckMatching(n).Solve(time.TableOf(term));
        if (groups[0].Loads.Length == 2 && groups.All(g => g.Cost.All(c => c == g.Cost[0]))) return new BottleneckMatching(n).Solve(time.TableOf(term));
        var bound = 0L;
        for (var p = 0; p < parts.Length; p++)
        {
            var rest = new RestBound(groups[p].Cost);
            var loads = Array.ConvertAll(groups[p].Loads, values =>
            {
                var sorted = new SortedLoads(n);
                sorted.Set(values.Order().ToArray(), -1);
                return sorted;
            });
            bound = Math.Max(bound, rest.Of(loads) + (parts[p].Constant * rest.LeastCost));
        }

        return bound;
    }
}
