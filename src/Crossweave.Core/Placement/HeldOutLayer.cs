using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Placement;

/// <summary>What a placement does to tokens it was not planned on, one layer.</summary>
/// <param name="DistinctRanks">Mean ranks a token must reach, its own included (C_T).</param>
/// <param name="RemoteRanks">Mean ranks other than its own (C_R).</param>
/// <param name="MaxOverMeanRank">Rows of the busiest rank over the mean; 1 without rows.</param>
/// <param name="WireBytes">Bytes between ranks, dispatch and combine together.</param>
/// <param name="CrossNodeBytes">The part of them between nodes.</param>
public sealed record HeldOutLayer(double DistinctRanks, double RemoteRanks, double MaxOverMeanRank, long WireBytes, long CrossNodeBytes)
{
    /// <summary>Every layer of a trace as one batch. O(layers x tokens x k).</summary>
    /// <param name="trace">Tokens to judge on.</param>
    /// <param name="placement">Same layers and experts as the trace.</param>
    /// <param name="options">How copies are sent and replicas chosen.</param>
    /// <param name="sourceRule">Where tokens start.</param>
    /// <exception cref="InputException">Recorded source ranks that the placement does not have.</exception>
    public static HeldOutLayer[] Judge(RoutingTrace trace, ExpertPlacement placement, TrafficOptions options, ISourceRankRule sourceRule)
    {
        var sources = sourceRule.Assign(trace, 0, trace.TokenCount, placement.RankCount);
        var judged = new HeldOutLayer[trace.LayerCount];
        Parallel.For(0, judged.Length, l =>
        {
            TrafficBuilder.Build(trace, l, 0, sources, placement.Layers[l], options, out var summary);
            var rows = summary.RowsOfRank.Sum();
            judged[l] = new HeldOutLayer(
                (double)summary.RankCopies / summary.TokenCount,
                (double)summary.RemoteRankCopies / summary.TokenCount,
                rows == 0 ? 1 : (double)summary.RowsOfRank.Max() * placement.RankCount / rows,
                summary.WireBytes,
                summary.CrossNodeBytes);
        });
        return judged;
    }
}
