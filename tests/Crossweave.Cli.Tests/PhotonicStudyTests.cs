using System.Globalization;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>The whole-layer study on the printed matrix; without recordings the rest says what is missing.</summary>
public sealed class PhotonicStudyTests
{
    [Fact]
    public void Ours_is_between_the_bound_and_the_ideal_and_below_every_published_column()
    {
        using var folder = new Cli.Folder();
        folder.File("scenario.json", $$"""
            {"title": "t", "about": "a", "photonic": [
              {"matrix": "{{PublishedMatrix.File.Replace('\\', '/')}}", "scales": [1, 0.25, 0.05, 0.02, 0.005], "tokenBytes": 12288, "bandwidth": "400Gbps", "delay": "10ns",
               "computes": ["photonic-rtx-pro-6000", "linear:1.05us"], "preset": "fast"},
              {"traces": ["traces/none.ids.npy"], "model": "deepseek-v2-lite", "ranks": 8, "batches": [256], "tokenBytes": 4096, "bandwidth": "400Gbps", "delay": "10ns",
               "computes": ["linear:1.05us"], "preset": "fast"}]}
            """);
        var (code, _, error) = Cli.Run("experiment", folder.Path, "--data", Path.Combine(folder.Path, "absent"));
        Assert.True(code == 0, error);
        var text = File.ReadAllText(folder.File("expected.md"));
        Assert.Contains("Skipped: ", text, StringComparison.Ordinal);
        var lines = text.Split('\n').Where(l => l.StartsWith('|')).Select(l => l.Trim('|').Split('|').Select(c => c.Trim()).ToArray()).ToArray();
        var (ours, limit, bound, barrier) = (Column("ours"), Column("Ideal'"), Column("bound"), Column("MaxWeight, barrier"));
        Assert.Equal(10, lines.Length - 2);
        foreach (var row in lines[2..])
        {
            Assert.True(Value(row, ours) <= Value(row, limit) && Value(row, ours) >= Value(row, bound), string.Join(' ', row));
            for (var c = Column("ring"); c < ours; c++) Assert.True(Value(row, ours) <= Value(row, c), $"{lines[0][c]}: {string.Join(' ', row)}");
        }

        // The figures of scheduling spec 5.5; entries are rounded here.
        Assert.Equal(["0.693", "0.830", "1.528"], lines[2..].Where(r => r[1].StartsWith("photonic", StringComparison.Ordinal)).Take(3).Select(r => r[barrier]));
        Assert.True(Value(lines[^2], barrier) > 6);
        Assert.Equal(0, Cli.Run("experiment", folder.Path, "--data", Path.Combine(folder.Path, "absent"), "--check").Code);

        int Column(string name) => Array.IndexOf(lines[0], name);
        static double Value(string[] row, int column) => double.Parse(row[column], CultureInfo.InvariantCulture);
    }
}
