using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>What one of several schedulers made.</summary>
/// <param name="Schedule">Its steps.</param>
/// <param name="Fabric">The fabric on which they are timed.</param>
/// <param name="Chosen">The method that made it, when the scheduler chooses among others.</param>
/// <param name="Reason">Why it was chosen, one sentence; null for methods that do not choose.</param>
public sealed record ScheduleRun(Schedule Schedule, Fabric Fabric, string? Chosen = null, string? Reason = null);

/// <summary>
/// Several schedulers on one problem, side by side. <c>hybrid</c> and <c>auto</c> look at what all others make; here they are handed it, so
/// every method runs once however many of these are asked.
/// </summary>
public static class ScheduleRuns
{
    /// <summary>One run per scheduler, in order.</summary>
    /// <param name="schedulers">Any of <see cref="Schedulers.All"/>.</param>
    /// <param name="floor">What <c>hybrid</c> and <c>auto</c> may choose among, and the <c>hybrid</c> that <c>auto</c> asks; usually <see cref="Schedulers.All"/>.</param>
    /// <param name="problem">The exchange, on the fabric that was asked for.</param>
    /// <param name="prng">Every method draws from its own stream, split by its name.</param>
    public static IReadOnlyList<ScheduleRun> Make(IReadOnlyList<IScheduler> schedulers, IReadOnlyList<IScheduler> floor, SchedulingProblem problem, Prng prng)
    {
        var made = new Dictionary<string, Schedule>();
        List<ScheduleCandidate>? candidates = null;
        ScheduleCandidate? hybrid = null;
        return [.. schedulers.Select(Run)];

        ScheduleRun Run(IScheduler scheduler)
        {
            if (scheduler is not AutoScheduler) return new ScheduleRun(Made(scheduler), scheduler.TimedOn(problem.Fabric));
            var choice = AutoScheduler.Choose(problem, [.. Floor(), Hybrid()]);
            return new ScheduleRun(choice.Chosen.Schedule with { Scheduler = scheduler.Name }, problem.Fabric, choice.Chosen.Name, choice.Reason);
        }

        Schedule Made(IScheduler scheduler) => scheduler is HybridScheduler own ? own.Schedule(problem, Floor(), prng.Split(own.Name)) : Once(scheduler);

        Schedule Once(IScheduler scheduler)
        {
            if (!made.TryGetValue(scheduler.Name, out var schedule))
                made[scheduler.Name] = schedule = scheduler.Schedule(problem with { Fabric = scheduler.TimedOn(problem.Fabric) }, prng.Split(scheduler.Name));
            return schedule;
        }

        List<ScheduleCandidate> Floor() => candidates ??= [.. Portfolio.Members(floor, problem).Select(m => Portfolio.Time(Once(m), problem))];

        ScheduleCandidate Hybrid() => hybrid ??= Portfolio.Time(Made(floor.Concat(Schedulers.All).OfType<HybridScheduler>().First()), problem);
    }
}
