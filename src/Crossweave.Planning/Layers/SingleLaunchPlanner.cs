using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>
/// Everything a rank computes in one launch, local rows included, after its last arrival; dispatch and combine as given, strictly separate
/// (modes a and c). On the matchings of open shop, equal ports and one plane the layer then takes at most Ideal + 2 delta k for k matchings
/// (scheduling spec section 8), whatever the compute profile: the planned portfolio's floor. O(exchanges x steps).
/// </summary>
/// <remarks>Weak whenever compute could hide behind the dispatch: large batches.</remarks>
public sealed class SingleLaunchPlanner : ILayerPlanner
{
    public string Name => "single-launch";

    public string Summary => "one launch per rank after its last arrival, local rows included; phases strictly separate";

    public bool KeepsGivenSteps => true;

    public LayerSchedule Plan(LayerProblem problem, LayerSchedule given)
    {
        var steps = given.Dispatch.Sum(s => s.Steps.Count);
        IReadOnlyList<PlannedLaunch> one = [new PlannedLaunch(0, steps - 1, TakesLocalRows: true)];
        return new LayerSchedule(given.Dispatch, given.Combine, new LaunchPlan([.. Enumerable.Repeat(one, problem.Traffic.RankCount)]));
    }
}
