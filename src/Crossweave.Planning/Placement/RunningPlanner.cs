using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>The running placement, unchanged: what every move has to be compared with. O(slots).</summary>
public sealed class RunningPlanner : IPlacementPlanner
{
    public string Name => "running";

    public string Summary => "the placement of --previous as it is: the baseline of every move";

    public bool NeedsPrevious => true;

    public bool FillsUnevenRanks => true;

    /// <exception cref="InputException">No running placement, or one of another shape.</exception>
    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate(FillsUnevenRanks);
        var running = RunningPlacement.Of(problem) ?? throw InputException.At("planner running", "no --previous", "the running placement");
        return new ExpertPlacement(running.Layers, problem.Load.LayerIds);
    }
}
