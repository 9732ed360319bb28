using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// From the running placement to a wanted balance with few fetched experts, or to the best balance that a number of fetches buys
/// (balancing spec 3.12). Every layer offers better plans for more fetches (<see cref="MigrationSearch"/>); over all layers the steps
/// with the most balance per fetch are taken until the mean balance is reached or the budget is used. The taken prefixes are the Pareto front.
/// </summary>
/// <remarks>
/// The merge is optimal for what the layers offer, because each layer offers a concave front; a layer's own moves are greedy. Without a running
/// placement it plans as <c>refined-no-duplicates</c>. Hierarchical when that is: groups then stay on the nodes that hold them, and the balance
/// that is enough by default is a share of what that rule allows. Ties: lower layer. Bad when: counts fit the new loads so badly that a fresh plan is
/// cheaper than its fetches, or whole groups change their load, since no group changes its node.
/// </remarks>
public sealed class IncrementalPlanner : IPlacementPlanner
{
    /// <summary>Balance that is enough when nothing is asked for, as a share of what groups on their nodes allow.</summary>
    public const double DefaultBalance = 0.9915;

    private const int ShownSteps = 12;

    public string Name => "incremental";

    public string Summary => "fewest fetched experts from the running placement to a wanted balance, or best balance within a move budget";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => PlanWithFront(problem).Placement;

    /// <summary>At most <see cref="ShownSteps"/> steps, evenly spread, first and last included.</summary>
    public IReadOnlyList<MigrationStep>? Front(PlacementProblem problem) =>
        MigrationFront.Of(problem) is { } front ? [.. front.Spread(ShownSteps).Select(i => front.Steps[i])] : null;

    /// <summary>
    /// The placement, the Pareto front from the running placement (no fetch) to the best balance found, and where on it the placement is.
    /// No front without a running placement.
    /// </summary>
    public static (ExpertPlacement Placement, MigrationFront? Front, int Chosen) PlanWithFront(PlacementProblem problem)
    {
        if (MigrationFront.Of(problem) is not { } front) return (new RefinedPlanner(allowDuplicates: false).Plan(problem, new Prng(0)), null, 0);
        var wanted = problem.WantedBalance ?? (problem.MaxMoves is null ? DefaultBalance * front.Ceiling : 1);
        var budget = problem.MaxMoves ?? long.MaxValue;
        var chosen = 0;
        while (chosen + 1 < front.Steps.Count && front.Steps[chosen].Balance < wanted && front.Steps[chosen + 1].Fetched <= budget) chosen++;
        return (front.PlacementAt(chosen), front, chosen);
    }
}
