using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Tests.Placement;

public sealed class LplbPlannerTests
{
    private static readonly LplbPlanner Lplb = new();

    [Theory]
    [InlineData(8, 1, 2, 16)] // as in LPLB's example
    [InlineData(16, 1, 2, 32)] // the hypercube of 16: all its edges
    [InlineData(64, 1, 3, 192)]
    [InlineData(4, 1, 1, 4)]
    [InlineData(32, 4, 2, 64)] // torus of 4 x 8
    [InlineData(12, 3, 2, 24)]
    public void Every_row_is_a_permutation_without_fixed_ranks_and_no_edge_comes_twice(int ranks, int nodes, int rows, int edges)
    {
        var graph = LplbPlanner.RankBefore(ranks, nodes);
        Assert.Equal(rows, graph.Count);
        var seen = new HashSet<(int, int)>();
        foreach (var row in graph)
        {
            Assert.Equal(Enumerable.Range(0, ranks), row.Order());
            for (var r = 0; r < ranks; r++)
            {
                Assert.NotEqual(r, row[r]);
                seen.Add((Math.Min(r, row[r]), Math.Max(r, row[r])));
                if (nodes == 1 && ranks != 8) Assert.Equal(1, System.Numerics.BitOperations.PopCount((uint)(r ^ row[r])));
            }
        }

        Assert.Equal(edges, seen.Count);
    }

    [Fact]
    public void Redundant_slots_hold_the_heaviest_experts_of_the_ranks_before_and_every_expert_at_most_twice()
    {
        var load = Loads.LogNormal(3, 32, 1.0, new Prng(71));
        var placement = Lplb.Plan(new PlacementProblem(load, 48, 8), new Prng(1));
        int[][] before = [[3, 0, 1, 2, 7, 4, 5, 6], [6, 7, 4, 5, 0, 1, 2, 3]];
        for (var l = 0; l < 3; l++)
        {
            var layer = placement.Layers[l];
            for (var r = 0; r < 8; r++)
            {
                var own = layer.ExpertsOnRank(r)[..4].ToArray();
                Assert.Equal(own.OrderByDescending(e => load.Layer(l)[e]).ThenBy(e => e), own);
                for (var k = 0; k < 2; k++) Assert.Equal(layer.ExpertsOnRank(before[k][r])[k], layer.ExpertsOnRank(r)[4 + k]);
            }

            Assert.Equal(0, Loads.WastedSlots(layer));
            Assert.True(Enumerable.Range(0, 32).All(e => layer.ReplicaCount(e) <= 2));

            // What the graph is for: shares chosen per batch leave the busiest rank lighter than even ones.
            var shares = BalancedShares.Of(layer, load.Layer(l));
            var best = Enumerable.Range(0, 8).Max(r => Enumerable.Range(6 * r, 6).Sum(slot => shares[slot]));
            Assert.True(best < Loads.RankLoads(layer, load.Layer(l)).Max());
        }
    }

    [Theory]
    [InlineData(32, 48, 12, 1, "ranks: found 12 on 1 node, expected 8 or a power of 4 on one node")]
    [InlineData(32, 48, 12, 5, "ranks: found 12 on 5 nodes, expected 8 or")]
    [InlineData(32, 32, 1, 1, "ranks: found 1 on 1 node")]
    [InlineData(20, 24, 8, 1, "ranks: found 8, expected a divisor of the 20 experts")]
    [InlineData(8, 24, 8, 1, "slots: found 24, expected at most 16")]
    public void Shapes_without_a_graph_are_refused(int experts, int slots, int ranks, int nodes, string message)
    {
        var problem = new PlacementProblem(Loads.Of(new long[experts]), slots, ranks, nodes);
        Assert.False(Lplb.Suits(problem));
        Assert.StartsWith(message, Assert.Throws<InputException>(() => Lplb.Plan(problem, new Prng(1))).Message, StringComparison.Ordinal);
    }
}
