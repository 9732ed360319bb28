using Crossweave.Algorithms.Assignment;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Which group of experts goes to which rank is free when all ranks are alike: load, replicas and distinct ranks per token stay the same.
/// So the groups of a new plan are handed to the ranks, and whole nodes of groups to the nodes, that hold most of them already: a maximum-weight
/// assignment, exact. O(nodes^2 (ranks per node)^3) per layer. Ties: lower rank.
/// </summary>
public static class RankLabels
{
    /// <summary>The same groups, with the fewest fetches from the running placement that relabelling can reach; as it is when nothing runs.</summary>
    public static ExpertPlacement Near(PlacementProblem problem, ExpertPlacement planned)
    {
        if (RunningPlacement.Of(problem) is not { } running) return planned;
        var layers = new LayerPlacement[planned.Layers.Count];
        for (var l = 0; l < layers.Length; l++) layers[l] = Near(planned.Layers[l], running.Layers[l], problem.NodeCount);
        return new ExpertPlacement(layers, planned.LayerIds);
    }

    /// <summary>The same for one layer.</summary>
    public static LayerPlacement Near(LayerPlacement planned, LayerPlacement running, int nodeCount)
    {
        var ranks = planned.RankCount;
        var nodes = ranks % nodeCount == 0 ? nodeCount : 1;
        var perNode = ranks / nodes;
        var held = Held(planned, running);
        var solver = new AssignmentSolver();
        var ofNode = new long[nodes * nodes]; // [node as planned, node that runs] experts held after the best inner assignment
        var inner = new long[perNode * perNode];
        for (var a = 0; a < nodes; a++)
            for (var b = 0; b < nodes; b++)
                ofNode[(a * nodes) + b] = solver.Maximize(Inner(a, b), perNode, perNode);
        solver.Maximize(ofNode, nodes, nodes);
        var targetOfNode = solver.ColumnOfRow.ToArray();
        var planOfRank = new int[ranks];
        for (var a = 0; a < nodes; a++)
        {
            solver.Maximize(Inner(a, targetOfNode[a]), perNode, perNode);
            for (var i = 0; i < perNode; i++) planOfRank[(targetOfNode[a] * perNode) + solver.ColumnOfRow[i]] = (a * perNode) + i;
        }

        return Relabel(planned, planOfRank);

        long[] Inner(int a, int b)
        {
            for (var i = 0; i < perNode; i++) Array.Copy(held, (((a * perNode) + i) * ranks) + (b * perNode), inner, i * perNode, perNode);
            return inner;
        }
    }

    // [rank as planned, rank that runs] distinct experts in common; far below 0 where the ranks have different numbers of slots.
    private static long[] Held(LayerPlacement planned, LayerPlacement running)
    {
        var ranks = planned.RankCount;
        var held = new long[ranks * ranks];
        var seenBy = new int[planned.ExpertCount];
        for (var p = 0; p < ranks; p++)
        {
            foreach (var expert in planned.ExpertsOnRank(p)) seenBy[expert] = p + 1;
            for (var r = 0; r < ranks; r++)
            {
                if (planned.ExpertsOnRank(p).Length != planned.ExpertsOnRank(r).Length) held[(p * ranks) + r] = -planned.SlotCount - 1L;
                foreach (var expert in running.ExpertsOnRank(r))
                {
                    if (seenBy[expert] != p + 1) continue;
                    held[(p * ranks) + r]++;
                    seenBy[expert] = -p - 1; // counted
                }

                foreach (var expert in running.ExpertsOnRank(r))
                    if (seenBy[expert] == -p - 1)
                        seenBy[expert] = p + 1;
            }
        }

        return held;
    }

    private static LayerPlacement Relabel(LayerPlacement planned, int[] planOfRank)
    {
        var (expertOfSlot, rankOfSlot) = (new int[planned.SlotCount], new int[planned.SlotCount]);
        var slot = 0;
        for (var r = 0; r < planOfRank.Length; r++)
            foreach (var expert in planned.ExpertsOnRank(planOfRank[r]))
                (expertOfSlot[slot], rankOfSlot[slot++]) = (expert, r);
        return new LayerPlacement(planned.ExpertCount, expertOfSlot, rankOfSlot, planned.RankCount);
    }
}
