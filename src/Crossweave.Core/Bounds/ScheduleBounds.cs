using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Bounds;

/// <summary>Every bound that applies to one exchange.</summary>
public static class ScheduleBounds
{
    /// <param name="problem">
    /// With the fabric on which the schedule is timed: the packet twin for schedulers that need one (<c>LayerSchedules.FabricFor</c>).
    /// </param>
    /// <param name="keepsEntriesWhole">
    /// The scheduler's <see cref="IScheduler.KeepsEntriesWhole"/>. The whole-entry bound is given on circuit fabrics only.
    /// </param>
    public static IReadOnlyList<LowerBound> For(SchedulingProblem problem, bool keepsEntriesWhole)
    {
        var lines = new PortLines(problem.Demand, problem.Fabric, problem.TokenBytes);
        var bounds = new List<LowerBound> { PortBound.Of(lines) };
        if (!problem.Fabric.IsCircuitSwitched) return bounds;
        bounds.Add(PortBound.WithReconfiguration(lines));
        if (keepsEntriesWhole) bounds.Add(WholeEntryBound.Of(problem));
        return bounds;
    }
}
