using Crossweave.Core.Layers;

namespace Crossweave.Core.Verification;

/// <summary>
/// The rules of ports: on circuit switches one peer at a time with the reconfiguration delay between peers and nothing during a
/// reconfiguration; on packet fabrics no set of transfers that must pass within an interval carries more than the port can.
/// </summary>
internal static class PortRules
{
    /// <summary>Starts and ends of paced transfers are whole picoseconds; both ends of an interval may be rounded.</summary>
    private const int RoundingPs = 2;

    public static void Check(Activity[] activities, LayerProblem problem, FindingList findings)
    {
        var fabric = problem.Fabric;
        var wires = activities.Where(a => a.Kind is ActivityKind.Dispatch or ActivityKind.Combine).ToArray();
        for (var rank = 0; rank < problem.Traffic.RankCount; rank++)
        {
            for (var plane = 0; plane < fabric.PlaneCount; plane++)
            {
                var sends = wires.Where(a => a.Rank == rank && a.Plane == plane).ToArray();
                var receives = wires.Where(a => a.Peer == rank && a.Plane == plane).ToArray();
                var port = fabric.PlaneCount == 1 ? $"port of rank {rank}" : $"port of rank {rank} on plane {plane}";
                if (fabric.ReconfigurationDelay is { } delay)
                {
                    Exclusive(sends, a => a.Peer, $"send {port}", delay.Picoseconds, findings);
                    Exclusive(receives, a => a.Rank, $"receive {port}", delay.Picoseconds, findings);
                }

                Bandwidth(sends, $"send {port}", fabric.SendRate(rank).BitsPerSecond / fabric.PlaneCount, problem, findings);
                Bandwidth(receives, $"receive {port}", fabric.ReceiveRate(rank).BitsPerSecond / fabric.PlaneCount, problem, findings);
            }
        }

        foreach (var a in wires) findings.Check((uint)a.Plane < (uint)fabric.PlaneCount, "plane", $"{a.Kind} {a.Rank} -> {a.Peer} at {a.StartPs}", $"0 to {fabric.PlaneCount - 1}", a.Plane);

        if (fabric.IsCircuitSwitched) DuringReconfiguration(activities, wires, findings);
    }

    private static void Exclusive(Activity[] wires, Func<Activity, int> peer, string port, long delayPs, FindingList findings)
    {
        for (var i = 0; i < wires.Length; i++)
        {
            var (previousEnd, same) = i == 0 ? (0L, false) : (wires[i - 1].EndPs, peer(wires[i - 1]) == peer(wires[i]));
            var where = $"{port} at {wires[i].StartPs}";
            if (wires[i].StartPs < previousEnd)
                findings.Add("one circuit per port", where, $"a start of at least {previousEnd}, when the transfer before ends", $"{wires[i].StartPs}");
            else if (!same)
                findings.Check(wires[i].StartPs - previousEnd >= delayPs, "reconfiguration delay", where, $"at least {delayPs} ps after {previousEnd}", wires[i].StartPs - previousEnd);
        }
    }

    private static void DuringReconfiguration(Activity[] activities, Activity[] wires, FindingList findings)
    {
        // Per group (a plane, and a sender or -1 for all), intervals by start with the largest end so far: an overlap exists exactly when the
        // intervals that start before the transfer ends reach beyond its start.
        var groups = activities.Where(a => a.Kind == ActivityKind.Reconfigure && a.EndPs > a.StartPs).GroupBy(a => (a.Rank, a.Plane)).ToDictionary(g => g.Key, g => g.ToArray());
        foreach (var ((rank, plane), pauses) in groups)
        {
            var starts = Array.ConvertAll(pauses, p => p.StartPs);
            var reach = Array.ConvertAll(pauses, p => p.EndPs);
            for (var i = 1; i < reach.Length; i++) reach[i] = Math.Max(reach[i], reach[i - 1]);
            foreach (var w in wires)
            {
                if (plane != w.Plane || (rank >= 0 && rank != w.Rank)) continue;
                var before = LowerIndex(starts, w.EndPs) - 1;
                if (before >= 0 && reach[before] > w.StartPs)
                    findings.Add("nothing flows during a reconfiguration", $"{w.Kind} {w.Rank} -> {w.Peer} from {w.StartPs}", $"no transfer before {reach[before]}", $"an end at {w.EndPs}");
            }
        }
    }

    // Number of sorted values below the limit.
    private static int LowerIndex(long[] sorted, long limit)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle] < limit) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    // For transfers with a start and an end, a port of constant rate can serve them exactly when for all a <= b the bytes of those
    // that lie within [a, b] fit. Only chains of overlapping transfers need the pairs of (a, b).
    private static void Bandwidth(Activity[] wires, string port, long rate, LayerProblem problem, FindingList findings)
    {
        for (var first = 0; first < wires.Length;)
        {
            var end = wires[first].EndPs;
            var last = first + 1;
            for (; last < wires.Length && wires[last].StartPs < end; last++) end = Math.Max(end, wires[last].EndPs);
            Chain(wires.AsSpan(first, last - first), port, rate, problem, findings);
            first = last;
        }
    }

    private static void Chain(ReadOnlySpan<Activity> chain, string port, long rate, LayerProblem problem, FindingList findings)
    {
        var byEnd = chain.ToArray();
        Array.Sort(byEnd, (a, b) => a.EndPs.CompareTo(b.EndPs));
        var start = -1L;
        foreach (var from in chain)
        {
            if (from.StartPs == start) continue;
            start = from.StartPs;
            Int128 bytes = 0;
            foreach (var a in byEnd)
            {
                if (a.StartPs < start) continue;
                bytes += (Int128)a.Tokens * (a.Kind == ActivityKind.Dispatch ? problem.Traffic.DispatchCopyBytes : problem.Traffic.CombineCopyBytes).Value;
                var need = Wire.LeastPs(bytes, rate);
                if (a.EndPs - start + RoundingPs >= need) continue;
                findings.Add("bandwidth", $"{port} from {start} to {a.EndPs}", $"at least {need} ps for {bytes} bytes", $"{a.EndPs - start}");
                return;
            }
        }
    }
}
