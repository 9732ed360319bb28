using Crossweave.Algorithms;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Tests.Traffic;

public sealed class MatrixFamiliesTests
{
    public static TheoryData<string> Names() => [.. MatrixFamilies.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_family_is_seeded_remote_only_and_not_empty(string name)
    {
        var family = MatrixFamilies.Find(name, "test");
        foreach (var n in new[] { family.LeastRanks, 9, 32 })
        {
            var matrix = family.Draw(n, new Prng(3).Split(n));
            Assert.Equal(matrix.Cells.ToArray(), family.Draw(n, new Prng(3).Split(n)).Cells.ToArray());
            Assert.Equal(n, matrix.RankCount);
            Assert.Equal(0, matrix.LocalTotal());
            if (n > 2) Assert.True(matrix.Total() > 0, $"{name} {n}");
        }
    }

    [Fact]
    public void Lines_of_tight_matrices_are_all_full()
    {
        var matrix = MatrixFamilies.Find("tight", "test").Draw(16, new Prng(5));
        for (var r = 0; r < 16; r++) Assert.Equal((matrix.Sent(0), matrix.Sent(0)), (matrix.Sent(r), matrix.Received(r)));
    }

    [Fact]
    public void The_spectra_benchmark_has_at_most_sixteen_flows_a_line_and_a_line_sum_near_one_hundred_thousand()
    {
        var matrix = MatrixFamilies.Find("spectra", "test").Draw(100, new Prng(5));
        for (var r = 0; r < 100; r++)
        {
            Assert.InRange(matrix.Row(r).ToArray().Count(x => x > 0), 8, 16);
            Assert.InRange(matrix.Sent(r), 95_000, 105_000); // noise of 16 flows: 4 x 300
            Assert.InRange(matrix.Received(r), 95_000, 105_000);
        }
    }

    [Fact]
    public void Empty_shares_are_as_stated()
    {
        Assert.InRange(Share("half-empty"), 0.47, 0.53);
        Assert.InRange(Share("sparse"), 0.77, 0.83);
        Assert.Equal(0, Share("entry-skewed"));

        static double Share(string name)
        {
            var matrix = MatrixFamilies.Find(name, "test").Draw(64, new Prng(8));
            return (matrix.Cells.ToArray().Count(x => x == 0) - 64) / (64.0 * 63);
        }
    }
}
