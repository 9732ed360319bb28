using Crossweave.Core.Fabrics;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// What every port must do in one exchange. On a packet fabric a port needs its bytes over its own rate. On a circuit fabric it serves
/// one peer at a time on each plane, each at the rate of the pair, and each new peer costs one reconfiguration (scheduling spec 7.2 and LB1
/// of 7.3; cutting a transfer only adds rounding, so the sums hold for every schedule). Local traffic needs no port. O(ranks^2).
/// </summary>
public sealed class PortLines
{
    /// <param name="copies">Tokens per pair.</param>
    /// <param name="fabric">Ports and delay.</param>
    /// <param name="copyBytes">Bytes of one token on the wire.</param>
    public PortLines(TrafficMatrix copies, Fabric fabric, Bytes copyBytes)
    {
        var n = copies.RankCount;
        if (fabric.RankCount != n) throw new ArgumentException("fabric and traffic have different ranks");
        (SendPs, ReceivePs, SendPeers, ReceivePeers) = (new long[n], new long[n], new int[n], new int[n]);
        DelayPs = fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        PlaneCount = fabric.PlaneCount;
        for (var source = 0; source < n; source++)
        {
            for (var target = 0; target < n; target++)
            {
                var tokens = copies[source, target];
                if (tokens == 0 || source == target) continue;
                var bytes = checked(tokens * copyBytes.Value);
                var cost = fabric.IsCircuitSwitched ? fabric.PairRate(source, target).TransferPs(bytes) : bytes;
                SendPs[source] = checked(SendPs[source] + cost);
                ReceivePs[target] = checked(ReceivePs[target] + cost);
                SendPeers[source]++;
                ReceivePeers[target]++;
            }
        }

        if (fabric.IsCircuitSwitched) return;
        for (var rank = 0; rank < n; rank++)
        {
            SendPs[rank] = fabric.SendRate(rank).TransferPs(SendPs[rank]);
            ReceivePs[rank] = fabric.ReceiveRate(rank).TransferPs(ReceivePs[rank]);
        }
    }

    public int RankCount => SendPs.Length;

    /// <summary>Busy time of each send port, without reconfigurations.</summary>
    public long[] SendPs { get; }

    /// <summary>Busy time of each receive port, without reconfigurations.</summary>
    public long[] ReceivePs { get; }

    /// <summary>Targets of each rank.</summary>
    public int[] SendPeers { get; }

    /// <summary>Sources of each rank.</summary>
    public int[] ReceivePeers { get; }

    /// <summary>Dead time per configuration; 0 on packet fabrics.</summary>
    public long DelayPs { get; }

    /// <summary>Circuit switches that share the work of a port.</summary>
    public int PlaneCount { get; }

    /// <summary>LB1 of the send port: busy time plus one reconfiguration per peer (and at least one per plane), shared by the planes.</summary>
    public long SendWithDelayPs(int rank) => Shared(SendPs[rank], SendPeers[rank], DelayPs);

    /// <summary>LB1 of the receive port.</summary>
    public long ReceiveWithDelayPs(int rank) => Shared(ReceivePs[rank], ReceivePeers[rank], DelayPs);

    internal long Shared(long busyPs, int peers, long delayPs) =>
        peers == 0 ? 0 : (checked(busyPs + (delayPs * Math.Max(peers, PlaneCount))) + PlaneCount - 1) / PlaneCount;

    /// <summary>The largest LB1 over all ports: no schedule of this exchange is shorter.</summary>
    public long LongestPs()
    {
        var longest = 0L;
        for (var rank = 0; rank < RankCount; rank++) longest = Math.Max(longest, Math.Max(SendWithDelayPs(rank), ReceiveWithDelayPs(rank)));
        return longest;
    }
}
