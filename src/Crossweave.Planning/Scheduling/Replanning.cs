using Crossweave.Algorithms;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// A schedule for a matrix that differs in a few entries from the one a previous schedule carries, at a fraction of a fresh plan: the
/// previous steps stay, entries that fell are cut, entries that rose go where they lengthen the schedule least.
/// </summary>
/// <remarks>
/// <para>Guarantees. The result carries the new demand exactly, in matchings; entries stay whole when the previous schedule kept all
/// entries whole; unchanged demand gives the previous schedule back. Quality: the gap (duration / busiest port with one
/// reconfiguration per peer) is at most 1 + tolerance times the gap of the previous schedule, or else a fresh plan was made and the
/// shorter of the two is returned. Hence it is never longer than (1 + tolerance) times the previous gap times a fresh plan.</para>
/// <para>Fresh at once: steps that share ports or wait for local transfers, another number of ranks, more than a quarter of the
/// pairs changed. Cost O(transfers + n^2 + changed x steps). Ties: lowest step.</para>
/// <para>Drifts: a chain of re-plans may lose the tolerance at every link, because each is compared with the one before it. Plan
/// afresh now and then, or pass the first schedule of the chain.</para>
/// </remarks>
public static class Replanning
{
    /// <summary>Default loss of gap that is accepted before a fresh plan is made.</summary>
    public const double Tolerance = 0.05;

    /// <summary>Re-plans; a fresh plan comes from the scheduler that made the previous one, or greedy max-weight if it is not registered.</summary>
    public static Schedule Replan(Schedule previous, SchedulingProblem problem) => Replan(
        previous, problem, Schedulers.All.FirstOrDefault(s => s.Name == previous.Scheduler) ?? new GreedyMaxWeightScheduler(), new Prng(0));

    /// <param name="previous">Schedule of a similar demand on the same ranks.</param>
    /// <param name="problem">The new demand.</param>
    /// <param name="fresh">Plans when patching does not do.</param>
    /// <param name="prng">Handed to <paramref name="fresh"/>.</param>
    /// <param name="tolerance">Accepted relative loss of gap, at least 0.</param>
    public static Schedule Replan(Schedule previous, SchedulingProblem problem, IScheduler fresh, Prng prng, double tolerance = Tolerance)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tolerance);
        var patched = Patch(previous, problem, tolerance, out var good);
        if (good) return patched!;
        var plan = fresh.Schedule(problem, prng);
        return patched is not null && ReferenceEquals(fresh.TimedOn(problem.Fabric), problem.Fabric) && EndPs(patched, problem) < EndPs(plan, problem) ? patched : plan;
    }

    // Null when the previous schedule cannot be patched; good tells whether the gap stays within the tolerance.
    private static Schedule? Patch(Schedule previous, SchedulingProblem problem, double tolerance, out bool good)
    {
        good = false;
        var n = problem.Demand.RankCount;
        var runsInOrder = problem.Fabric is { PlaneCount: 1, ReconfiguresPartially: false };
        var times = runsInOrder && problem.Fabric.RankCount == n && StepTable.Fits(previous, n) ? ScheduleTiming.Time(previous, problem.Fabric, problem.TokenBytes) : null;
        if (times is null) return null;
        var table = StepTable.Read(previous, problem, times);
        var changes = Changes(table, problem);
        good = changes.Count == 0;
        if (good) return previous;
        if (changes.Count > n * n / 4) return null;

        var lines = new PairLines(problem, table.Carried);
        var before = lines.LongestPs();
        foreach (var (pair, _) in changes) lines.Change(pair, table.Carried[pair], problem.Demand.Cells[pair]);
        foreach (var (pair, _) in changes) table.Lower(pair, problem.Demand.Cells[pair]);
        foreach (var (pair, _) in changes) table.Raise(pair, problem.Demand.Cells[pair]);
        var patched = table.ToSchedule(previous);

        // end / bound <= (1 + tolerance) x previous end / previous bound, in doubles: a certificate needs no last digit here.
        var previousEnd = times.Length == 0 ? 0 : times[^1].EndPs;
        good = previousEnd > 0 && (double)EndPs(patched, problem) * before <= (1 + tolerance) * previousEnd * lines.LongestPs();
        return patched;
    }

    // Pairs whose demand changed, the longest first: large ones are hardest to fit.
    private static List<(int Pair, long Ps)> Changes(StepTable table, SchedulingProblem problem)
    {
        var n = problem.Demand.RankCount;
        var changes = new List<(int Pair, long Ps)>();
        var cells = problem.Demand.Cells;
        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
            {
                var pair = (source * n) + target;
                if (source == target || cells[pair] == table.Carried[pair]) continue;
                changes.Add((pair, table.PairPs(pair, cells[pair])));
            }

        changes.Sort((a, b) => a.Ps != b.Ps ? b.Ps.CompareTo(a.Ps) : a.Pair.CompareTo(b.Pair));
        return changes;
    }

    private static long EndPs(Schedule schedule, SchedulingProblem problem) =>
        schedule.Steps.Count == 0 ? 0 : ScheduleTiming.Time(schedule, problem.Fabric, problem.TokenBytes)[^1].EndPs;
}
