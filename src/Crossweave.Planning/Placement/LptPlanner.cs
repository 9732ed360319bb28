using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Longest processing time first with replicas, global. Every redundant slot goes to the expert with the largest load per
/// replica, compared as exact fractions; an expert's tokens are dealt to its replicas as whole tokens (shares differ by at most
/// one); replicas, heaviest first, go to the lightest rank with room, and to one that already holds the expert only when no other has room.
/// </summary>
/// <remarks>
/// It differs from <c>eplb</c> in exact integers instead of float32, in never looking at nodes or groups, and in keeping copies
/// of one expert apart. O(L ((S - E) E + S P)). Ties: lowest expert for copies; equal shares by expert, then replica; lowest rank.
/// Source: Graham 1969 (largest first is within 4/3 - 1/(3P) of the optimum when slots per rank do not bind).
/// Bad when ranks have very few slots: then the replica counts decide and greedy ones are far from the best.
/// </remarks>
public sealed class LptPlanner : IPlacementPlanner
{
    public string Name => "lpt";

    public string Summary => "longest first: hottest experts replicated, heaviest replica onto the lightest rank";

    public bool FillsUnevenRanks => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate(FillsUnevenRanks);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        var scratch = new Scratch(problem);
        for (var layer = 0; layer < layers.Length; layer++) layers[layer] = PlanLayer(problem.Load.Layer(layer), problem, scratch);
        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    private static LayerPlacement PlanLayer(ReadOnlySpan<long> load, PlacementProblem problem, Scratch scratch)
    {
        ReplicaCounts.Greedy(load, problem.SlotCount, int.MaxValue, scratch.Count);
        SortReplicas(load, scratch);
        var expertOfSlot = new int[problem.SlotCount];
        scratch.RankLoad.AsSpan().Clear();
        scratch.Fill.Clear();
        for (var i = 0; i < scratch.Replicas.Length; i++)
        {
            var (minusShare, expert) = scratch.Replicas[i];
            var rank = LightestRank(expert, expertOfSlot, scratch);
            expertOfSlot[scratch.Fill.Take(rank)] = expert;
            scratch.RankLoad[rank] -= minusShare;
        }

        return LayerPlacement.OfRanks(load.Length, expertOfSlot, problem.SlotsOfRank());
    }

    private static void SortReplicas(ReadOnlySpan<long> load, Scratch scratch)
    {
        var i = 0;
        for (var expert = 0; expert < load.Length; expert++)
        {
            var (share, rest) = Math.DivRem(load[expert], (long)scratch.Count[expert]);
            for (var copy = 0; copy < scratch.Count[expert]; copy++) scratch.Replicas[i++] = (copy < rest ? -share - 1 : -share, expert);
        }

        scratch.Replicas.AsSpan().Sort(); // by share descending, then expert; equal pairs are interchangeable
    }

    private static int LightestRank(int expert, int[] expertOfSlot, Scratch scratch)
    {
        var (best, bestHolds) = (-1, false);
        for (var rank = 0; rank < scratch.RankLoad.Length; rank++)
        {
            if (scratch.Fill.IsFull(rank)) continue;
            if (best >= 0 && !bestHolds && scratch.RankLoad[rank] >= scratch.RankLoad[best]) continue;
            var holds = scratch.Fill.Taken(expertOfSlot, rank).Contains(expert);
            if (best >= 0 && (holds, scratch.RankLoad[rank]).CompareTo((bestHolds, scratch.RankLoad[best])) >= 0) continue;
            (best, bestHolds) = (rank, holds);
        }

        return best;
    }

    private sealed class Scratch(PlacementProblem problem)
    {
        public int[] Count { get; } = new int[problem.ExpertCount];

        public (long MinusShare, int Expert)[] Replicas { get; } = new (long, int)[problem.SlotCount];

        public long[] RankLoad { get; } = new long[problem.RankCount];

        public RankFill Fill { get; } = new(problem.SlotsOfRank());
    }
}
