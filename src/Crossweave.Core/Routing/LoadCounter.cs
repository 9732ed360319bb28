using Crossweave.Core.IO;
using Crossweave.Core.Routing.Statistics;

namespace Crossweave.Core.Routing;

/// <summary>
/// Counts a trace in one streaming pass over token blocks, O(tokens x layers x k) for loads and O(tokens x layers x k^2) for
/// pairs. Blocks are counted in parallel; sums of integers do not depend on who counted what, so neither does the result.
/// </summary>
public static class LoadCounter
{
    /// <param name="trace">Any size; read in blocks.</param>
    /// <param name="threads">Threads to use; null = all. Never changes the result.</param>
    /// <param name="progress">Told about finished tokens.</param>
    public static ExpertLoad Count(RoutingTrace trace, int? threads = null, IWorkProgress? progress = null) =>
        RoutingCensus.Take(trace, new CensusPlan { Threads = threads }, progress).Load(trace.LayerIds);

    /// <summary>Loads and pair counts together.</summary>
    public static (ExpertLoad Load, CoActivation CoActivation) CountPairs(
        RoutingTrace trace, int? threads = null, IWorkProgress? progress = null)
    {
        var census = RoutingCensus.Take(trace, new CensusPlan { Pairs = true, Threads = threads }, progress);
        return (census.Load(trace.LayerIds), new CoActivation(trace.ExpertCount, census.Pairs!));
    }
}
