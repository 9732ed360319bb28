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
        var chooser = ReplicaRules.Find("even", "test").Start(Placement, 3, []);
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
        var chooser = ReplicaRules.Find("locality-first", "test").Start(LayerPlacement.Even(3, [2, 2, 0, 1, 0, 2], 3), 1, []);
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
                var (experts, ranks) = (new ushort[trace.TopK], new int[trace.TopK]);
                var tokens = new long[placement.ExpertCount];
                for (var t = 0; t < trace.TokenCount; t++)
                {
                    trace.ReadLayer(0, t, 1, experts);
                    foreach (var expert in experts) tokens[expert]++;
                }

                var chooser = rule.Start(placement, nodes, tokens);
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

    [Fact]
    public void Lp_deals_within_a_token_of_the_best_shares_and_no_rule_balances_better()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var (trace, sources, placement, nodes) = TrafficBuilderTests.RandomCase(new Prng(seed));
            var counts = ReplicaRules.All.ToDictionary(r => r.Name, r => CopyCounter.Count(trace, 0, 0, sources, placement, nodes, r));
            var tokens = new long[placement.ExpertCount];
            var experts = new ushort[trace.TokenCount * trace.TopK];
            trace.ReadLayer(0, 0, trace.TokenCount, experts);
            foreach (var expert in experts) tokens[expert]++;
            var share = BalancedShares.Of(placement, tokens);
            for (var e = 0; e < placement.ExpertCount; e++)
                Assert.Equal(tokens[e], placement.SlotsOfExpert(e).ToArray().Sum(s => share[s]), 1e-9);
            var rows = Enumerable.Range(0, placement.RankCount).Select(r => counts["lp"].Rows.Received(r) + counts["lp"].Rows[r, r]).ToArray();
            for (var r = 0; r < rows.Length; r++)
            {
                var wanted = Enumerable.Range(0, placement.SlotCount).Where(s => placement.RankOfSlot[s] == r).Sum(s => share[s]);
                var replicated = placement.ExpertsOnRank(r).ToArray().Distinct().Count(e => placement.ReplicaCount(e) > 1);
                Assert.InRange(rows[r], wanted - (placement.RankCount * replicated) - 1e-9, wanted + replicated + 1e-9);
            }

            var best = Enumerable.Range(0, placement.RankCount).Max(r => Enumerable.Range(0, placement.SlotCount).Where(s => placement.RankOfSlot[s] == r).Sum(s => share[s]));
            foreach (var (name, count) in counts)
                Assert.True(Enumerable.Range(0, placement.RankCount).Max(r => count.Rows.Received(r) + count.Rows[r, r]) >= best - 1e-9, $"seed {seed}: {name} below the linear program");
        }
    }

    [Fact]
    public void Random_uses_every_replica_and_repeats_itself()
    {
        var rule = ReplicaRules.Find("random", "test");
        var (first, again, ranks) = (rule.Start(Placement, 3, []), rule.Start(Placement, 3, []), new int[1]);
        var seen = new int[6];
        for (var t = 0; t < 400; t++)
        {
            first.Choose([1], 2, ranks);
            var rank = ranks[0];
            seen[rank]++;
            again.Choose([1], 2, ranks);
            Assert.Equal(rank, ranks[0]);
        }

        Assert.Equal(400, seen[2] + seen[5]);
        Assert.InRange(seen[2], 150, 250); // 5 standard deviations
    }

    private static int[] Choose(string rule, int source, params ushort[] experts)
    {
        var ranks = new int[experts.Length];
        ReplicaRules.Find(rule, "test").Start(Placement, 3, []).Choose(experts, source, ranks);
        return ranks;
    }
}
