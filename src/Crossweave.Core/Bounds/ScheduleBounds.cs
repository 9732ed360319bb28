using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Bounds;

/// <summary>Every bound that applies to one exchange.</summary>
public static class ScheduleBounds
{
    /// <param name="problem">
    /// With the fabric on which the schedule is timed: <see cref="IScheduler.TimedOn"/>.
    /// </param>
    /// <param name="keepsEntriesWhole">
    /// The scheduler's <see cref="IScheduler.KeepsEntriesWhole"/>. The whole-entry bound is given where the steps of a plane run one after another: with full reconfiguration.
    /// </param>
    /// <remarks>
    /// The names: <c>port</c> holds for everything that crosses the ports; <c>pair</c>, given where circuits join unequal ports, only for
    /// one-to-one transfers, since a fast port is half idle while it talks to a slow one (deployment spec 2.4); <c>reconfiguration</c> is
    /// LB1, <c>reconfiguration-split</c> LB2 (several planes), <c>whole-entry</c> for methods that cut nothing.
    /// </remarks>
    public static IReadOnlyList<LowerBound> For(SchedulingProblem problem, bool keepsEntriesWhole)
    {
        var fabric = problem.Fabric;
        var lines = new PortLines(problem.Demand, fabric, problem.TokenBytes);
        var bounds = new List<LowerBound>();
        if (fabric.IsCircuitSwitched && HasUnequalPorts(fabric)) bounds.AddRange([PortBound.Of(new PortLines(problem.Demand, FabricKinds.PacketTwin(fabric), problem.TokenBytes)), PortBound.Pair(lines)]);
        else bounds.Add(PortBound.Of(lines));
        if (fabric.HasTwoTiers) bounds.Add(NodeBound.Of(lines));
        if (fabric.Ring is not null) bounds.Add(RingBound.Of(problem));
        if (!fabric.IsCircuitSwitched) return bounds;
        bounds.Add(PortBound.WithReconfiguration(lines));
        if (fabric.PlaneCount > 1) bounds.Add(PlaneBounds.Split(problem));
        if (keepsEntriesWhole && !fabric.ReconfiguresPartially) bounds.Add(WholeEntryBound.Of(problem));
        return bounds;
    }

    private static bool HasUnequalPorts(Fabric fabric)
    {
        for (var rank = 0; rank < fabric.RankCount; rank++)
            if (fabric.SendRate(rank) != fabric.SendRate(0) || fabric.ReceiveRate(rank) != fabric.SendRate(0))
                return true;
        return false;
    }
}
