using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Slot i holds expert i mod E, ranks take consecutive slots, as many as they have: what serving systems start with. O(slots). Blind to load.
/// </summary>
public sealed class ContiguousPlanner : IPlacementPlanner
{
    public string Name => "contiguous";

    public string Summary => "slot i holds expert i mod E (the start placement of SGLang and vLLM)";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate(FillsUnevenRanks);
        var expertOfSlot = new int[problem.SlotCount];
        for (var slot = 0; slot < expertOfSlot.Length; slot++) expertOfSlot[slot] = slot % problem.ExpertCount;
        var layer = LayerPlacement.OfRanks(problem.ExpertCount, expertOfSlot, problem.SlotsOfRank());
        return new ExpertPlacement([.. Enumerable.Repeat(layer, problem.Load.LayerCount)], problem.Load.LayerIds);
    }
}
