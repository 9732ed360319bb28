using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>
/// Every rank launches on its own, with its own grouping (modes a and c; scheduling spec 3.14): matchings are cut in time where a launch may end
/// (no reconfiguration lies between the pieces), each rank gets its best launches for its arrivals, and the returns are then scheduled by
/// the moments at which they are free.
/// </summary>
/// <remarks>
/// Per rank exact for the given places (<see cref="GroupingSearch"/>) if its returns meet no other traffic; the combine is the better of
/// list scheduling by release times and of the dispatch steps turned round in the order in which they are free. Any number of exchanges and planes (with several planes only
/// the latter). O(ranks x pieces^2 x front + slots x ranks^3).
/// </remarks>
public sealed class GroupedPlanner(LayerEffort effort) : ILayerPlanner
{
    public string Name => "grouped";

    public string Summary => "every rank groups its arrivals into its own launches; returns scheduled by release time";

    public bool KeepsGivenSteps => true;

    public LayerSchedule Plan(LayerProblem problem, LayerSchedule given)
    {
        var pieces = new StepPieces(problem, given.Dispatch, effort.Pieces);
        var table = new ArrivalTable(problem, pieces.Dispatch);
        var grouping = new RankGrouping(effort.Pieces);
        var launches = new IReadOnlyList<PlannedLaunch>[problem.Traffic.RankCount];
        for (var j = 0; j < launches.Length; j++) launches[j] = grouping.Launches(table, j, problem.ComputeOfRank[j], table.EndPs);
        var (dispatch, plan) = pieces.Join(launches);
        var combine = CombinePlan.ByRelease(problem, given, dispatch, plan, new ArrivalTable(problem, dispatch), effort);
        return new LayerSchedule(dispatch, combine, plan);
    }
}
