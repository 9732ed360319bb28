using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// Plays a schedule whose launches are planned (<see cref="LayerSchedule.Launches"/>) and, if it says so, whose dispatch and combine
/// steps share the ports (<see cref="LayerSchedule.NetworkOrder"/>). Nothing is decided here: every step, launch and return starts as
/// early as its plan allows.
/// </summary>
/// <remarks>
/// Rows of a dispatch step have arrived when the step is over; with partial reconfiguration each transfer on its own. A combine step
/// starts when every launch it returns from is over. Rows and returns of a pair are matched in proportion, as in the other simulators.
/// </remarks>
public sealed class PlannedExecutor(EvaluatorOptions? options = null) : ILayerEvaluator
{
    private readonly bool _collects = options?.CollectActivities ?? true;

    public string Name => "planned";

    public string Summary => "plays the launches and the network order that a layer planner chose";

    /// <exception cref="ArgumentException">No launches, or steps, launches or an order that do not carry the traffic.</exception>
    public LayerOutcome Evaluate(LayerProblem problem, LayerSchedule schedule)
    {
        var activities = _collects ? new List<Activity>() : null;
        var run = new PlannedRun(problem, schedule, activities);
        run.Play();
        IReadOnlyList<Activity> ordered = activities is null ? [] : [.. activities.OrderBy(a => a.StartPs).ThenBy(a => a.Rank).ThenBy(a => a.Kind).ThenBy(a => a.Peer)];
        return new LayerOutcome(
            Name,
            new SimTime(Math.Max(run.NetworkEndPs, run.Launches.EndPs)),
            new SimTime(run.DispatchEndPs),
            new SimTime(run.Launches.EndPs),
            schedule.NetworkOrder is null ? LayerBounds.Overlapped(problem, lastLaunchReturns: false) : LayerBounds.Interleaved(problem),
            ordered);
    }
}
