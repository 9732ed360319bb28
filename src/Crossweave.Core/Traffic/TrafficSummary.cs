namespace Crossweave.Core.Traffic;

/// <summary>Statistics of one layer's traffic. Copies are counted as in execution spec 2.1.</summary>
/// <param name="TokenCount">Tokens.</param>
/// <param name="TopK">Experts per token.</param>
/// <param name="RankCopies">Sum over tokens of distinct ranks.</param>
/// <param name="RemoteRankCopies">The same without the token's own rank.</param>
/// <param name="NodeCopies">Sum over tokens of distinct nodes.</param>
/// <param name="RemoteNodeCopies">The same without the token's own node.</param>
/// <param name="RowsOfRank">(token, expert) pairs computed at each rank.</param>
/// <param name="DispatchWireBytes">Bytes that cross a port in dispatch, all hops.</param>
/// <param name="CombineWireBytes">Bytes that cross a port in combine, all hops.</param>
/// <param name="CrossNodeBytes">Bytes between nodes, dispatch plus combine.</param>
public sealed record TrafficSummary(
    long TokenCount,
    int TopK,
    long RankCopies,
    long RemoteRankCopies,
    long NodeCopies,
    long RemoteNodeCopies,
    long[] RowsOfRank,
    long DispatchWireBytes,
    long CombineWireBytes,
    long CrossNodeBytes)
{
    /// <summary>C_T: mean distinct ranks per token, its own included.</summary>
    public double DistinctRanks => Mean(RankCopies);

    /// <summary>C_R: mean distinct ranks per token other than its own.</summary>
    public double RemoteRanks => Mean(RemoteRankCopies);

    /// <summary>C_T(node): mean distinct nodes per token, its own included.</summary>
    public double DistinctNodes => Mean(NodeCopies);

    /// <summary>Mean distinct nodes per token other than its own.</summary>
    public double RemoteNodes => Mean(RemoteNodeCopies);

    /// <summary>Bytes that cross a port, dispatch plus combine.</summary>
    public long WireBytes => DispatchWireBytes + CombineWireBytes;

    /// <summary>Busiest rank's rows over the mean; 1 when there is no work.</summary>
    public double MaxOverMeanRank =>
        RowsOfRank.Sum() is var sum && sum == 0 ? 1.0 : (double)RowsOfRank.Max() * RowsOfRank.Length / sum;

    public static TrafficSummary Of(CopyCounts counts, LayerTraffic traffic)
    {
        var rows = new long[counts.RankCount];
        var remoteNodes = 0L;
        for (var source = 0; source < counts.RankCount; source++)
        {
            for (var rank = 0; rank < counts.RankCount; rank++) rows[rank] += counts.Rows[source, rank];
            for (var node = 0; node < counts.NodeCount; node++)
                if (node != counts.NodeOf(source))
                    remoteNodes += counts.NodeCopies[(source * counts.NodeCount) + node];
        }

        var dispatch = traffic.Dispatch.Sum(e => e.Copies.RemoteTotal());
        var combine = traffic.Combine.Sum(e => e.Copies.RemoteTotal());
        return new TrafficSummary(
            counts.TokenCount,
            counts.TopK,
            counts.RankCopies.Total(),
            counts.RankCopies.RemoteTotal(),
            counts.NodeCopies.Sum(),
            remoteNodes,
            rows,
            checked(dispatch * traffic.DispatchCopyBytes.Value),
            checked(combine * traffic.CombineCopyBytes.Value),
            checked((traffic.Dispatch.Sum(e => CrossNode(e, counts)) * traffic.DispatchCopyBytes.Value) +
                (traffic.Combine.Sum(e => CrossNode(e, counts)) * traffic.CombineCopyBytes.Value)));
    }

    private static long CrossNode(Exchange exchange, CopyCounts counts)
    {
        var sum = 0L;
        for (var source = 0; source < counts.RankCount; source++)
            for (var target = 0; target < counts.RankCount; target++)
                if (counts.NodeOf(source) != counts.NodeOf(target))
                    sum += exchange.Copies[source, target];
        return sum;
    }

    private double Mean(long copies) => TokenCount == 0 ? 0 : (double)copies / TokenCount;
}
