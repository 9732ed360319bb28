using Crossweave.Algorithms;
using Crossweave.Algorithms.Assignment;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Layer-to-layer affinity (ExFlow, arXiv 2401.08383; MoETuner, arXiv 2502.06643): experts of consecutive layers that the same tokens
/// choose share a rank, so that a token stays where it is. Both papers solve integer programs; here every layer in turn is assigned
/// exactly to the ranks of its two neighbours (an assignment problem), forwards and backwards, until nothing improves.
/// </summary>
/// <remarks>
/// Maximises the sum over tokens and consecutive layers of pairs of chosen experts on one rank; equal experts per rank, no load term.
/// Redundant slots take copies of the hottest experts. O(layers x (tokens k^2 + sweeps x experts^3)). A local optimum; bad inside a layer,
/// where it says nothing about experts of one token.
/// </remarks>
public sealed class AffinityPlanner : IPlacementPlanner
{
    private const int MaxSweeps = 20;

    public string Name => "affinity";

    public string Summary => "ExFlow, MoETuner: experts that follow each other from layer to layer on one rank";

    public bool NeedsRouting => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var trace = LayerTokens.Routing(problem);
        var (layers, experts, ranks) = (trace.LayerCount, problem.ExpertCount, problem.RankCount);
        var follow = Follow(trace);
        var capacity = RankGroups.EvenCapacity(experts, ranks);
        var placeOf = new int[experts]; // rank of every place
        for (var (place, rank) = (0, 0); rank < ranks; rank++)
            for (var k = 0; k < capacity[rank]; k++)
                placeOf[place++] = rank;
        var rankOf = Enumerable.Range(0, layers).Select(_ => placeOf.ToArray()).ToArray();
        var solver = new AssignmentSolver();
        var weights = new long[experts * experts];
        var pull = new long[experts * ranks];
        for (var sweep = 0; sweep < MaxSweeps; sweep++)
        {
            var improved = sweep == 0; // which looks backwards only
            for (var step = 0; step < layers; step++)
            {
                var l = sweep % 2 == 0 ? step : layers - 1 - step;
                Array.Clear(pull);
                for (var e = 0; e < experts; e++)
                    for (var f = 0; f < experts; f++)
                    {
                        if (l > 0) pull[(e * ranks) + rankOf[l - 1][f]] += follow[l - 1][(f * experts) + e];
                        if (l + 1 < layers && sweep > 0) pull[(e * ranks) + rankOf[l + 1][f]] += follow[l][(e * experts) + f];
                    }

                for (var e = 0; e < experts; e++)
                    for (var p = 0; p < experts; p++)
                        weights[(e * experts) + p] = pull[(e * ranks) + placeOf[p]];
                solver.Maximize(weights, experts, experts);
                var (before, after) = (0L, 0L);
                for (var e = 0; e < experts; e++)
                {
                    before += pull[(e * ranks) + rankOf[l][e]];
                    after += pull[(e * ranks) + placeOf[solver.ColumnOfRow[e]]];
                }

                if (after <= before) continue;
                improved = true;
                for (var e = 0; e < experts; e++) rankOf[l][e] = placeOf[solver.ColumnOfRow[e]];
            }

            if (!improved) break;
        }

        var placed = new LayerPlacement[layers];
        for (var l = 0; l < layers; l++)
        {
            var groups = new RankGroups(rankOf[l], ranks, problem.SlotsPerRank);
            groups.FillWithHottest(problem.Load.Layer(l));
            placed[l] = groups.ToLayer();
        }

        return new ExpertPlacement(placed, problem.Load.LayerIds);
    }

    // [layer][expert, expert of the next layer] tokens that chose both.
    private static long[][] Follow(RoutingTrace trace)
    {
        const int BlockTokens = 1024;
        var (layers, k, experts) = (trace.LayerCount, trace.TopK, trace.ExpertCount);
        var follow = Enumerable.Range(0, Math.Max(0, layers - 1)).Select(_ => new long[experts * experts]).ToArray();
        var buffer = new ushort[Math.Min(BlockTokens, trace.TokenCount) * layers * k];
        for (var first = 0; first < trace.TokenCount; first += BlockTokens)
        {
            var count = Math.Min(BlockTokens, trace.TokenCount - first);
            trace.ReadExperts(first, count, buffer.AsSpan(0, count * layers * k));
            for (var t = 0; t < count; t++)
                for (var l = 0; l + 1 < layers; l++)
                {
                    var here = buffer.AsSpan(((t * layers) + l) * k, k);
                    var next = buffer.AsSpan(((t * layers) + l + 1) * k, k);
                    foreach (var e in here)
                        foreach (var f in next)
                            follow[l][(e * experts) + f]++;
                }
        }

        return follow;
    }
}
