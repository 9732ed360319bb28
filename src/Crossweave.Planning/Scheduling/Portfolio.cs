using Crossweave.Algorithms;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>What a scheduler makes of a problem.</summary>
/// <param name="Name">Registered name of the scheduler.</param>
/// <param name="Schedule">Its steps.</param>
/// <param name="MakespanPs">Their end, run alone.</param>
public sealed record ScheduleCandidate(string Name, Schedule Schedule, long MakespanPs);

/// <summary>Several schedulers on one problem.</summary>
internal static class Portfolio
{
    /// <summary>Above this many ranks only the two cheapest methods are asked; the others take minutes there.</summary>
    public const int AllUpTo = 256;

    /// <summary>
    /// Those that compete, in order. Left out: schedulers that choose among others, and those that are not timed on the fabric of the
    /// problem itself (their times do not compare).
    /// </summary>
    public static IEnumerable<IScheduler> Members(IReadOnlyList<IScheduler> schedulers, SchedulingProblem problem) => schedulers.Where(s =>
        s is not HybridScheduler and not AutoScheduler && ReferenceEquals(s.TimedOn(problem.Fabric), problem.Fabric)
        && (problem.Demand.RankCount <= AllUpTo || s is GreedyMaxWeightScheduler or ShiftedScheduler));

    /// <summary>One candidate per member, in order.</summary>
    public static List<ScheduleCandidate> Evaluate(IReadOnlyList<IScheduler> schedulers, SchedulingProblem problem, Prng prng) =>
        [.. Members(schedulers, problem).Select(m => Time(m.Schedule(problem, prng.Split(m.Name)), problem))];

    public static ScheduleCandidate Time(Schedule schedule, SchedulingProblem problem) =>
        new(schedule.Scheduler, schedule, ScheduleTiming.MakespanPs(schedule, problem.Fabric, problem.TokenBytes));

    /// <summary>Shortest, then fewest steps, then first; null when there is none.</summary>
    public static ScheduleCandidate? Best(IEnumerable<ScheduleCandidate> candidates)
    {
        ScheduleCandidate? best = null;
        foreach (var c in candidates)
            if (best is null || (c.MakespanPs, c.Schedule.Steps.Count).CompareTo((best.MakespanPs, best.Schedule.Steps.Count)) < 0)
                best = c;
        return best;
    }
}
