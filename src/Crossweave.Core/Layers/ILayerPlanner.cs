namespace Crossweave.Core.Layers;

/// <summary>
/// Plans a whole layer around given steps: their order, which arrived rows are launched together, and the combine steps. Stateless;
/// registered in <c>LayerPlanners.All</c>.
/// </summary>
public interface ILayerPlanner
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <summary>False when the dispatch is cut anew, so that one given schedule is nearly as good a start as another.</summary>
    bool KeepsGivenSteps { get; }

    /// <summary>The schedule completed: <see cref="LayerSchedule.Launches"/> is set, and <see cref="LayerSchedule.NetworkOrder"/> where dispatch and combine interleave.</summary>
    /// <param name="problem">The layer on the fabric on which the steps are timed.</param>
    /// <param name="given">Steps of every exchange, for example from <see cref="LayerSchedules.Build"/>.</param>
    LayerSchedule Plan(LayerProblem problem, LayerSchedule given);
}

/// <summary>A planner and the executor of its plans as one evaluator, so that every planner is a column beside the simulators.</summary>
/// <param name="planner">Completes the schedule.</param>
/// <param name="executor">Plays schedules with launches.</param>
public sealed class PlannedEvaluator(ILayerPlanner planner, ILayerEvaluator executor) : ILayerEvaluator
{
    public string Name => planner.Name;

    public string Summary => planner.Summary;

    /// <summary>The schedule with the planner's launches; one that has launches stays as it is.</summary>
    public LayerSchedule Complete(LayerProblem problem, LayerSchedule schedule) => schedule.Launches is null ? planner.Plan(problem, schedule) : schedule;

    public LayerOutcome Evaluate(LayerProblem problem, LayerSchedule schedule) =>
        executor.Evaluate(problem, Complete(problem, schedule)) with { Evaluator = Name };
}
