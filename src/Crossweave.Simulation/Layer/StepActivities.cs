using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Simulation.Layer;

internal static class StepActivities
{
    /// <summary>
    /// The dead time before the step just played: of the whole fabric (rank -1) or, with partial reconfiguration, of each new circuit's
    /// sender.
    /// </summary>
    public static void Reconfigurations(List<Activity> activities, StepClock clock, Step step, StepTime time, int stepIndex)
    {
        var delay = clock.ReconfigurationPs;
        if (delay == 0) return;
        if (!clock.ChangesPortsAlone)
        {
            activities.Add(new Activity(ActivityKind.Reconfigure, -1, -1, time.StartPs - delay, time.StartPs, 0, stepIndex, step.Plane));
            return;
        }

        for (var i = 0; i < step.Transfers.Length; i++)
            if (clock.IsNewCircuit(i))
                activities.Add(new Activity(ActivityKind.Reconfigure, step.Transfers[i].Source, -1, clock.Transfers[i].StartPs - delay, clock.Transfers[i].StartPs, 0, stepIndex, step.Plane));
    }
}
