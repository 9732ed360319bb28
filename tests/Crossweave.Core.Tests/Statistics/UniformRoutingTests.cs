using Crossweave.Core.Routing.Statistics;

namespace Crossweave.Core.Tests.Statistics;

public sealed class UniformRoutingTests
{
    // Execution spec, table of section 2.3.
    [Theory]
    [InlineData(64, 8, new[] { 1.9952, 3.6590, 5.4326, 6.7509, 7.5556 })]
    [InlineData(64, 6, new[] { 1.9758, 3.3453, 4.5355, 5.3161, 5.7619 })]
    [InlineData(60, 4, new[] { 1.8876, 2.7778 })]
    [InlineData(128, 8, new[] { 1.9938, 3.6290, 5.3394, 6.5965, 7.3594 })]
    [InlineData(256, 8, new[] { 1.9930, 3.6142, 5.2947, 6.5233, 7.2668 })]
    [InlineData(8, 2, new[] { 1.5714, 1.8571, 2.0000 })]
    public void Golden_table_for_EP_2_to_32(int experts, int topK, double[] expected)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], UniformRouting.DistinctRanks(Even(experts, 2 << i), topK), 4);
    }

    [Theory]
    [InlineData(64, 8, 4, 0.5032)]
    [InlineData(64, 8, 8, 0.8660)]
    [InlineData(64, 8, 16, 0.8527)]
    [InlineData(64, 8, 32, 0.5968)]
    [InlineData(64, 6, 8, 0.7923)]
    [InlineData(256, 8, 32, 0.7475)]
    public void Golden_standard_deviations(int experts, int topK, int ranks, double expected) =>
        Assert.Equal(expected, Math.Sqrt(UniformRouting.Variance(Even(experts, ranks), topK)), 4);

    [Theory]
    [InlineData(new[] { 1, 3, 0, 4 }, 3)]
    [InlineData(new[] { 2, 2, 3 }, 2)]
    [InlineData(new[] { 5, 1, 1, 1 }, 5)]
    [InlineData(new[] { 7 }, 7)]
    public void Uneven_ranks_agree_with_enumeration_of_all_subsets(int[] sizes, int topK)
    {
        var rankOfExpert = sizes.SelectMany((n, r) => Enumerable.Repeat(r, n)).ToArray();
        var counts = new List<int>();
        for (var subset = 0; subset < 1 << rankOfExpert.Length; subset++)
            if (System.Numerics.BitOperations.PopCount((uint)subset) == topK)
                counts.Add(rankOfExpert.Where((_, e) => (subset >> e & 1) != 0).Distinct().Count());
        var mean = counts.Average();
        Assert.Equal(mean, UniformRouting.DistinctRanks(sizes, topK), 10);
        Assert.Equal(counts.Average(c => (c - mean) * (c - mean)), UniformRouting.Variance(sizes, topK), 10);
    }

    private static int[] Even(int experts, int ranks) => [.. Enumerable.Repeat(experts / ranks, ranks)];
}
