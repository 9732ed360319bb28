using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Units;

namespace Crossweave.Core.Traffic;

/// <summary>How the copies of a layer are sent.</summary>
/// <param name="Mode">One copy per expert, per rank or per node.</param>
/// <param name="SumBeforeCombine">
/// False: combine carries one row per (token, expert). True: what one dispatch copy brought comes back as one row (with one copy per
/// expert nothing can be summed); in <see cref="SendMode.PerNode"/> the forwarder also sums the rows of its node into one.
/// </param>
/// <param name="DispatchCopyBytes">Bytes of one token copy in dispatch.</param>
/// <param name="CombineCopyBytes">Bytes of one row in combine.</param>
/// <param name="NodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
/// <param name="Replicas">Choice among replicas; null = <see cref="StaticReplicas"/>.</param>
public sealed record TrafficOptions(
    SendMode Mode,
    bool SumBeforeCombine,
    Bytes DispatchCopyBytes,
    Bytes CombineCopyBytes,
    int NodeCount = 1,
    IReplicaRule? Replicas = null);

/// <summary>
/// From routing to traffic. Integer and conserved: over all dispatch exchanges the Work is every (token, expert) pair once. In
/// <see cref="SendMode.PerNode"/> a copy goes to the rank with the sender's local index on the target node (the sender itself on its
/// own node: diagonal), which computes its own share and fans the copy out to the other ranks of its node that need it; combine runs
/// the same hops backwards. Source: execution spec 2.1 and 3.13.
/// </summary>
public static class TrafficBuilder
{
    /// <summary>Traffic of tokens [firstToken, firstToken + sourceOfToken.Length) in one layer. O(tokens x k + ranks^2).</summary>
    public static LayerTraffic Build(
        RoutingTrace trace,
        int layer,
        int firstToken,
        ReadOnlySpan<int> sourceOfToken,
        LayerPlacement placement,
        TrafficOptions options,
        out TrafficSummary summary)
    {
        var rule = options.Replicas ?? new StaticReplicas();
        var counts = CopyCounter.Count(trace, layer, firstToken, sourceOfToken, placement, options.NodeCount, rule);
        var traffic = Build(counts, options);
        summary = TrafficSummary.Of(counts, traffic);
        return traffic;
    }

    /// <summary>The matrices of one send mode. O(ranks^2); the counts can be used again for other modes.</summary>
    public static LayerTraffic Build(CopyCounts counts, TrafficOptions options)
    {
        if (counts.NodeCount != options.NodeCount) throw new ArgumentException("counted for another number of nodes");
        return options.Mode switch
        {
            SendMode.PerExpert => OneHop(counts.Rows, counts.Rows, counts.Rows, options),
            SendMode.PerRank => OneHop(counts.RankCopies, counts.Rows, options.SumBeforeCombine ? counts.RankCopies : counts.Rows, options),
            SendMode.PerNode => TwoHops(counts, options),
            _ => throw new ArgumentException("unknown send mode"),
        };
    }

    private static LayerTraffic OneHop(TrafficMatrix copies, TrafficMatrix rows, TrafficMatrix returned, TrafficOptions options) =>
        new(
            [new Exchange(copies, rows)],
            [new Exchange(returned.Transpose(), rows.Transpose())],
            options.DispatchCopyBytes,
            options.CombineCopyBytes);

    private static LayerTraffic TwoHops(CopyCounts counts, TrafficOptions options)
    {
        var n = counts.RankCount;
        var perNode = counts.RanksPerNode;
        long[] acrossCopies = new long[n * n], acrossWork = new long[n * n], acrossReturned = new long[n * n];
        long[] insideCopies = new long[n * n], insideWork = new long[n * n];
        for (var source = 0; source < n; source++)
        {
            for (var node = 0; node < counts.NodeCount; node++)
            {
                var forwarder = (node * perNode) + (source % perNode);
                var hop = (source * n) + forwarder;
                acrossCopies[hop] = counts.NodeCopies[(source * counts.NodeCount) + node];
                acrossWork[hop] = counts.Rows[source, forwarder];
                for (var rank = node * perNode; rank < (node + 1) * perNode; rank++)
                {
                    acrossReturned[hop] += counts.Rows[source, rank];
                    if (rank == forwarder) continue;
                    insideCopies[(forwarder * n) + rank] += counts.RankCopies[source, rank];
                    insideWork[(forwarder * n) + rank] += counts.Rows[source, rank];
                }
            }
        }

        var across = new Exchange(new TrafficMatrix(n, acrossCopies), new TrafficMatrix(n, acrossWork));
        var inside = new Exchange(new TrafficMatrix(n, insideCopies), new TrafficMatrix(n, insideWork));
        var returnedInside = options.SumBeforeCombine ? inside.Copies : inside.Work;
        var returnedAcross = options.SumBeforeCombine ? across.Copies : new TrafficMatrix(n, acrossReturned);
        return new LayerTraffic(
            [across, inside],
            [
                new Exchange(returnedInside.Transpose(), inside.Work.Transpose()),
                new Exchange(returnedAcross.Transpose(), across.Work.Transpose()),
            ],
            options.DispatchCopyBytes,
            options.CombineCopyBytes);
    }
}
