using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Tests.Traffic;

public sealed class ReplicaRuleTests
{
    // 6 ranks on 3 nodes. Expert 0 on ranks 0 and 1, expert 1 on ranks 2 and 5, expert 2 on rank 3, expert 3 on rank 4.
    private static readonly LayerPlacement Placement = LayerPlacement.Even(4, [0, 0, 1, 2, 3, 1], 6);

    [Fact]
    public void Static_prefers_the_own_rank_then_the_own_node_then_deals()
    {
        // Expert 0: own rank for 0 and 1; ranks 2, 3, 4, 5 are dealt 0, 1, 0, 1. Expert 1: own for 2 and 5; 3 has 2 on its node, 4 has 5; 0 and 1 are dealt 2, 5.
        Assert.Equal([0, 1, 0, 1, 0, 1], Enumerable.Range(0, 6).Select(s => Choose("static", s, 0)[0]));
        Assert.Equal([2, 5, 2, 2, 5, 5], Enumerable.Range(0, 6).Select(s => Choose("static", s, 1)[0]));
    }

    [Fact]
    public void Even_deals_tokens_in_turn()
    {
        var chooser = ReplicaRules.Find("even", "test").Start(Placement, 3);
        var ranks = new int[1];
        var seen = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            chooser.Choose([1], 2, ranks);
            seen.Add(ranks[0]);
        }

        Assert.Equal([2, 5, 2, 5, 2], seen);
    }

    [Fact]
    public void Locality_first_takes_touched_ranks_then_the_least_loaded()
    {
        Assert.Equal([1, 3], Choose("locality-first", 1, 0, 2)); // own rank; single rank
        var chooser = ReplicaRules.Find("locality-first", "test").Start(LayerPlacement.Even(3, [2, 2, 0, 1, 0, 2], 3), 1);
        var ranks = new int[2];
        chooser.Choose([0, 1], 0, ranks); // expert 1 is fixed to rank 1, which holds expert 0 too
        Assert.Equal([1, 1], ranks);
        chooser.Choose([0, 2], 0, ranks); // expert 2 at home; expert 0 on rank 1 (2 rows) or 2 (none)
        Assert.Equal([2, 0], ranks);
    }

    [Fact]
    public void Every_rule_chooses_a_rank_that_holds_the_expert()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var (trace, sources, placement, nodes) = TrafficBuilderTests.RandomCase(new Prng(seed));
            foreach (var rule in ReplicaRules.All)
            {
                var chooser = rule.Start(placement, nodes);
                var (experts, ranks) = (new ushort[trace.TopK], new int[trace.TopK]);
                for (var t = 0; t < trace.TokenCount; t++)
                {
                    trace.ReadLayer(0, t, 1, experts);
                    chooser.Choose(experts, sources[t], ranks);
                    for (var i = 0; i < ranks.Length; i++)
                        Assert.True(placement.ExpertsOnRank(ranks[i]).Contains(experts[i]), $"seed {seed}, {rule.Name}, token {t}");
                }
            }
        }
    }

    private static int[] Choose(string rule, int source, params ushort[] experts)
    {
        var ranks = new int[experts.Length];
        ReplicaRules.Find(rule, "test").Start(Placement, 3).Choose(experts, source, ranks);
        return ranks;
    }
}
