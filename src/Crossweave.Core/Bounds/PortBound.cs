using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>Busiest port of one exchange (scheduling spec 7.2 and, with a delay, LB1 of 7.3). O(ranks).</summary>
public static class PortBound
{
    /// <summary>The busiest port without reconfigurations: what a port must send or receive takes that long. Tie: lowest rank, send first.</summary>
    public static LowerBound Of(PortLines lines) => Busiest("port", lines, 0);

    /// <summary>PAIR: a port serves its peers one after another, each at the rate of the slower of the two ports (deployment spec 2.4). One-to-one transfers only.</summary>
    public static LowerBound Pair(PortLines lines) => Busiest("pair", lines, 0);

    /// <summary>A port meets each of its peers in at least one configuration that was paid for, one at a time on each plane.</summary>
    public static LowerBound WithReconfiguration(PortLines lines) => Busiest("reconfiguration", lines, lines.DelayPs);

    private static LowerBound Busiest(string name, PortLines lines, long delayPs)
    {
        var (best, bottleneck) = (-1L, "none");
        for (var rank = 0; rank < lines.RankCount; rank++)
        {
            var send = lines.Shared(lines.SendPs[rank], lines.SendPeers[rank], delayPs);
            var receive = lines.Shared(lines.ReceivePs[rank], lines.ReceivePeers[rank], delayPs);
            if (send > best) (best, bottleneck) = (send, $"send port of rank {rank}");
            if (receive > best) (best, bottleneck) = (receive, $"receive port of rank {rank}");
        }

        return new LowerBound(name, new SimTime(best), bottleneck);
    }
}
