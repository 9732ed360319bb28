using Crossweave.Core;
using Crossweave.Core.Layers;
using Crossweave.Planning.Layers;

namespace Crossweave.Planning;

/// <summary>Every layer planner; a new one is one file and one line here.</summary>
public static class LayerPlanners
{
    /// <summary>With the fast preset.</summary>
    public static readonly IReadOnlyList<ILayerPlanner> All = Create(LayerEffort.Fast);

    /// <summary>All planners with another effort, in the same order.</summary>
    public static IReadOnlyList<ILayerPlanner> Create(LayerEffort effort) =>
        [new SingleLaunchPlanner(), new GroupedBarrierPlanner(effort), new GroupedPlanner(effort), new InterleavedPlanner(effort)];

    /// <exception cref="InputException">Unknown name.</exception>
    public static ILayerPlanner Find(string name, string where, LayerEffort? effort = null)
    {
        var all = effort is null ? All : Create(effort);
        return all.FirstOrDefault(p => p.Name == name) ??
            throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", all.Select(p => p.Name))}");
    }
}
