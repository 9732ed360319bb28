using Crossweave.Algorithms;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning.Layers;

/// <summary>The best plan of a whole layer.</summary>
/// <param name="Scheduler">Whose steps it started from.</param>
/// <param name="Planner">Who completed it.</param>
/// <param name="Schedule">Steps, launches and network order.</param>
/// <param name="Outcome">Its timeline and bounds.</param>
/// <param name="Reason">One line: what it was compared with.</param>
public sealed record PortfolioPlan(string Scheduler, string Planner, LayerSchedule Schedule, LayerOutcome Outcome, string Reason);

/// <summary>
/// Plans dispatch, launches and combine together: every layer planner on the steps of every scheduler, judged by an executor that is handed in.
/// </summary>
/// <remarks>
/// Always tried first: one launch per rank on the matchings of open shop (scheduling spec section 8), so that with equal ports and one plane the result
/// is never above Ideal + 2 delta k for the k matchings of that plan. Schedulers that cannot run on the fabric itself are left out. Ties:
/// the earlier scheduler, then the earlier planner.
/// </remarks>
/// <param name="schedulers">Where plans start.</param>
/// <param name="planners">How they are completed.</param>
/// <param name="executor">Plays the result.</param>
/// <param name="trial">Plays the candidates, for example without collecting a timeline; null = <paramref name="executor"/>.</param>
public sealed class LayerPortfolio(
    IReadOnlyList<IScheduler> schedulers, IReadOnlyList<ILayerPlanner> planners, ILayerEvaluator executor, ILayerEvaluator? trial = null)
{
    private static readonly OpenShopScheduler PortBound = new();

    /// <summary>
    /// A preset: the planners of the effort and of every smaller one (so that more effort is never worse) on the given schedulers, by default
    /// greedy max-weight and open shop.
    /// </summary>
    public static LayerPortfolio Create(LayerEffort effort, ILayerEvaluator executor, ILayerEvaluator? trial = null, IReadOnlyList<IScheduler>? schedulers = null)
    {
        var efforts = LayerEffort.All.TakeWhile(e => e != effort).Append(effort);
        return new(schedulers ?? [new GreedyMaxWeightScheduler(), PortBound], [.. efforts.SelectMany(LayerPlanners.Create)], executor, trial);
    }

    public PortfolioPlan Plan(LayerProblem problem, Prng prng)
    {
        var judge = trial ?? executor;
        var bound = LayerSchedules.Build(PortBound, problem, prng.Split(PortBound.Name));
        var floor = new SingleLaunchPlanner();
        var best = new Candidate(PortBound.Name, floor.Name, floor.Plan(problem, bound), 0);
        best = best with { Ps = judge.Evaluate(problem, best.Schedule).Makespan.Picoseconds };
        var (floorPs, second, count) = (best.Ps, default(Candidate), 1);
        var cutAnew = new HashSet<ILayerPlanner>();
        foreach (var scheduler in schedulers)
        {
            if (!ReferenceEquals(scheduler.TimedOn(problem.Fabric), problem.Fabric)) continue;
            var given = scheduler.Name == PortBound.Name ? bound : LayerSchedules.Build(scheduler, problem, prng.Split(scheduler.Name));
            foreach (var planner in planners)
            {
                if (scheduler.Name == PortBound.Name && planner is SingleLaunchPlanner) continue;
                if (!planner.KeepsGivenSteps && !cutAnew.Add(planner)) continue;
                var schedule = planner.Plan(problem, given);
                var candidate = new Candidate(scheduler.Name, planner.Name, schedule, judge.Evaluate(problem, schedule).Makespan.Picoseconds);
                count++;
                if (candidate.Ps < best.Ps) (second, best) = (best, candidate);
                else if (second is null || candidate.Ps < second.Ps) second = candidate;
            }
        }

        var outcome = executor.Evaluate(problem, best.Schedule) with { Evaluator = best.Planner };
        return new PortfolioPlan(best.Scheduler, best.Planner, best.Schedule, outcome, Reason());

        string Reason()
        {
            var against = second is null ? "" : $"; next {second.Planner} on {second.Scheduler} at {Ratio(second.Ps)}";
            return $"{best.Planner} on {best.Scheduler}, best of {count} plans{against}; one launch per rank at {Ratio(floorPs)}";
        }

        string Ratio(long ps) => best.Ps == 0 ? "1.000x" : $"{(double)ps / best.Ps:0.000}x";
    }

    private sealed record Candidate(string Scheduler, string Planner, LayerSchedule Schedule, long Ps);
}
