using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// The common course of a layer: dispatch steps of all exchanges back to back, launches as the mode places them, combine steps in
/// order after the dispatch (network mode a of scheduling spec 2.1). Stateless apart from its options.
/// </summary>
public abstract class LayerEvaluator(EvaluatorOptions options) : ILayerEvaluator
{
    public abstract string Name { get; }

    public abstract string Summary { get; }

    protected EvaluatorOptions Options { get; } = options;

    /// <exception cref="ArgumentException">The schedule does not carry the traffic, or shares ports on a circuit fabric.</exception>
    public LayerOutcome Evaluate(LayerProblem problem, LayerSchedule schedule)
    {
        var activities = Options.CollectActivities ? new List<Activity>() : null;
        var dispatch = new DispatchRun(problem, schedule.Dispatch, activities);
        var launches = new LaunchTimes(dispatch.StepCount, dispatch.RankCount);
        Launch(problem, dispatch, launches);
        if (activities is not null)
            foreach (var (rank, step, rows, start, end) in launches.Launches)
                activities.Add(new Activity(ActivityKind.Launch, rank, -1, start, end, rows, step));
        var combine = new CombineRun(problem, schedule.Combine, dispatch, launches, activities);
        IReadOnlyList<Activity> ordered = activities is null ? [] : [.. activities.OrderBy(a => a.StartPs).ThenBy(a => a.Rank).ThenBy(a => a.Kind).ThenBy(a => a.Peer)];
        return new LayerOutcome(
            Name,
            new SimTime(Math.Max(combine.EndPs, launches.LastEndPs)),
            new SimTime(dispatch.EndPs),
            new SimTime(launches.LastEndPs),
            Bounds(problem),
            ordered);
    }

    private protected abstract void Launch(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches);

    protected abstract IReadOnlyList<LowerBound> Bounds(LayerProblem problem);
}
