using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>A step of the trade between moved experts and balance.</summary>
/// <param name="Fetched">Experts fetched by ranks that did not hold them, over all layers.</param>
/// <param name="Balance">Mean over layers of mean/max rank load.</param>
public readonly record struct MigrationStep(long Fetched, double Balance);

/// <summary>
/// From the running placement to a wanted balance with few fetched experts, or to the best balance that a number of fetches buys
/// (balancing spec 3.12). Every layer offers better plans for more fetches (<see cref="MigrationSearch"/>); over all layers the steps
/// with the most balance per fetch are taken until the mean balance is reached or the budget is used. The taken prefixes are the Pareto front.
/// </summary>
/// <remarks>
/// The merge is optimal for what the layers offer, because each layer offers a concave front; a layer's own moves are greedy. Without a running
/// placement it plans as <c>refined-no-duplicates</c>. Global: nodes and groups are not looked at after the first plan. Ties: lower layer.
/// Bad when: counts fit the new loads so badly that a fresh plan is cheaper than its fetches.
/// </remarks>
public sealed class IncrementalPlanner : IPlacementPlanner
{
    /// <summary>Balance that is enough when nothing is asked for.</summary>
    public const double DefaultBalance = 0.9915;

    public string Name => "incremental";

    public string Summary => "fewest fetched experts from the running placement to a wanted balance, or best balance within a move budget";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => PlanWithFront(problem).Placement;

    /// <summary>
    /// The placement, the Pareto front from the running placement (no fetch) to the best balance found, and where on it the placement is.
    /// Empty front and index 0 without a running placement.
    /// </summary>
    public (ExpertPlacement Placement, IReadOnlyList<MigrationStep> Front, int Chosen) PlanWithFront(PlacementProblem problem)
    {
        problem.Validate();
        if (RunningPlacement.Of(problem) is not { } running) return (new RefinedPlanner(allowDuplicates: false).PlanWithBounds(problem).Placement, [], 0);
        var layers = problem.Load.LayerCount;
        var search = new MigrationSearch(problem.ExpertCount, problem.RankCount, problem.SlotsPerRank);
        var offers = new List<MigrationPoint>[layers];
        for (var l = 0; l < layers; l++) offers[l] = search.Front(problem.Load.Layer(l), running.Layers[l].ExpertOfSlot);
        var steps = new PriorityQueue<int, (double MinusSlope, int Layer)>();
        var at = new int[layers];
        var balance = 0.0;
        for (var l = 0; l < layers; l++)
        {
            balance += offers[l][0].Balance;
            Offer(l);
        }

        var wanted = problem.WantedBalance ?? (problem.MaxMoves is null ? DefaultBalance : 1);
        var budget = problem.MaxMoves ?? long.MaxValue;
        var fetched = 0L;
        List<MigrationStep> front = [new(0, balance / layers)];
        var taken = new int[layers];
        var chosen = 0;
        while (steps.TryDequeue(out var l, out _))
        {
            var (from, to) = (offers[l][at[l]], offers[l][++at[l]]);
            fetched += to.Fetched - from.Fetched;
            balance += to.Balance - from.Balance;
            front.Add(new MigrationStep(fetched, balance / layers));
            if (front[chosen].Balance < wanted && fetched <= budget)
            {
                chosen = front.Count - 1;
                taken[l] = at[l];
            }

            Offer(l);
        }

        var plans = new LayerPlacement[layers];
        for (var l = 0; l < layers; l++)
            plans[l] = taken[l] == 0 ? running.Layers[l] : LayerPlacement.Even(problem.ExpertCount, offers[l][taken[l]].ExpertOfSlot, problem.RankCount);
        return (new ExpertPlacement(plans, problem.Load.LayerIds), front, chosen);

        void Offer(int layer)
        {
            if (at[layer] + 1 < offers[layer].Count)
                steps.Enqueue(layer, (-MigrationSearch.Slope(offers[layer][at[layer]], offers[layer][at[layer] + 1]), layer));
        }
    }
}
