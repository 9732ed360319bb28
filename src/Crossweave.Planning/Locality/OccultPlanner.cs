using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Occult's placement (arXiv 2505.13345, Algorithm 1) in one of the two fill orders that its text leaves open. Redundant slots, which the
/// paper does not have, take copies of the hottest experts. O(tokens k^2 + experts^2) per layer.
/// </summary>
/// <remarks>Bad when load matters: experts that are chosen together are popular together, and they meet on one rank.</remarks>
public sealed class OccultPlanner(bool roundRobin) : IPlacementPlanner
{
    public static readonly OccultPlanner RankByRank = new(roundRobin: false);

    public static readonly OccultPlanner RoundRobin = new(roundRobin: true);

    public string Name => roundRobin ? "occult-rr" : "occult";

    public string Summary => $"Occult: experts that are chosen together on one rank, {(roundRobin ? "ranks take turns" : "rank by rank")}";

    public bool NeedsRouting => true;

    public bool TakesPairs => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => LayerTokens.Plan(problem, (tokens, _) =>
    {
        var capacity = RankGroups.EvenCapacity(problem.ExpertCount, problem.RankCount);
        var groups = new RankGroups(OccultGreedy.Place(tokens.Sets.Pairs(), capacity, roundRobin), problem.RankCount, problem.SlotsPerRank);
        groups.FillWithHottest(tokens.Load);
        return groups.ToLayer();
    });
}
