using System.Text.Json.Nodes;

namespace Crossweave.Cli.Tests;

/// <summary>A layer out as hypergraph, a partition of it back in as placement.</summary>
public sealed class HypergraphTests
{
    private static readonly string Trace = Cli.Sample("routing.ids.npy");

    [Fact]
    public void A_layer_goes_out_and_its_partition_comes_back()
    {
        using var folder = new Cli.Folder();
        var (graph, placement) = (folder.File("x.hgr"), folder.File("p.json"));
        var written = JsonNode.Parse(Cli.Run("export", "--trace", Trace, "--layer", "3", "--format", "hmetis", "--vertex-weights", "--out", graph, "--json", "-").Out)!;
        var head = File.ReadLines(graph).First().Split(' ').Select(int.Parse).ToArray();
        Assert.Equal([(int)written["nets"]!, (int)written["experts"]!, 11], head);
        var part = folder.File("x.part", string.Concat(Enumerable.Range(0, head[1]).Select(e => $"{e % 8}\n")));
        Assert.Equal(0, Cli.Run("import", part, "--format", "partition", "--ranks", "8", "--out", placement).Code);
        Assert.Equal(0, Cli.Run("verify", placement).Code);
        var back = folder.File("y.part");
        Assert.Equal(0, Cli.Run("export", placement, "--format", "partition", "--out", back).Code);
        Assert.Equal(File.ReadAllText(part), File.ReadAllText(back));
    }

    [Theory]
    [InlineData("--layer: found 99", "--trace", "T", "--layer", "99", "--format", "hmetis")]
    [InlineData("--format: found 'sglang' with --trace", "--trace", "T", "--format", "sglang")]
    [InlineData("--vertex-weights: found it without --trace", "p.json", "--vertex-weights", "--format", "sglang")]
    [InlineData("one of the two", "p.json", "--trace", "T", "--format", "hmetis")]
    public void Wrong_input_is_one_line(string expected, params string[] arguments)
    {
        var (code, _, error) = Cli.Run(["export", .. arguments.Select(a => a == "T" ? Trace : a)]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }
}
