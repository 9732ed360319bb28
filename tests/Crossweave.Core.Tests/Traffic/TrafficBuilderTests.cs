using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Traffic;

public sealed class TrafficBuilderTests
{
    public static TheoryData<SendMode, bool, string> Modes
    {
        get
        {
            var data = new TheoryData<SendMode, bool, string>();
            foreach (var mode in Enum.GetValues<SendMode>())
                foreach (var rule in ReplicaRules.All)
                {
                    data.Add(mode, false, rule.Name);
                    data.Add(mode, true, rule.Name);
                }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Every_matrix_is_what_the_token_by_token_oracle_counts(SendMode mode, bool sum, string replicas)
    {
        for (var seed = 0UL; seed < 60; seed++)
        {
            var (trace, sources, placement, nodes) = RandomCase(new Prng(seed));
            var options = new TrafficOptions(mode, sum, new Bytes(1000), new Bytes(3000), nodes, ReplicaRules.Find(replicas, "test"));
            var traffic = TrafficBuilder.Build(trace, 0, 0, sources, placement, options, out var summary);
            var oracle = new TrafficOracle(trace, sources, placement, options);
            for (var x = 0; x < traffic.Dispatch.Count; x++)
            {
                Assert.True(oracle.Matches($"dispatch {x}", traffic.Dispatch[x]), $"seed {seed}: dispatch {x}");
                Assert.True(oracle.Matches($"combine {x}", traffic.Combine[x]), $"seed {seed}: combine {x}");
            }

            Assert.Equal(mode == SendMode.PerNode ? 2 : 1, traffic.Dispatch.Count);
            var pairs = (long)trace.TokenCount * trace.TopK;
            Assert.True(pairs == traffic.Dispatch.Sum(e => e.Work.Total()), $"seed {seed}: dispatch work");
            Assert.True(pairs == traffic.Combine.Sum(e => e.Work.Total()), $"seed {seed}: combine work");
            Assert.True(pairs == summary.RowsOfRank.Sum(), $"seed {seed}: rows of ranks");
            Assert.True(oracle.RankCopies == summary.RankCopies && oracle.RemoteRankCopies == summary.RemoteRankCopies, $"seed {seed}: C_T, C_R");
            Assert.True(oracle.NodeCopies == summary.NodeCopies && oracle.RemoteNodeCopies == summary.RemoteNodeCopies, $"seed {seed}: node C_T");
            Assert.True(oracle.WireBytes == summary.WireBytes && oracle.CrossNodeBytes == summary.CrossNodeBytes, $"seed {seed}: bytes");
            if (mode == SendMode.PerNode) Assert.True(summary.NodeCopies == traffic.Dispatch[0].Copies.Total(), $"seed {seed}: one copy per node");
        }
    }

    [Fact]
    public void One_token_by_hand_across_two_nodes()
    {
        // 4 ranks on 2 nodes, expert e on rank e / 2. A token of rank 1 chooses experts 0 (rank 0), 4, 5 (rank 2) and 6 (rank 3).
        var placement = LayerPlacement.Even(8, [0, 1, 2, 3, 4, 5, 6, 7], 4);
        var trace = new ArrayTrace([0, 4, 5, 6], 4, 8, [1]);
        var options = new TrafficOptions(SendMode.PerNode, false, new Bytes(1), new Bytes(1), 2);
        var traffic = TrafficBuilder.Build(trace, 0, 0, [1], placement, options, out var summary);
        Assert.Equal(["1>1:1", "1>3:1"], Entries(traffic.Dispatch[0].Copies)); // own node: stays; other node: local index 1 = rank 3
        Assert.Equal(["1>3:1"], Entries(traffic.Dispatch[0].Work));
        Assert.Equal(["1>0:1", "3>2:1"], Entries(traffic.Dispatch[1].Copies));
        Assert.Equal(["1>0:1", "3>2:2"], Entries(traffic.Dispatch[1].Work));
        Assert.Equal(["0>1:1", "2>3:2"], Entries(traffic.Combine[0].Copies)); // two rows of rank 2 to the forwarder
        Assert.Equal(["1>1:1", "3>1:3"], Entries(traffic.Combine[1].Copies)); // its own row and the two
        Assert.Equal((3, 3, 2, 1), (summary.RankCopies, summary.RemoteRankCopies, summary.NodeCopies, summary.RemoteNodeCopies));
        var summed = TrafficBuilder.Build(trace, 0, 0, [1], placement, options with { SumBeforeCombine = true }, out _);
        Assert.Equal(["0>1:1", "2>3:1"], Entries(summed.Combine[0].Copies));
        Assert.Equal(["1>1:1", "3>1:1"], Entries(summed.Combine[1].Copies));
    }

    [Fact]
    public void Uniform_routing_has_the_distinct_ranks_of_the_exact_formula()
    {
        // Execution spec 2.3: E = 64, k = 8, R = 8 gives 5.4326 with a standard deviation of 0.8660 per token.
        const int tokens = 40_000;
        var prng = new Prng(11);
        var experts = new ushort[tokens * 8];
        var all = Enumerable.Range(0, 64).Select(e => (ushort)e).ToArray();
        for (var t = 0; t < tokens; t++)
        {
            prng.Shuffle<ushort>(all);
            all.AsSpan(0, 8).CopyTo(experts.AsSpan(t * 8));
        }

        var trace = new ArrayTrace(experts, 8, 64, [tokens]);
        var sources = SourceRanks.Find("round-robin", "test").Assign(trace, 8);
        var placement = LayerPlacement.Even(64, [.. Enumerable.Range(0, 64)], 8);
        TrafficBuilder.Build(trace, 0, 0, sources, placement, new(SendMode.PerRank, true, new(1), new(1)), out var summary);
        Assert.InRange(summary.DistinctRanks, 5.4326 - (4 * 0.8660 / Math.Sqrt(tokens)), 5.4326 + (4 * 0.8660 / Math.Sqrt(tokens)));
        Assert.Equal(summary.DistinctRanks * 7 / 8, summary.RemoteRanks, 0.02);
    }

    [Fact]
    public void Wrong_shapes_are_named()
    {
        var placement = LayerPlacement.Even(4, [0, 1, 2, 3], 4);
        var trace = new ArrayTrace([0, 5], 1, 6, [2]);
        var options = new TrafficOptions(SendMode.PerRank, true, new(1), new(1));
        Assert.Equal(
            "routing: found expert 5, expected 0 to 3 (the experts of the placement)",
            Assert.Throws<InputException>(() => TrafficBuilder.Build(trace, 0, 0, [0, 0], placement, options, out _)).Message);
        Assert.Throws<InputException>(() => TrafficBuilder.Build(trace, 0, 0, [0, 4], placement, options, out _));
        Assert.Throws<InputException>(() => TrafficBuilder.Build(trace, 0, 0, [0, 0], placement, options with { NodeCount = 3 }, out _));
    }

    internal static (ArrayTrace Trace, int[] Sources, LayerPlacement Placement, int Nodes) RandomCase(Prng prng)
    {
        var nodes = 1 + prng.NextInt(3);
        var ranks = nodes * (1 + prng.NextInt(3));
        var expertCount = 4 + prng.NextInt(12);
        var slots = Enumerable.Range(0, expertCount).Concat(Enumerable.Range(0, prng.NextInt(8)).Select(_ => prng.NextInt(expertCount))).ToArray();
        prng.Shuffle<int>(slots);
        var rankOfSlot = slots.Select(_ => prng.NextInt(ranks)).Order().ToArray(); // uneven, empty ranks too
        var topK = 1 + prng.NextInt(4);
        var tokens = prng.NextInt(60);
        var experts = new ushort[tokens * topK];
        var all = Enumerable.Range(0, expertCount).Select(e => (ushort)e).ToArray();
        for (var t = 0; t < tokens; t++)
        {
            prng.Shuffle<ushort>(all);
            all.AsSpan(0, topK).CopyTo(experts.AsSpan(t * topK));
        }

        var sources = Enumerable.Range(0, tokens).Select(_ => prng.NextInt(ranks)).ToArray();
        return (new ArrayTrace(experts, topK, expertCount, [tokens]), sources, new LayerPlacement(expertCount, slots, rankOfSlot, ranks), nodes);
    }

    private static List<string> Entries(TrafficMatrix matrix)
    {
        var entries = new List<string>();
        for (var s = 0; s < matrix.RankCount; s++)
            for (var t = 0; t < matrix.RankCount; t++)
                if (matrix[s, t] > 0)
                    entries.Add($"{s}>{t}:{matrix[s, t]}");
        return entries;
    }
}
