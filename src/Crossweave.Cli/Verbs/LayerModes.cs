using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Simulation;

namespace Crossweave.Cli.Verbs;

/// <summary>A way to run a whole layer on the steps of a scheduler: what is computed together, and how the phases overlap.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Summary">One line.</param>
/// <param name="Run">The layer on the fabric of the problem.</param>
internal sealed record LayerMode(string Name, string Summary, Func<LayerProblem, IScheduler, Prng, (LayerSchedule Schedule, LayerOutcome Outcome)> Run);

/// <summary>Every mode of <c>schedule --combine</c>; a new one is one line here.</summary>
internal static class LayerModes
{
    public const string Default = "overlap-async";

    public static readonly IReadOnlyList<LayerMode> All = [.. LayerEvaluators.All.Select(Of)];

    public static LayerMode Find(string name, string where) =>
        All.FirstOrDefault(m => m.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(m => m.Name))}");

    private static LayerMode Of(ILayerEvaluator evaluator) => new(evaluator.Name, evaluator.Summary, (problem, scheduler, prng) =>
    {
        var schedule = LayerSchedules.Build(scheduler, problem, prng);
        return (schedule, evaluator.Evaluate(problem, schedule));
    });
}
