using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Steps made for one circuit switch, spread over all planes of the fabric: longest first to the least loaded plane, then the longest step of
/// the fullest plane is cut in time where that evens the planes out (<see cref="PlanePacking"/>; arXiv 2603.07373). Within a plane the
/// given order is kept; what was cut off comes last. A fabric with one plane gets the steps as they are.
/// </summary>
internal static class PlaneSpread
{
    /// <param name="steps">Each a matching.</param>
    /// <param name="problem">Demand unit and fabric.</param>
    /// <param name="mayCut">False for methods that keep entries whole.</param>
    /// <param name="tightly">Exchange steps between planes before cutting (ours); otherwise as printed.</param>
    public static IReadOnlyList<Step> Over(IReadOnlyList<Step> steps, SchedulingProblem problem, bool mayCut, bool tightly = false)
    {
        var fabric = problem.Fabric;
        if (fabric.PlaneCount == 1 || steps.Count == 0) return steps;
        var (durations, tokenBytes) = (new long[steps.Count], problem.TokenBytes.Value);
        for (var m = 0; m < durations.Length; m++)
        {
            foreach (var t in steps[m].Transfers) durations[m] = Math.Max(durations[m], Ps(fabric, t, t.Tokens, tokenBytes));
            if (steps[m].Held is { } held) durations[m] = Math.Max(durations[m], Ps(fabric, held, held.Tokens, tokenBytes));
        }

        var delay = fabric.ReconfigurationDelay!.Value.Picoseconds;
        var parts = tightly
            ? PlanePacking.PackTightly(durations, delay, fabric.PlaneCount, mayCut)
            : PlanePacking.Pack(durations, delay, fabric.PlaneCount, mayCut);
        var spread = new List<Step>(parts.Count);
        foreach (var part in parts)
        {
            var step = steps[part.Job];
            var cut = part.From > 0 || part.Amount < durations[part.Job];
            var transfers = cut ? Part(step.Transfers, part, fabric, tokenBytes) : step.Transfers;
            var held = step.Held is { } h && cut ? Part([h], part, fabric, tokenBytes).FirstOrDefault() : step.Held ?? default;
            if (transfers.Length > 0) spread.Add(new Step(transfers, held.Tokens > 0 ? held : null, part.Plane));
        }

        return spread;
    }

    private static Transfer[] Part(Transfer[] transfers, JobPart part, Fabric fabric, long tokenBytes)
    {
        var pieces = new List<Transfer>(transfers.Length);
        foreach (var t in transfers)
        {
            var tokens = Before(fabric, t, part.From + part.Amount, tokenBytes) - Before(fabric, t, part.From, tokenBytes);
            if (tokens > 0) pieces.Add(t with { Tokens = tokens });
        }

        return [.. pieces];
    }

    // Tokens of a transfer that are over by a time: the most whose duration fits.
    private static long Before(Fabric fabric, Transfer t, long ps, long tokenBytes)
    {
        var all = Ps(fabric, t, t.Tokens, tokenBytes);
        if (ps >= all) return t.Tokens;
        var tokens = (long)((Int128)t.Tokens * ps / all);
        while (tokens > 0 && Ps(fabric, t, tokens, tokenBytes) > ps) tokens--;
        return tokens;
    }

    private static long Ps(Fabric fabric, Transfer t, long tokens, long tokenBytes) =>
        fabric.PairRate(t.Source, t.Target).TransferPs(checked(tokens * tokenBytes));
}
