using Crossweave.Core;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>The running placement of a problem, checked against it.</summary>
public static class RunningPlacement
{
    /// <summary>Null when nothing runs yet.</summary>
    /// <exception cref="InputException">Other layers, experts, ranks or slots than the problem's.</exception>
    public static ExpertPlacement? Of(PlacementProblem problem)
    {
        if (problem.Previous is not { } previous) return null;
        Same("layers", previous.Layers.Count, problem.Load.LayerCount);
        Same("experts", previous.ExpertCount, problem.ExpertCount);
        Same("ranks", previous.RankCount, problem.RankCount);
        var slots = problem.SlotsOfRank();
        foreach (var layer in previous.Layers)
        {
            if (!problem.HasUnevenSlots) Same("slots", layer.SlotCount, problem.SlotCount);
            for (var r = 0; r < slots.Length; r++)
            {
                var found = layer.ExpertsOnRank(r).Length;
                if (!problem.HasUnevenSlots) Same($"slots on rank {r}", found, slots[r]);
                else if (found > slots[r]) throw InputException.At("previous placement", $"{found} slots on rank {r}", $"at most {slots[r]} as planned for");
            }
        }

        return previous;
    }

    private static void Same(string what, int found, int expected)
    {
        if (found != expected) throw InputException.At("previous placement", $"{found} {what}", $"{expected} as planned for");
    }
}
