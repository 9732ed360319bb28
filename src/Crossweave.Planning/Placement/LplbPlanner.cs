using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// LPLB's placement: replicas are the edges of a fixed graph between ranks, so that a small linear program per batch, always of the same shape, can move tokens along
/// them. Experts go to ranks as EPLB packs them without redundancy; within a rank the heaviest comes first; redundant slot k of a rank holds
/// the k-th expert of the rank that row k of the graph names. Per batch: the replica rule <c>lp</c>.
/// </summary>
/// <remarks>
/// Graphs: on one node the cube of 8 ranks (two rows: a ring in each half, and four-cycles between the halves) and the hypercube of 4^d ranks (d rows; row i runs around
/// bits 2i and 2i + 1 in Gray order, so that every edge of the cube is used once); on several nodes the torus (a ring inside every node, a
/// ring through the nodes). More redundant slots than rows take the rows again, with the next experts. No expert has a second copy unless it is among the first of its rank, and none
/// more than two copies. O(L E (log E + E / P)). Ties: EPLB's; equal loads in a rank by expert.
/// Bad when: one expert is hotter than two ranks, or hot ranks have no light neighbour: the graph knows nothing of the loads.
/// Source: deepseek-ai/LPLB, its description and the example matrix for 8 ranks (balancing spec 3.6); the order of experts within a rank is ours.
/// </remarks>
public sealed class LplbPlanner : IPlacementPlanner
{
    public string Name => "lplb";

    public string Summary => "LPLB: experts as EPLB packs them, replicas along a fixed cube, hypercube or torus of ranks; for the replica rule lp";

    public bool Suits(PlacementProblem problem) => !problem.HasUnevenSlots && Refusal(problem) is null;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        if (Refusal(problem) is { } refusal) throw refusal;
        var (experts, ranks, slots) = (problem.ExpertCount, problem.RankCount, problem.SlotsPerRank);
        var own = experts / ranks;
        var packed = EplbPlanner.PlanLayers(problem.Load, new EplbShape(experts, experts, ranks, problem.NodeCount, problem.GroupCount));
        var rows = RankBefore(ranks, problem.NodeCount);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        var minusLoad = new long[own];
        for (var l = 0; l < layers.Length; l++)
        {
            var load = problem.Load.Layer(l);
            var expertOfSlot = new int[problem.SlotCount];
            for (var r = 0; r < ranks; r++)
            {
                var mine = expertOfSlot.AsSpan(r * slots, own);
                packed.ExpertOfSlot.AsSpan((l * experts) + (r * own), own).CopyTo(mine);
                mine.Sort();
                SortByLoad(load, mine, minusLoad);
            }

            for (var r = 0; r < ranks; r++)
                for (var k = 0; k < slots - own; k++)
                    expertOfSlot[(r * slots) + own + k] = expertOfSlot[(rows[k % rows.Count][r] * slots) + k];
            layers[l] = LayerPlacement.Even(experts, expertOfSlot, ranks);
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    /// <summary>For every row of the graph, the rank whose expert each rank holds a copy of; empty when these ranks have no graph.</summary>
    internal static IReadOnlyList<int[]> RankBefore(int ranks, int nodes)
    {
        if (nodes > 1)
        {
            var perNode = ranks / nodes;
            int[] inside = [.. Enumerable.Range(0, ranks).Select(r => (r / perNode * perNode) + ((r + perNode - 1) % perNode))];
            int[] across = [.. Enumerable.Range(0, ranks).Select(r => (r + ranks - perNode) % ranks)];
            return ranks % nodes > 0 ? [] : perNode == 1 ? [across] : [inside, across];
        }

        if (ranks == 8) return [[3, 0, 1, 2, 7, 4, 5, 6], [6, 7, 4, 5, 0, 1, 2, 3]];
        var rows = new List<int[]>();
        int[] before = [2, 0, 3, 1]; // around 0, 1, 3, 2
        var size = 1;
        for (; size < ranks; size *= 4)
        {
            var bits = size;
            rows.Add([.. Enumerable.Range(0, ranks).Select(r => r + ((before[r / bits % 4] - (r / bits % 4)) * bits))]);
        }

        return size == ranks ? rows : [];
    }

    private static InputException? Refusal(PlacementProblem problem)
    {
        var (experts, ranks, nodes) = (problem.ExpertCount, problem.RankCount, problem.NodeCount);
        if (ranks <= 0 || nodes <= 0) return InputException.At("ranks", $"{ranks}", "at least 1");
        if (nodes > ranks || RankBefore(ranks, nodes).Count == 0)
            return InputException.At("ranks", $"{ranks} on {nodes} {(nodes == 1 ? "node" : "nodes")}", "8 or a power of 4 on one node (cube, hypercube), or several nodes with equally many (torus): lplb replicates along a fixed graph");
        if (experts % ranks != 0) return InputException.At("ranks", $"{ranks}", $"a divisor of the {experts} experts: with lplb every rank owns equally many");
        if (problem.SlotCount / ranks > 2 * (experts / ranks)) return InputException.At("slots", $"{problem.SlotCount}", $"at most {2 * experts}, two of every expert: lplb has one edge for each");
        return null;
    }

    /// <summary>Heaviest first; experts come in ascending order, and the sort is made stable by insertion.</summary>
    private static void SortByLoad(ReadOnlySpan<long> load, Span<int> experts, long[] minusLoad)
    {
        for (var i = 0; i < experts.Length; i++)
        {
            var expert = experts[i];
            var key = -load[expert];
            var at = i;
            for (; at > 0 && minusLoad[at - 1] > key; at--) (minusLoad[at], experts[at]) = (minusLoad[at - 1], experts[at - 1]);
            (minusLoad[at], experts[at]) = (key, expert);
        }
    }
}
