using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Deals experts like cards: item i is expert i mod E and goes to rank i mod P, redundant slots continue the deal. Whenever the
/// deal would repeat itself (after lcm(E, P) items) it moves on by one rank, so that a copy does not land beside its original. Full ranks are
/// passed over.
/// O(slots). Blind to load, but neighbouring experts end up on different ranks.
/// </summary>
public sealed class RoundRobinPlanner : IPlacementPlanner
{
    public string Name => "round-robin";

    public string Summary => "expert e on rank e mod P, redundant slots continue the deal";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate(FillsUnevenRanks);
        var (experts, ranks) = (problem.ExpertCount, problem.RankCount);
        long period = experts / Gcd(experts, ranks) * (long)ranks;
        var expertOfSlot = new int[problem.SlotCount];
        var fill = new RankFill(problem.SlotsOfRank());
        for (var item = 0; item < expertOfSlot.Length; item++)
        {
            var rank = (int)((item + (item / period)) % ranks);
            while (fill.IsFull(rank)) rank = (rank + 1) % ranks;
            expertOfSlot[fill.Take(rank)] = item % experts;
        }

        var layer = LayerPlacement.OfRanks(experts, expertOfSlot, problem.SlotsOfRank());
        return new ExpertPlacement([.. Enumerable.Repeat(layer, problem.Load.LayerCount)], problem.Load.LayerIds);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
