using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// All combine steps in order after the dispatch. A step starts when the step before it is over, and when every row it returns has been
/// computed: the transfer j -> i that completes c of q tokens waits for the launches at j that cover floor(c / q) of the rows which the
/// mirrored dispatch exchange brought from i to j. Reconfiguration follows the wait. O(transfers).
/// </summary>
internal sealed class CombineRun
{
    public CombineRun(LayerProblem problem, IReadOnlyList<Schedule> schedules, DispatchRun dispatch, LaunchTimes launches, List<Activity>? activities)
    {
        var traffic = problem.Traffic;
        if (schedules.Count != traffic.Combine.Count) throw new ArgumentException("one schedule per combine exchange");
        if (traffic.Combine.Count != traffic.Dispatch.Count) throw new ArgumentException("combine must mirror dispatch exchange by exchange");
        EndPs = dispatch.EndPs;
        for (var c = 0; c < schedules.Count; c++) RunExchange(problem, c, schedules[c], dispatch, launches, activities);
    }

    /// <summary>End of the last step.</summary>
    public long EndPs { get; private set; }

    private int _stepIndex;

    private void RunExchange(LayerProblem problem, int c, Schedule schedule, DispatchRun dispatch, LaunchTimes launches, List<Activity>? activities)
    {
        var n = dispatch.RankCount;
        var mirrored = problem.Traffic.Dispatch.Count - 1 - c;
        var work = problem.Traffic.Dispatch[mirrored].Work;
        var copies = problem.Traffic.Combine[c].Copies;
        var copyBytes = problem.Traffic.CombineCopyBytes;
        var carried = new long[n * n];
        var cursor = new int[n * n];
        var clock = new StepClock(problem.Fabric, copyBytes, EndPs);
        foreach (var step in schedule.Steps)
        {
            var ready = 0L;
            foreach (var t in step.Transfers)
            {
                var pair = (t.Source * n) + t.Target;
                if (carried[pair] == 0) cursor[pair] = dispatch.First(mirrored, t.Target, t.Source);
                carried[pair] += t.Tokens;
                var total = copies[t.Source, t.Target];
                if (carried[pair] > total) throw new ArgumentException($"combine step {_stepIndex} carries more from {t.Source} to {t.Target} than there is");
                var needed = Proportion.Floor(work[t.Target, t.Source], carried[pair], total);
                if (needed == 0) continue;
                var at = cursor[pair];
                while (dispatch.Transfers[at].RowsSoFar < needed) at = dispatch.Next(at);
                cursor[pair] = at;
                ready = Math.Max(ready, launches.EndPs[(dispatch.Transfers[at].Step * n) + t.Source]);
            }

            var time = clock.Play(step, ready);
            if (activities is not null)
            {
                StepActivities.Reconfigurations(activities, clock, step, time, _stepIndex);
                for (var i = 0; i < step.Transfers.Length; i++)
                {
                    var t = step.Transfers[i];
                    activities.Add(new Activity(ActivityKind.Combine, t.Source, t.Target, clock.Transfers[i].StartPs, clock.Transfers[i].EndPs, t.Tokens, _stepIndex, step.Plane, t.Via, clock.Nic));
                }
            }

            _stepIndex++;
        }

        EndPs = clock.EndPs;

        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
                if (source != target && carried[(source * n) + target] != copies[source, target])
                    throw new ArgumentException($"the schedule returns {carried[(source * n) + target]} of {copies[source, target]} tokens from {source} to {target}");
    }
}
