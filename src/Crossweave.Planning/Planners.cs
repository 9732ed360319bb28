using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Planning.Locality;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning;

/// <summary>Every placement planner; a new one is one file and one line here.</summary>
public static class Planners
{
    public static readonly IReadOnlyList<IPlacementPlanner> All =
    [
        new RunningPlanner(),
        new ContiguousPlanner(),
        new RoundRobinPlanner(),
        new RandomPlanner(),
        new LptPlanner(),
        new EplbPlanner(),
        new TensorRtLlmPlanner(),
        new FlashLbPlanner(),
        new SwiftPlanner(),
        new LplbPlanner(),
        new RefinedPlanner(allowDuplicates: true),
        new RefinedPlanner(allowDuplicates: false),
        new IncrementalPlanner(),
        OccultPlanner.RankByRank,
        OccultPlanner.RoundRobin,
        new GracePlanner(),
        new AffinityPlanner(),
        new LocalityPlanner(),
        new AutoPlanner(() => All!),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IPlacementPlanner Find(string name, string where) =>
        All.FirstOrDefault(p => p.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(p => p.Name))}");
}
