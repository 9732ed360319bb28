using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Bounds of one line (row or column) on s parallel circuit planes, arXiv 2603.07373 in scheduling spec 7.3. Weights and delay in the
/// same integer unit; results are rounded up, which stays valid because every duration is a whole number of units.
/// </summary>
public static class PlaneBounds
{
    /// <summary>LB2 of the busiest port, LB1 where LB2 does not apply. Circuit fabrics only; partial reconfiguration included. O(ranks^2 log ranks). Tie: lowest rank, send first.</summary>
    public static LowerBound Split(SchedulingProblem problem)
    {
        var (demand, fabric) = (problem.Demand, problem.Fabric);
        if (fabric.ReconfigurationDelay is not { } delay) throw new ArgumentException("planes are circuit switches");
        var (best, bottleneck) = (-1L, "none");
        var line = new long[demand.RankCount];
        for (var rank = 0; rank < line.Length; rank++)
        {
            for (var peer = 0; peer < line.Length; peer++) line[peer] = EntryPs(rank, peer);
            Take($"send port of rank {rank}");
            for (var peer = 0; peer < line.Length; peer++) line[peer] = EntryPs(peer, rank);
            Take($"receive port of rank {rank}");
        }

        return new LowerBound("reconfiguration-split", new SimTime(best), bottleneck);

        void Take(string port)
        {
            var ps = Lb2(line, delay.Picoseconds, fabric.PlaneCount);
            if (ps > best) (best, bottleneck) = (ps, port);
        }

        long EntryPs(int source, int target) => source == target || demand[source, target] == 0
            ? 0
            : fabric.PairRate(source, target).TransferPs(checked(demand[source, target] * problem.TokenBytes.Value));
    }

    /// <summary>
    /// LB1 = (w + delay x max(k, s)) / s: the planes share the load w, every element needs a configuration of its own, and no plane
    /// starts without one. (A line with no element needs nothing.)
    /// </summary>
    public static long Lb1(ReadOnlySpan<long> line, long delay, int planes)
    {
        var (load, count) = Measure(line);
        return count == 0 ? 0 : CeilingDivide(checked(load + (delay * Math.Max(count, planes))), planes);
    }

    /// <summary>
    /// LB2, only for lines with exactly s elements (otherwise LB1): either each plane serves one element whole, or one element is cut
    /// and the planes pay s + 1 configurations, or m elements are. O(k log k + s^2).
    /// </summary>
    public static long Lb2(ReadOnlySpan<long> line, long delay, int planes)
    {
        var (load, count) = Measure(line);
        if (count != planes) return Lb1(line, delay, planes);
        var sorted = line.ToArray();
        Array.Sort(sorted);
        Array.Reverse(sorted);
        long Element(int t) => t <= count ? sorted[t - 1] : 0; // x_t, 1-based, 0 beyond the line
        var best = Math.Min(Element(1), Math.Max(Math.Max(Element(2), CeilingDivide(load + delay, planes)), Element(planes) + delay));
        for (var m = 2; m <= planes * planes; m++)
        {
            var shared = CeilingDivide(checked(load + (m * delay)), planes);
            if (shared >= best) break; // grows with m
            best = Math.Min(best, Math.Max(Element(m + 1), shared));
        }

        return checked(delay + best);
    }

    private static (long Load, int Count) Measure(ReadOnlySpan<long> line)
    {
        var (load, count) = (0L, 0);
        foreach (var x in line)
        {
            load = checked(load + x);
            if (x > 0) count++;
        }

        return (load, count);
    }

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
