using Crossweave.Algorithms.FlowShop;
using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>
/// All ranks launch together, but a launch may cover several matchings (modes a and d; scheduling spec 3.14 and 3.15): order of the matchings and
/// grouping are chosen for the makespan of the reference executor (spec 2.3).
/// </summary>
/// <remarks>
/// <para>Up to the effort's number of matchings, order and grouping together are exact (<see cref="BarrierSearch"/>, 3^k). Beyond it, the best
/// grouping of the given order, of Johnson's rule on (a + b, b + c) and of NEH. Ties: the given order first.</para>
/// <para>The order is free only where the steps are independent: one exchange each way, one plane; returns follow as transposed steps
/// when the combine is the transpose. Otherwise the given order stays, with returns by release times. Partial reconfiguration is treated
/// as full, so the plan is never late.</para>
/// <para>Weak: every launch waits for its slowest rank, and nothing returns before the dispatch is over.</para>
/// </remarks>
public sealed class GroupedBarrierPlanner(LayerEffort effort) : ILayerPlanner
{
    public string Name => "grouped-barrier";

    public string Summary => "all ranks launch together; matchings ordered and grouped, exactly when they are few";

    public bool KeepsGivenSteps => true;

    public LayerSchedule Plan(LayerProblem problem, LayerSchedule given)
    {
        var search = new GroupingSearch();
        var table = new ArrivalTable(problem, given.Dispatch);
        var mirrors = given.Dispatch.Count == 1 && CombinePlan.IsTransposed(problem.Traffic, 0);
        var steps = given.Dispatch.SelectMany(s => s.Steps).ToArray();
        var delay = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        var a = Array.ConvertAll(steps, s => delay + StepTimes.DurationPs(problem.Fabric, s, problem.Traffic.DispatchCopyBytes, turned: false));
        var c = Array.ConvertAll(steps, s => delay + StepTimes.DurationPs(problem.Fabric, s, problem.Traffic.CombineCopyBytes, turned: true));
        var model = new BarrierModel(problem, table, a, c);
        var best = model.Grouped([.. Enumerable.Range(0, steps.Length)], search, effort.Pieces);
        if (mirrors && problem.Fabric.PlaneCount == 1)
        {
            if (steps.Length <= effort.ExactMatchings) best = model.Exact(best);
            else
            {
                var b = model.ComputePs();
                Consider(JohnsonRule.Order([.. a.Zip(b, (x, y) => x + y)], [.. b.Zip(c, (x, y) => x + y)]));
                if (steps.Length <= effort.InsertionMatchings) Consider(NehOrder.Order(a, b, c));
            }
        }

        var dispatch = given.Dispatch;
        if (best.Order.Where((m, i) => m != i).Any())
            dispatch = [given.Dispatch[0] with { Steps = [.. best.Order.Select(m => steps[m])] }];
        var plan = new LaunchPlan([.. Enumerable.Repeat(best.Launches, problem.Traffic.RankCount)], InLockstep: true);
        var combine = mirrors
            ? [LayerSchedules.Transpose(dispatch[0])]
            : CombinePlan.ByRelease(problem, given, dispatch, plan, new ArrivalTable(problem, dispatch), effort);
        return new LayerSchedule(dispatch, combine, plan);

        void Consider(int[] order)
        {
            var candidate = model.Grouped(order, search, effort.Pieces);
            if (candidate.MakespanPs < best.MakespanPs) best = candidate;
        }
    }
}
