using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Planning;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation;
using Crossweave.Simulation.Layer;

namespace Crossweave.Cli.Verbs;

/// <summary>A layer as a mode ran it.</summary>
/// <param name="Schedule">Steps, and launches where the mode plans them.</param>
/// <param name="Outcome">Timeline and bounds.</param>
/// <param name="Chosen">Planner and scheduler when the mode chose among several; null otherwise.</param>
/// <param name="Reason">Why, in one line.</param>
internal sealed record LayerRun(LayerSchedule Schedule, LayerOutcome Outcome, string? Chosen = null, string? Reason = null);

/// <summary>A way to run a whole layer on the steps of a scheduler: what is computed together, and how the phases overlap.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Summary">One line.</param>
/// <param name="Run">The layer on the fabric of the problem.</param>
internal sealed record LayerMode(string Name, string Summary, Func<LayerProblem, IScheduler, Prng, LayerRun> Run);

/// <summary>Every mode of <c>schedule --combine</c>: the simulators, the layer planners, and the best plan of all planners.</summary>
internal static class LayerModes
{
    public const string Default = "overlap-async";
    public const string Auto = "auto";

    /// <summary>The simulators, then the layer planners with their executor: what can judge a schedule.</summary>
    public static readonly IReadOnlyList<ILayerEvaluator> Evaluators = EvaluatorsWith(LayerEffort.Fast);

    public static readonly IReadOnlyList<LayerMode> All = Create(LayerEffort.Fast);

    public static LayerMode Find(string name, LayerEffort effort, string where) =>
        Create(effort).FirstOrDefault(m => m.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(m => m.Name))}");

    /// <summary>Whether the mode plans, and so can spend more or less effort.</summary>
    public static bool HasEffort(string name) => LayerEvaluators.All.All(e => e.Name != name);

    private static IReadOnlyList<ILayerEvaluator> EvaluatorsWith(LayerEffort effort) =>
        [.. LayerEvaluators.All, .. LayerPlanners.Create(effort).Select(p => new PlannedEvaluator(p, new PlannedExecutor()))];

    private static IReadOnlyList<LayerMode> Create(LayerEffort effort) =>
    [
        .. EvaluatorsWith(effort).Select(Of),
        new LayerMode(Auto, "the best plan of every layer planner on the steps of the scheduler, greedy max-weight and open shop", (problem, scheduler, prng) => Best(effort, problem, scheduler, prng)),
    ];

    private static LayerMode Of(ILayerEvaluator evaluator) => new(evaluator.Name, evaluator.Summary, (problem, scheduler, prng) =>
    {
        var schedule = LayerSchedules.Build(scheduler, problem, prng);
        if (evaluator is PlannedEvaluator planned) schedule = planned.Complete(problem, schedule);
        return new LayerRun(schedule, evaluator.Evaluate(problem, schedule));
    });

    private static LayerRun Best(LayerEffort effort, LayerProblem problem, IScheduler scheduler, Prng prng)
    {
        IScheduler[] starts = [scheduler, new GreedyMaxWeightScheduler(), new OpenShopScheduler()];
        var portfolio = LayerPortfolio.Create(effort, new PlannedExecutor(), new PlannedExecutor(new EvaluatorOptions(CollectActivities: false)), [.. starts.DistinctBy(s => s.Name)]);
        var plan = portfolio.Plan(problem, prng);
        var run = new LayerRun(plan.Schedule, plan.Outcome, $"{plan.Planner} on {plan.Scheduler}", plan.Reason);
        return problem.Fabric.HasTwoTiers ? WithHierarchy(effort, problem, run, prng) : run;
    }

    /// <summary>On two tiers also FAST's hierarchy, its stages merged and ordered for the whole layer, under every mode.</summary>
    private static LayerRun WithHierarchy(LayerEffort effort, LayerProblem problem, LayerRun flat, Prng prng)
    {
        var best = flat;
        foreach (var evaluator in EvaluatorsWith(effort))
        {
            var plan = TwoTierPlanner.Best(problem, evaluator, prng);
            if (plan.Outcome.Makespan >= best.Outcome.Makespan) continue;
            var schedule = evaluator is PlannedEvaluator planned ? planned.Complete(problem, plan.Schedule) : plan.Schedule;
            best = new LayerRun(schedule, plan.Outcome, $"{evaluator.Name} on fast", $"{evaluator.Name} on fast ({plan.Choice}); without the hierarchy: {flat.Reason}");
        }

        return best;
    }
}
