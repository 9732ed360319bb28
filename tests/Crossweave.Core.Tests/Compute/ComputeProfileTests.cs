using Crossweave.Core.Compute;
using Crossweave.Core.Models;

namespace Crossweave.Core.Tests.Compute;

public sealed class ComputeProfileTests
{
    private static readonly ModelDescription Model = new("small", 64, 32, 16, 2, 1);

    private static readonly ComputeContext Context = new(Model, 4);

    [Fact]
    public void Table_goes_through_its_points_and_follows_power_laws_between_them()
    {
        var table = PhotonicTable.Profile;
        Assert.Equal(0, table.LaunchPs(0));
        Assert.Equal(214_000_000, table.LaunchPs(1));
        Assert.Equal(7_900_000_000, table.LaunchPs(8192));
        Assert.Equal(1_102_000_000_000, table.LaunchPs(1_048_576));
        Assert.Equal(2_204_000_000_000, table.LaunchPs(2_097_152)); // proportional above
        Assert.Equal(214_000_000, table.Curve(0.3)); // flat below
        Assert.Equal(23.48, table.LaunchPs(22_582) * 1e-9, 0.005); // scheduling spec 7.5
        // Half way between 1024 and 2048 on log paper: sqrt(1.12 x 2.03) ms at 1448.15 tokens.
        Assert.Equal(Math.Sqrt(1.12 * 2.03), table.Curve(Math.Sqrt(1024.0 * 2048)) * 1e-9, 1e-9);
    }

    [Fact]
    public void The_cheapest_split_of_the_golden_rank_lies_in_the_published_interval()
    {
        var table = PhotonicTable.Profile;
        var split = (2 * table.LaunchPs(8192)) + table.LaunchPs(6198);
        Assert.Equal(21.84, split * 1e-9, 0.005);
        Assert.InRange(table.CheapestSplitPs(22_582) * 1e-9, 21.79, 21.84); // 22,582 x 7.90 / 8,192 alone gives 21.78
        Assert.True(split < table.LaunchPs(22_582)); // one launch is not the bound
    }

    [Theory]
    [InlineData("photonic-rtx-pro-6000", false)]
    [InlineData("photonic-analytic", true)]
    [InlineData("floor:3us,70ns", true)]
    [InlineData("additive:50ns,7ns", true)]
    [InlineData("linear:1.05us", true)]
    [InlineData("roofline:h100", true)]
    [InlineData("roofline:rtx-pro-6000,0.001", true)]
    public void No_partition_is_cheaper_than_the_cheapest_split(string text, bool oneLaunchIsCheapest)
    {
        var profile = ComputeProfiles.Parse(text, "test", Context);
        const int most = 700;
        var best = new long[most + 1]; // exact: best[n] = min over the last launch
        for (var n = 1; n <= most; n++)
        {
            best[n] = profile.LaunchPs(n);
            for (var t = 1; t < n; t++) best[n] = Math.Min(best[n], profile.LaunchPs(t) + best[n - t]);
            Assert.True(profile.CheapestSplitPs(n) <= best[n], $"{n} rows: {profile.CheapestSplitPs(n)} above {best[n]}");
            Assert.True(profile.SmallestLaunchPs <= profile.LaunchPs(n), $"{n} rows");
            if (oneLaunchIsCheapest) Assert.InRange(profile.CheapestSplitPs(n), best[n] - 1, best[n]);
        }

        Assert.Equal(0, profile.CheapestSplitPs(0));
        Assert.True(profile.CheapestSplitPs(most) > 0.9 * best[most]);
    }

    [Fact]
    public void Roofline_reads_touched_experts_or_multiplies()
    {
        // 3 x 64 x 32 weights of 2 bytes = 12288 bytes per expert; 3.35 TB/s: one expert 3669 ps (rounded up), four 14673 ps.
        var profile = ComputeProfiles.Parse("roofline:h100,0.5", "test", Context);
        Assert.Equal(3669, profile.LaunchPs(1));
        Assert.Equal(14_673, profile.LaunchPs(4));
        Assert.Equal(14_673, profile.LaunchPs(5));
        // 12288 FLOP per row at 494.5 TFLOP/s: 24.849 ps per row, above the weights from 591 rows on.
        Assert.Equal(24_850, profile.LaunchPs(1000));
        Assert.Equal("roofline:h100,0.5", profile.Description);
        var again = ComputeProfiles.Parse(profile.Text, "test"); // without the model
        Assert.Equal(profile.Text, again.Text);
        foreach (var rows in new long[] { 1, 7, 300, 100_000 }) Assert.Equal(profile.LaunchPs(rows), again.LaunchPs(rows));
    }

    [Fact]
    public void A_table_file_is_read_and_its_defects_are_named()
    {
        var path = Path.Combine(Path.GetTempPath(), $"profile-{Guid.NewGuid():N}.csv");
        try
        {
            File.WriteAllText(path, "# measured\ntokens,time\n1,10us\n4, 40us\n");
            var profile = ComputeProfiles.Parse($"table:{path}", "--compute");
            Assert.Equal(20_000_000, profile.LaunchPs(2), 1.0);
            foreach (var (text, message) in new[]
            {
                ("", "found no points"), ("t,ms\n", "line 1: found 't,ms'"), ("tokens,time\n1\n", "line 2: found '1'"),
                ("tokens,time\n1,10\n", "without a unit"), ("tokens,time\nx,10us\n", "line 2: found tokens 'x'"),
                ("tokens,time\n2,1us\n2,1us\n", "line 3: found tokens 2, expected more than 2"), ("tokens,time\n2,0us\n", "line 2: found time 0"),
            })
            {
                File.WriteAllText(path, text);
                Assert.Contains(message, Assert.Throws<InputException>(() => ComputeProfiles.Parse($"table:{path}", "--compute")).Message);
            }
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Throws<InputException>(() => ComputeProfiles.Parse($"table:{path}", "--compute"));
    }

    [Theory]
    [InlineData("gpu", "found 'gpu', expected one of")]
    [InlineData("floor:270us", "expected the form floor:FLOOR,PER_TOKEN")]
    [InlineData("floor:270us,", "expected the form floor")]
    [InlineData("linear:1.05", "without a unit")]
    [InlineData("roofline:h1000", "found device 'h1000', expected one of a100, h100, h200, b200, rtx-pro-6000")]
    [InlineData("roofline:h100,1.5", "found efficiency '1.5'")]
    [InlineData("roofline:h100", "without a model")]
    [InlineData("roofline:h100,0.6,5", "all of FLOP_PER_ROW, EXPERT_BYTES and EXPERTS")]
    [InlineData("roofline:h100,0.6,x,5B,2", "operations per row")]
    [InlineData("photonic-analytic:3", "expected the form")]
    public void Wrong_profiles_are_named(string text, string message)
    {
        var error = Assert.Throws<InputException>(() => ComputeProfiles.Parse(text, "--compute"));
        Assert.StartsWith("--compute: ", error.Message);
        Assert.Contains(message, error.Message);
    }
}
