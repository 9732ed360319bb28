using Crossweave.Algorithms;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>A layer schedule on two tiers and how it came out.</summary>
/// <param name="Choice">What was chosen, for example "descending, 3 steps" or "all at once".</param>
/// <param name="Schedule">Dispatch and combine.</param>
/// <param name="Outcome">As the evaluator judged it.</param>
public sealed record TwoTierPlan(string Choice, LayerSchedule Schedule, LayerOutcome Outcome);

/// <summary>
/// FAST's hierarchy with a compute-aware objective: the makespan of the whole layer, as an evaluator judges it, decides in which order the
/// stages of <see cref="FastScheduler"/> run and how many of them are merged into one step. Few steps make few, large launches; many make
/// the first rows arrive early; the descending order brings most of the work early, the ascending one hides hand-outs.
/// </summary>
/// <remarks>
/// Portfolio of both orders with 1, 2, 3, 4, 6, 8, 12, .. steps and with one step per stage, plus all transfers at once without relays;
/// so never above FAST nor above the unrelayed exchange under the same evaluator. Ties: the first of that list. The combine is the
/// transposed dispatch: what was handed out is collected by the same proxies. No published work combines the two objectives (scheduling
/// spec section 8). Cost: about 20 schedules and evaluations.
/// </remarks>
public static class TwoTierPlanner
{
    private static readonly int[] StepLimits = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

    public static TwoTierPlan Best(LayerProblem problem, ILayerEvaluator evaluator, Prng prng)
    {
        TwoTierPlan? best = null;
        var most = int.MaxValue; // steps of one step per stage: limits above it change nothing
        foreach (var limit in StepLimits)
        {
            if (limit >= most) break;
            foreach (var order in new[] { StageOrder.Ascending, StageOrder.Descending })
            {
                var schedule = Try(new FastScheduler(new FastOptions(order, limit)), limit == 0 ? $"{order}, one step per stage" : $"{order}, {limit} steps");
                if (limit == 0) most = schedule.Dispatch.Max(x => x.Steps.Count);
            }
        }

        Try(FluidScheduler.Fluid, "all at once, no relays");
        return best!;

        LayerSchedule Try(IScheduler scheduler, string choice)
        {
            var schedule = LayerSchedules.Build(scheduler, problem, prng);
            var outcome = evaluator.Evaluate(LayerSchedules.ProblemFor(scheduler, problem), schedule);
            if (best is null || outcome.Makespan < best.Outcome.Makespan) best = new TwoTierPlan(choice, schedule, outcome);
            return schedule;
        }
    }
}
