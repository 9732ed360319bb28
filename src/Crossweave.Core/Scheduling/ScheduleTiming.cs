using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;

namespace Crossweave.Core.Scheduling;

/// <summary>
/// Times of the steps of a schedule that runs back to back with a barrier after each step. A step lasts as long as its busiest
/// port: for a matching that is its longest transfer (pairs that finish early idle), for a step with shared ports it is what
/// constant paced rates d / T reach (deployment spec section 3.3). A circuit switch pays its delay before every step whose
/// configuration differs from the one before.
/// </summary>
public static class ScheduleTiming
{
    /// <param name="schedule">Ordered steps.</param>
    /// <param name="fabric">Ports and delay.</param>
    /// <param name="tokenBytes">Bytes of one token on the wire.</param>
    /// <param name="startPs">When the first reconfiguration may begin.</param>
    /// <returns>One entry per step, in order. O(transfers).</returns>
    public static StepTime[] Time(Schedule schedule, Fabric fabric, Bytes tokenBytes, long startPs = 0)
    {
        var times = new StepTime[schedule.Steps.Count];
        var now = startPs;
        Step? previous = null;
        for (var m = 0; m < times.Length; m++)
        {
            var step = schedule.Steps[m];
            var start = now + ReconfigurationPs(previous, step, fabric);
            now = checked(start + DurationPs(step, fabric, tokenBytes));
            times[m] = new StepTime(start, now);
            previous = step;
        }

        return times;
    }

    /// <summary>Time on the wire of one step, without reconfiguration. O(transfers + ranks).</summary>
    public static long DurationPs(Step step, Fabric fabric, Bytes tokenBytes) => DurationPs(step, fabric, tokenBytes, out _);

    /// <summary>The same, and whether some port serves more than one transfer (never the case for a matching).</summary>
    public static long DurationPs(Step step, Fabric fabric, Bytes tokenBytes, out bool sharesPorts)
    {
        var n = fabric.RankCount;
        Span<long> sent = n <= 256 ? stackalloc long[n] : new long[n];
        Span<long> received = n <= 256 ? stackalloc long[n] : new long[n];
        var slowest = new Slowest();
        sharesPorts = false;
        foreach (var t in step.Transfers)
        {
            var bytes = checked(t.Tokens * tokenBytes.Value);
            sharesPorts |= (sent[t.Source] | received[t.Target]) != 0;
            sent[t.Source] = checked(sent[t.Source] + bytes);
            received[t.Target] = checked(received[t.Target] + bytes);
            slowest.Add(fabric.PairRate(t.Source, t.Target), bytes);
        }

        if (step.Held is { } held) slowest.Add(fabric.PairRate(held.Source, held.Target), checked(held.Tokens * tokenBytes.Value));

        // With one transfer per port the slower port of the longest pair has been counted already.
        if (!sharesPorts) return slowest.Ps;
        foreach (var t in step.Transfers)
        {
            slowest.Add(fabric.SendRate(t.Source), sent[t.Source]);
            slowest.Add(fabric.ReceiveRate(t.Target), received[t.Target]);
        }

        return slowest.Ps;
    }

    /// <summary>The delay before <paramref name="next"/>: 0 on packet fabrics and when the same pairs stay connected.</summary>
    public static long ReconfigurationPs(Step? previous, Step next, Fabric fabric)
    {
        if (fabric.ReconfigurationDelay is not { } delay) return 0;
        return previous is not null && Covers(previous, next) ? 0 : delay.Picoseconds;
    }

    // The circuits of the next step are all up already.
    private static bool Covers(Step previous, Step next)
    {
        foreach (var t in next.Transfers)
        {
            var found = false;
            foreach (var p in previous.Transfers) found |= p.Source == t.Source && p.Target == t.Target;
            if (!found) return false;
        }

        return true;
    }

    // The longest of several transfers; the division is skipped for those that are smaller and not on a slower port.
    private struct Slowest
    {
        private long _rate;
        private long _bytes;

        public long Ps { get; private set; }

        public void Add(Bandwidth rate, long bytes)
        {
            if (bytes <= _bytes && rate.BitsPerSecond >= _rate) return;
            var ps = rate.TransferPs(bytes);
            if (ps <= Ps) return;
            (_rate, _bytes, Ps) = (rate.BitsPerSecond, bytes, ps);
        }
    }
}
