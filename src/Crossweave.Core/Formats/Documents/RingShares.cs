using Crossweave.Algorithms.Flow;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>Adds to the steps of a document the flow that achieves their times on a two-way ring; leaves those of other fabrics alone.</summary>
internal static class RingShares
{
    /// <summary>Steps with the same times, of whatever phase, flow together. A linear program per step, as in <see cref="RingClock"/>.</summary>
    public static void AddTo(SchedulingProblem problem, params TimedStep[][] phases)
    {
        var n = problem.Fabric.RankCount;
        if (problem.Fabric.Ring is not { BothWays: true } ring || n == 1) return;
        var load = new RingLoad(n);
        foreach (var group in phases.SelectMany((steps, phase) => steps.Select((step, m) => (Phase: phase, Index: m, Step: step))).GroupBy(x => (x.Step.StartPs, x.Step.EndPs)))
        {
            var transfers = group.SelectMany(x => x.Step.Transfers).ToArray();
            var parts = Solve(load, ring.OfLink, transfers, problem.TokenBytes.Value, group.Key.EndPs - group.Key.StartPs);
            var left = load.Clockwise;
            foreach (var (phase, index, step) in group) phases[phase][index] = step with { Split = new RingSplit(parts, [.. step.Transfers.Select(Take)]) };

            long Take(Transfer t)
            {
                ref var rest = ref left[(t.Source * n) + t.Target];
                var taken = Math.Min(rest, t.Tokens * parts);
                rest -= taken;
                return taken;
            }
        }
    }

    // The clock of a layer may have counted bytes instead of tokens, which rounds the split elsewhere: the flow that keeps the time is right.
    private static long Solve(RingLoad load, long[] rateOfLink, Transfer[] transfers, long tokenBytes, long durationPs)
    {
        var demand = new long[load.Clockwise.Length];
        var n = rateOfLink.Length / 2;
        foreach (var t in transfers) demand[(t.Source * n) + t.Target] += t.Tokens;
        load.Solve(demand, rateOfLink);
        if (RingClock.LongestPs(load, rateOfLink, tokenBytes) <= durationPs) return load.Unit;
        load.Solve(Array.ConvertAll(demand, tokens => checked(tokens * tokenBytes)), rateOfLink);
        return load.Unit * tokenBytes;
    }
}
