using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Bounds;

/// <summary>Every bound that applies to one exchange.</summary>
public static class ScheduleBounds
{
    /// <param name="problem">
    /// With the fabric on which the schedule is timed: <see cref="IScheduler.TimedOn"/>.
    /// </param>
    /// <param name="keepsEntriesWhole">
    /// The scheduler's <see cref="IScheduler.KeepsEntriesWhole"/>. The whole-entry bound is given where steps run one after another: on one circuit switch with full reconfiguration.
    /// </param>
    public static IReadOnlyList<LowerBound> For(SchedulingProblem problem, bool keepsEntriesWhole)
    {
        var lines = new PortLines(problem.Demand, problem.Fabric, problem.TokenBytes);
        var bounds = new List<LowerBound> { PortBound.Of(lines) };
        if (!problem.Fabric.IsCircuitSwitched) return bounds;
        bounds.Add(PortBound.WithReconfiguration(lines));
        if (keepsEntriesWhole && problem.Fabric is { PlaneCount: 1, ReconfiguresPartially: false }) bounds.Add(WholeEntryBound.Of(problem));
        return bounds;
    }
}
