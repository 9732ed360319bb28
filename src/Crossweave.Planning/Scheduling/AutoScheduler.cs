using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Scheduling;

/// <summary>Which scheduler suits a problem, and why.</summary>
/// <param name="Chosen">The shortest candidate.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Candidates">Everything that was tried, in registration order.</param>
public sealed record ScheduleChoice(ScheduleCandidate Chosen, string Reason, IReadOnlyList<ScheduleCandidate> Candidates);

/// <summary>
/// Tries every scheduler that runs on the fabric of the problem and takes the one whose schedule, run alone, ends first. Ties: fewer steps,
/// then registration order, so a published method is named when the hybrid only repeats it.
/// </summary>
/// <remarks>
/// Cost: the sum of all. It looks at the exchange alone, not at compute behind it; the layer planner does that. Above 256 ranks only the
/// cheapest take part.
/// </remarks>
/// <param name="members">The candidates; all registered ones when null.</param>
public sealed class AutoScheduler(IReadOnlyList<IScheduler>? members = null) : IScheduler
{
    public string Name => "auto";

    public string Summary => "the best of all schedulers for this very exchange, and why";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => Choose(problem, prng).Chosen.Schedule with { Scheduler = Name };

    /// <summary>The choice with its reason and the table behind it. The chosen schedule carries the name of its maker.</summary>
    public ScheduleChoice Choose(SchedulingProblem problem, Prng prng)
    {
        var all = members ?? Schedulers.All;
        var tried = Portfolio.Evaluate(all, problem, prng);
        var candidates = new List<ScheduleCandidate>(tried);
        foreach (var hybrid in all.OfType<HybridScheduler>())
            candidates.Add(Portfolio.Time(hybrid.Schedule(problem, tried, prng.Split(hybrid.Name)), problem));
        return Choose(problem, candidates);
    }

    /// <summary>The choice among what was made already.</summary>
    internal static ScheduleChoice Choose(SchedulingProblem problem, IReadOnlyList<ScheduleCandidate> candidates)
    {
        var chosen = Portfolio.Best(candidates) ?? throw new InvalidOperationException("no scheduler runs on this fabric");
        return new ScheduleChoice(chosen, Reason(chosen, candidates, problem), candidates);
    }

    private static string Reason(ScheduleCandidate chosen, IReadOnlyList<ScheduleCandidate> candidates, SchedulingProblem problem)
    {
        if (chosen.Schedule.Steps.Count == 0) return "nothing is sent";
        var bound = new PortLines(problem.Demand, problem.Fabric, problem.TokenBytes).LongestPs();
        var text = $"{chosen.Name} ends first of {candidates.Count}: {new SimTime(chosen.MakespanPs)} in {chosen.Schedule.Steps.Count} steps, "
            + (chosen.MakespanPs <= bound ? "exactly the lower bound" : $"{Percent(chosen.MakespanPs, bound)} above the lower bound");
        var equal = candidates.Where(c => c != chosen && c.MakespanPs == chosen.MakespanPs).Select(c => c.Name).ToList();
        if (equal.Count > 0) text += $"; equal but with more steps or later in the list: {string.Join(", ", equal)}";
        var next = Portfolio.Best(candidates.Where(c => c.MakespanPs > chosen.MakespanPs));
        return next is null ? text : text + $"; next is {next.Name}, {Percent(next.MakespanPs, chosen.MakespanPs)} longer";
    }

    private static string Percent(long value, long of) => $"{100.0 * (value - of) / of:F1} %";
}
