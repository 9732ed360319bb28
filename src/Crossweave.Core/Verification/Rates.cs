using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Verification;

/// <summary>What the ports of a document can carry, from its own numbers, in bit/s. Ring links: k to k + 1 at [k], and k + 1 to k at [n + k].</summary>
internal static class Rates
{
    public static bool IsRing(ScheduleDocument document) => document.FabricKind is "ring" or "ring-one-way";

    public static bool HasTiers(ScheduleDocument document) => document.FabricKind == "two-tier";

    public static int NodeOf(ScheduleDocument document, int rank) => rank / (document.RankCount / document.NodeCount);

    /// <summary>All that leaves a rank, whichever way.</summary>
    public static Int128 Send(ScheduleDocument document, int rank) =>
        document.RateOfLink is { } links
            ? links[rank] + Back(document, (rank + document.RankCount - 1) % document.RankCount)
            : document.BandwidthOfRank[rank] + (Int128)(document.ScaleUpOfRank?[rank] ?? 0);

    /// <summary>All that enters a rank.</summary>
    public static Int128 Receive(ScheduleDocument document, int rank) =>
        document.RateOfLink is { } links
            ? links[(rank + document.RankCount - 1) % document.RankCount] + Back(document, rank)
            : Send(document, rank);

    /// <summary>A pair that has both its ports to itself.</summary>
    public static Int128 Pair(ScheduleDocument document, int source, int target)
    {
        if (IsRing(document)) return Int128.Min(Send(document, source), Receive(document, target));
        var ports = HasTiers(document) && NodeOf(document, source) == NodeOf(document, target) ? document.ScaleUpOfRank! : document.BandwidthOfRank;
        return Math.Min(ports[source], ports[target]);
    }

    private static Int128 Back(ScheduleDocument document, int link) =>
        document.RateOfLink!.Count == 2 * document.RankCount ? document.RateOfLink[document.RankCount + link] : 0;
}
