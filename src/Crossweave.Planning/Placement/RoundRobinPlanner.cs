using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Deals experts like cards: item i is expert i mod E and goes to rank i mod P, redundant slots continue the deal. Whenever the
/// deal would repeat itself (after lcm(E, P) items) it moves on by one rank, so that a copy does not land beside its original.
/// O(slots). Blind to load, but neighbouring experts end up on different ranks.
/// </summary>
public sealed class RoundRobinPlanner : IPlacementPlanner
{
    public string Name => "round-robin";

    public string Summary => "expert e on rank e mod P, redundant slots continue the deal";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var (experts, ranks) = (problem.ExpertCount, problem.RankCount);
        long period = experts / Gcd(experts, ranks) * (long)ranks;
        var expertOfSlot = new int[problem.SlotCount];
        for (var item = 0; item < expertOfSlot.Length; item++)
        {
            var rank = (int)((item + (item / period)) % ranks);
            expertOfSlot[(rank * problem.SlotsPerRank) + (item / ranks)] = item % experts;
        }

        var layer = LayerPlacement.Even(experts, expertOfSlot, ranks);
        return new ExpertPlacement([.. Enumerable.Repeat(layer, problem.Load.LayerCount)], problem.Load.LayerIds);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
