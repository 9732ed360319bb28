using System.Numerics;
using Crossweave.Algorithms.Flow;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Core.Formats.Documents;

/// <summary>Adds to the steps of a document the flow that achieves their times on a two-way ring; leaves those of other fabrics alone.</summary>
internal static class RingShares
{
    /// <summary>Steps with the same times, of whatever phase, flow together. A linear program per step, as in <see cref="RingClock"/>.</summary>
    /// <param name="fabric">Any.</param>
    /// <param name="phases">The steps of each phase, changed in place, and the bytes of its tokens.</param>
    public static void AddTo(Fabric fabric, params (TimedStep[] Steps, Bytes TokenBytes)[] phases)
    {
        var n = fabric.RankCount;
        if (fabric.Ring is not { BothWays: true } ring || n == 1) return;
        var load = new RingLoad(n);
        foreach (var group in phases.SelectMany(p => p.Steps.Select((step, m) => (All: p.Steps, Index: m, Step: step, Bytes: p.TokenBytes.Value))).GroupBy(x => (x.Step.StartPs, x.Step.EndPs)))
        {
            var common = group.Aggregate(0L, (gcd, x) => (long)BigInteger.GreatestCommonDivisor(gcd, x.Bytes));
            // The clock of a layer may have counted bytes instead of tokens, which rounds the split elsewhere: the flow that keeps the time is right.
            var unit = Keeps(common, group.Key.EndPs - group.Key.StartPs) ? common : 1;
            if (unit == 1) Keeps(1, long.MaxValue);
            var left = load.Clockwise;
            foreach (var (all, index, step, bytes) in group)
            {
                var parts = load.Unit * (bytes / unit);
                all[index] = step with { Split = new RingSplit(parts, [.. step.Transfers.Select(t => Take(t, parts))]) };
            }

            // Solves for demands in units of so many bytes.
            bool Keeps(long unitBytes, long durationPs)
            {
                var demand = new long[load.Clockwise.Length];
                foreach (var (_, _, step, bytes) in group)
                    foreach (var t in step.Transfers)
                        demand[(t.Source * n) + t.Target] = checked(demand[(t.Source * n) + t.Target] + (t.Tokens * (bytes / unitBytes)));
                load.Solve(demand, ring.OfLink);
                return RingClock.LongestPs(load, ring.OfLink, unitBytes) <= durationPs;
            }

            long Take(Transfer t, long parts)
            {
                ref var rest = ref left[(t.Source * n) + t.Target];
                var taken = Math.Min(rest, t.Tokens * parts);
                rest -= taken;
                return taken;
            }
        }
    }
}
