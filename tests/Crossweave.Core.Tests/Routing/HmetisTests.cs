using Crossweave.Algorithms;
using Crossweave.Core.Formats.Hypergraphs;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

/// <summary>The hypergraph text against an independent reading of it: connectivity of a partition is C_T, in integers.</summary>
public sealed class HmetisTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connectivity_of_any_partition_is_the_copies(bool withLoads)
    {
        using var folder = new TemporaryFolder();
        for (var seed = 0UL; seed < 20; seed++)
        {
            var prng = new Prng(seed);
            var (experts, topK, tokens, ranks) = (6 + prng.NextInt(10), 1 + prng.NextInt(4), 120, 2 + prng.NextInt(4));
            var choices = new ushort[tokens * topK];
            for (var t = 0; t < tokens; t++)
            {
                var order = Enumerable.Range(0, experts).Select(e => (ushort)e).ToArray();
                prng.Shuffle<ushort>(order);
                order.AsSpan(0, topK).CopyTo(choices.AsSpan(t * topK));
            }

            var sets = TokenSets.Of(experts, topK, choices);
            var rankOf = Enumerable.Range(0, experts).Select(_ => prng.NextInt(ranks)).ToArray();
            var path = folder.File($"{seed}.hgr");
            var nets = HmetisFile.Write(sets, path, withLoads);
            var lines = File.ReadAllLines(path).Select(line => line.Split(' ').Select(long.Parse).ToArray()).ToArray();
            Assert.Equal([nets, experts, withLoads ? 11 : 1], lines[0]);
            Assert.Equal(1 + nets + (withLoads ? experts : 0), lines.Length);
            var km1 = lines[1..(1 + nets)].Sum(net => net[0] * (net[1..].Select(v => rankOf[v - 1]).Distinct().Count() - 1));
            Assert.Equal(sets.Copies(rankOf, ranks), km1 + tokens);
            if (topK > 1) Assert.Equal(tokens, lines[1..(1 + nets)].Sum(net => net[0]));
            if (withLoads) Assert.Equal(Enumerable.Range(0, experts).Select(sets.Load), lines[(1 + nets)..].Select(weight => weight[0]));
        }
    }

    [Fact]
    public void A_partition_file_is_a_placement_with_ranks_of_any_size()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.part.3", "2\n0\n0\n0\n1\n1\n2\n2\n");
        var one = new PartitionFormat().Read(path, new PlacementReadOptions());
        Assert.Equal((1, 8, 3), (one.Layers.Count, one.ExpertCount, one.RankCount));
        Assert.Equal([1, 2, 3], one.Layers[0].ExpertsOnRank(0).ToArray());
        Assert.Equal([0, 6, 7], one.Layers[0].ExpertsOnRank(2).ToArray());
        var two = new PartitionFormat().Read(path, new PlacementReadOptions(4, LayerCount: 2));
        Assert.Equal((2, 4, 4), (two.Layers.Count, two.ExpertCount, two.RankCount));
        Assert.Equal([0, 1], two.Layers[1].ExpertsOnRank(1).ToArray());
        Assert.Contains("line 1: found '2', expected a rank from 0 to 1", Assert.Throws<InputException>(() => new PartitionFormat().Read(path, new PlacementReadOptions(2))).Message, StringComparison.Ordinal);
        Assert.Contains("8 lines for 3 layers", Assert.Throws<InputException>(() => new PartitionFormat().Read(path, new PlacementReadOptions(LayerCount: 3))).Message, StringComparison.Ordinal);
    }
}
