using Crossweave.Algorithms;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Layers;

/// <summary>Makes the schedules of all exchanges of a layer with one scheduler.</summary>
public static class LayerSchedules
{
    /// <summary>The problem as the scheduler's steps must be evaluated: on <see cref="IScheduler.TimedOn"/>.</summary>
    public static LayerProblem ProblemFor(IScheduler scheduler, LayerProblem problem) =>
        scheduler.TimedOn(problem.Fabric) is var fabric && ReferenceEquals(fabric, problem.Fabric) ? problem : problem with { Fabric = fabric };

    /// <summary>
    /// Every dispatch exchange is scheduled. A combine exchange that is the transpose of its dispatch exchange takes the dispatch steps
    /// transposed, in the same order, so that step m returns what step m brought (scheduling spec 2.3); any other is scheduled itself.
    /// Evaluate the result with <see cref="ProblemFor"/>.
    /// </summary>
    public static LayerSchedule Build(IScheduler scheduler, LayerProblem problem, Prng prng)
    {
        var traffic = problem.Traffic;
        var fabric = scheduler.TimedOn(problem.Fabric);
        var dispatch = new Schedule[traffic.Dispatch.Count];
        for (var x = 0; x < dispatch.Length; x++)
            dispatch[x] = Make(traffic.Dispatch[x].Copies, traffic.DispatchCopyBytes, prng.Split("dispatch").Split(x));
        var combine = new Schedule[traffic.Combine.Count];
        for (var c = 0; c < combine.Length; c++)
        {
            var mirrored = dispatch.Length - 1 - c;
            combine[c] = mirrored >= 0 && IsTranspose(traffic.Dispatch[mirrored].Copies, traffic.Combine[c].Copies)
                ? Transpose(dispatch[mirrored])
                : Make(traffic.Combine[c].Copies, traffic.CombineCopyBytes, prng.Split("combine").Split(c));
        }

        return new LayerSchedule(dispatch, combine);

        Schedule Make(TrafficMatrix demand, Bytes tokenBytes, Prng stream) => scheduler.Schedule(new SchedulingProblem(demand, tokenBytes, fabric), stream);
    }

    /// <summary>Every transfer turned around, same steps, same order.</summary>
    public static Schedule Transpose(Schedule schedule) =>
        schedule with { Steps = [.. schedule.Steps.Select(s => new Step(Array.ConvertAll(s.Transfers, t => new Transfer(t.Target, t.Source, t.Tokens)), s.Held, s.Plane))] };

    // Off the diagonal: local traffic is never scheduled.
    private static bool IsTranspose(TrafficMatrix a, TrafficMatrix b)
    {
        for (var s = 0; s < a.RankCount; s++)
            for (var t = 0; t < a.RankCount; t++)
                if (s != t && a[s, t] != b[t, s])
                    return false;
        return true;
    }
}
