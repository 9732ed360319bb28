using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Bounds;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;
using Crossweave.Planning;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// One exchange, planned and timed, as a document. Schedules that share ports are timed on the packet twin of the fabric; the document
/// names the fabric used. Where there was a choice, it says what was chosen and why.
/// </summary>
internal static class PlannedExchange
{
    /// <summary>Every method runs once, also those that the others choose among.</summary>
    /// <param name="schedulers">One document each.</param>
    /// <param name="floor">What hybrid and auto choose among.</param>
    /// <param name="problem">The exchange.</param>
    /// <param name="prng">Split by name.</param>
    public static IEnumerable<ScheduleDocument> Fresh(IReadOnlyList<IScheduler> schedulers, IReadOnlyList<IScheduler> floor, SchedulingProblem problem, Prng prng) =>
        schedulers.Zip(ScheduleRuns.Make(schedulers, floor, problem, prng), (scheduler, run) =>
            Document(run.Schedule, problem with { Fabric = run.Fabric }, scheduler.KeepsEntriesWhole) with { Chosen = run.Chosen, Reason = run.Reason });

    /// <summary>The previous schedule patched for the new traffic, or a fresh one where patching does not do (<see cref="Replanning"/>).</summary>
    /// <param name="previous">Of the same ranks.</param>
    /// <param name="scheduler">Makes the fresh plan.</param>
    /// <param name="problem">The new traffic.</param>
    /// <param name="prng">For the fresh plan.</param>
    public static ScheduleDocument Again(Schedule previous, IScheduler scheduler, SchedulingProblem problem, Prng prng)
    {
        var used = problem with { Fabric = scheduler.TimedOn(problem.Fabric) };
        if (previous.Steps.Any(s => s.Plane >= used.Fabric.PlaneCount || s.Transfers.Any(t => t.Via >= 0)))
            return Fresh([scheduler], Schedulers.All, problem, prng).Single() with { Reason = "planned afresh: the previous schedule has relays or uses other switches" };
        var schedule = Replanning.Replan(previous, used, scheduler, prng.Split(scheduler.Name));
        var stayed = Stayed(previous, schedule);
        var reason = $"{stayed} of the {previous.Steps.Count} steps of the previous schedule stayed as they were; {schedule.Steps.Count} steps now";
        return Document(schedule, used, IsWhole(schedule)) with { Reason = reason };
    }

    /// <summary>The schedule of one exchange in a file, checked to be for so many ranks.</summary>
    public static ScheduleDocument ReadPrevious(string path, int ranks)
    {
        var document = ScheduleDocument.Read(path);
        if (document.RankCount != ranks) throw InputException.At($"--previous: {path}: ranks", $"{document.RankCount}", $"the {ranks} ranks of the matrix");
        return document.Layer is null ? document : throw InputException.At($"--previous: {path}", "a whole layer", "the schedule of one exchange");
    }

    /// <summary>A schedule timed on the fabric of the problem; whether no entry is cut decides which bounds apply.</summary>
    public static ScheduleDocument Document(Schedule schedule, SchedulingProblem used, bool keepsEntriesWhole) =>
        ScheduleDocument.From(schedule, ScheduleTiming.Time(schedule, used.Fabric, used.TokenBytes), used, ScheduleBounds.For(used, keepsEntriesWhole));

    // Steps that occur in both, in the same order: the longest common subsequence would be finer, but patches never reorder.
    private static int Stayed(Schedule previous, Schedule now)
    {
        var (stayed, at) = (0, 0);
        foreach (var step in now.Steps)
        {
            var found = at;
            while (found < previous.Steps.Count && !SameTransfers(previous.Steps[found], step)) found++;
            if (found == previous.Steps.Count) continue;
            (stayed, at) = (stayed + 1, found + 1);
        }

        return stayed;
    }

    private static bool SameTransfers(Step a, Step b) =>
        a.Plane == b.Plane && a.Transfers.Length == b.Transfers.Length && new HashSet<Transfer>(a.Transfers).SetEquals(b.Transfers);

    /// <summary>No entry is cut.</summary>
    public static bool IsWhole(Schedule schedule)
    {
        var pairs = new HashSet<(int, int)>();
        return schedule.Steps.All(step => step.Transfers.All(t => pairs.Add((t.Source, t.Target))));
    }
}
