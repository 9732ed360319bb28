using Crossweave.Algorithms.Flow;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Least time of an exchange on a static ring, by weak duality: whatever prices the links have, every token pays at least the cheaper of
/// its two ways, and in time T the links carry at most rate x T; so T is at least sum of cheapest payments over sum of rate x price
/// (scheduling spec 4; a cut of two links is the case of two prices). Valid for any prices; those of <see cref="RingLoad"/> make it tight
/// to a picosecond or so. One way only: the busiest link.
/// </summary>
public static class RingBound
{
    public static LowerBound Of(SchedulingProblem problem)
    {
        var (demand, fabric) = (problem.Demand, problem.Fabric);
        var ring = fabric.Ring ?? throw new ArgumentException("not a ring");
        var n = demand.RankCount;
        if (n == 1) return new LowerBound("ring", SimTime.Zero, "none") { LinkPrices = new long[ring.OfLink.Length] };
        var prices = new long[2 * n];
        if (ring.BothWays)
        {
            var load = new RingLoad(n);
            load.Solve(demand.Cells, ring.OfLink);
            load.Price.CopyTo(prices, 0);
            return new LowerBound("ring", new SimTime(FloorPs(demand.Cells, n, prices, ring.OfLink, problem.TokenBytes)), Name(prices)) { LinkPrices = prices };
        }

        var (best, busiest) = (0L, 0);
        for (var k = 0; k < n; k++)
        {
            Array.Fill(prices, long.MaxValue / (4 * n), n, n); // the way back does not exist
            Array.Clear(prices, 0, n);
            prices[k] = 1;
            var tokens = RingLoad.PricedDemand(demand.Cells, n, prices);
            var ps = new Bandwidth(ring.OfLink[k]).TransferPs(checked((long)tokens * problem.TokenBytes.Value));
            if (ps > best) (best, busiest) = (ps, k);
        }

        var certificate = new long[n];
        certificate[busiest] = 1;
        return new LowerBound("ring", new SimTime(best), $"link {busiest} to {(busiest + 1) % n}") { LinkPrices = certificate };
    }

    private static long FloorPs(ReadOnlySpan<long> demand, int n, long[] prices, long[] rates, Bytes tokenBytes)
    {
        var paid = (System.Numerics.BigInteger)RingLoad.PricedDemand(demand, n, prices) * tokenBytes.Value * 8_000_000_000_000;
        System.Numerics.BigInteger capacity = 0;
        for (var e = 0; e < prices.Length; e++) capacity += (System.Numerics.BigInteger)rates[e] * prices[e];
        return capacity.IsZero ? 0 : (long)(paid / capacity);
    }

    private static string Name(long[] prices)
    {
        var n = prices.Length / 2;
        var named = new List<string>();
        for (var e = 0; e < prices.Length; e++)
            if (prices[e] > 0)
                named.Add(e < n ? $"{e} to {(e + 1) % n}" : $"{(e - n + 1) % n} to {e - n}");
        return named.Count == 0 ? "none" : $"links {string.Join(", ", named.Take(4))}{(named.Count > 4 ? $" and {named.Count - 4} more" : "")}";
    }
}
