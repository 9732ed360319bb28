using Crossweave.Algorithms.Flow;
using Crossweave.Core.Fabrics;

namespace Crossweave.Core.Scheduling;

/// <summary>
/// How long the transfers of one step take on a static ring when every pair may split over both ways: the least possible time of the
/// busiest link (<see cref="RingLoad"/>), with splits down to 2^-20 of a token and the result rounded up to a picosecond. On a one-way
/// ring there is no choice.
/// </summary>
internal sealed class RingClock(Fabric fabric, long tokenBytes)
{
    private const long PicosecondsTimesBits = 8_000_000_000_000;

    private readonly RingRates _rates = fabric.Ring!;
    private readonly long[] _demand = new long[fabric.RankCount * fabric.RankCount];
    private readonly RingLoad? _load = fabric.Ring!.BothWays && fabric.RankCount > 1 ? new RingLoad(fabric.RankCount) : null;

    public long DurationPs(Step step)
    {
        var n = fabric.RankCount;
        Array.Clear(_demand);
        foreach (var t in step.Transfers) _demand[(t.Source * n) + t.Target] = checked(_demand[(t.Source * n) + t.Target] + t.Tokens);
        if (_load is null) return OneWayPs();
        _load.Solve(_demand, _rates.OfLink);
        return LongestPs(_load, _rates.OfLink, tokenBytes);
    }

    /// <summary>Time of the busiest link of a solved flow, rounded up.</summary>
    public static long LongestPs(RingLoad load, long[] rateOfLink, long tokenBytes)
    {
        UInt128 longest = 0;
        for (var e = 0; e < load.Load.Length; e++)
        {
            var divisor = (UInt128)(ulong)rateOfLink[e] * (ulong)load.Unit;
            var bytes = checked((UInt128)(ulong)load.Load[e] * (ulong)tokenBytes);
            var (whole, rest) = UInt128.DivRem(bytes, divisor); // in two parts: the product with 8 x 10^12 may not fit
            var ps = checked((whole * PicosecondsTimesBits) + (((rest * PicosecondsTimesBits) + divisor - 1) / divisor));
            longest = UInt128.Max(longest, ps);
        }

        return checked((long)longest);
    }

    private long OneWayPs()
    {
        var n = fabric.RankCount;
        var change = new long[n + 1]; // of the load from one link to the next
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
            {
                var tokens = _demand[(s * n) + t];
                if (s == t || tokens == 0) continue;
                change[s] += tokens;
                change[t] -= tokens;
                if (t < s) change[0] += tokens;
            }

        var (load, longest) = (0L, 0L);
        for (var k = 0; k < n; k++)
        {
            load = checked(load + change[k]);
            longest = Math.Max(longest, new Units.Bandwidth(_rates.OfLink[k]).TransferPs(checked(load * tokenBytes)));
        }

        return longest;
    }
}
