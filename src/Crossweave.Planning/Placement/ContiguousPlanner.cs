using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Slot i holds expert i mod E, ranks take consecutive slots: what serving systems start with. O(slots). Blind to load.
/// </summary>
public sealed class ContiguousPlanner : IPlacementPlanner
{
    public string Name => "contiguous";

    public string Summary => "slot i holds expert i mod E (the start placement of SGLang and vLLM)";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var expertOfSlot = new int[problem.SlotCount];
        for (var slot = 0; slot < expertOfSlot.Length; slot++) expertOfSlot[slot] = slot % problem.ExpertCount;
        var layer = LayerPlacement.Even(problem.ExpertCount, expertOfSlot, problem.RankCount);
        return new ExpertPlacement([.. Enumerable.Repeat(layer, problem.Load.LayerCount)], problem.Load.LayerIds);
    }
}
