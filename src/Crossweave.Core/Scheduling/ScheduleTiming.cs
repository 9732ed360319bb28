using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;

namespace Crossweave.Core.Scheduling;

/// <summary>Times of a schedule that runs alone, every step as early as <see cref="StepClock"/> allows.</summary>
public static class ScheduleTiming
{
    /// <param name="schedule">Ordered steps.</param>
    /// <param name="fabric">Ports, planes and delay.</param>
    /// <param name="tokenBytes">Bytes of one token on the wire.</param>
    /// <param name="startPs">When the first reconfiguration may begin.</param>
    /// <returns>One entry per step, in order. O(transfers + steps x ranks).</returns>
    public static StepTime[] Time(Schedule schedule, Fabric fabric, Bytes tokenBytes, long startPs = 0)
    {
        var clock = new StepClock(fabric, tokenBytes, startPs);
        var times = new StepTime[schedule.Steps.Count];
        for (var m = 0; m < times.Length; m++) times[m] = clock.Play(schedule.Steps[m]);
        return times;
    }

    /// <summary>End of the last step when the schedule starts at 0.</summary>
    public static long MakespanPs(Schedule schedule, Fabric fabric, Bytes tokenBytes)
    {
        var clock = new StepClock(fabric, tokenBytes);
        foreach (var step in schedule.Steps) clock.Play(step);
        return clock.EndPs;
    }
}
