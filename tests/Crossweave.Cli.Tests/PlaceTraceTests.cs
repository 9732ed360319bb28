using System.Text.Json.Nodes;

namespace Crossweave.Cli.Tests;

/// <summary><c>place --trace</c>: planned on one part of single tokens, judged on the other.</summary>
public sealed class PlaceTraceTests
{
    private static readonly string Trace = Cli.Sample("routing.ids.npy");

    [Fact]
    public void The_document_says_what_held_out_tokens_get_and_verifies()
    {
        using var folder = new Cli.Folder();
        var (file, placement) = (folder.File("p.json"), folder.File("placement.json"));
        Assert.Equal(0, Cli.Run("place", "--trace", Trace, "--layer", "0,5", "--train-fraction", "0.5", "--planner", "locality", "--ranks", "8", "--json", file, "--out", placement).Code);
        var layers = JsonNode.Parse(File.ReadAllText(file))!["layers"]!.AsArray();
        Assert.Equal(2, layers.Count);
        foreach (var layer in layers)
        {
            Assert.InRange((double)layer!["distinctRanksPerToken"]!, 1, 6);
            Assert.InRange((double)layer["remoteRanksPerToken"]!, 0, (double)layer["distinctRanksPerToken"]!);
            Assert.InRange((double)layer["maxOverMeanRank"]!, 1, 8);
            Assert.True((long)layer["bytes"]! > 0);
        }

        Assert.Equal(0, Cli.Run("verify", file).Code);
        Assert.Equal(0, Cli.Run("verify", placement).Code);
    }

    [Fact]
    public void All_planners_are_compared_and_a_cap_is_kept_on_the_tokens_planned_on()
    {
        var (code, text, _) = Cli.Run("place", "--trace", Trace, "--planner", "all", "--ranks", "8");
        Assert.Equal(0, code);
        foreach (var name in new[] { "contiguous", "refined", "occult", "occult-rr", "grace", "affinity", "locality", "auto" }) Assert.Contains(name, text, StringComparison.Ordinal);
        var capped = JsonNode.Parse(Cli.Run("place", "--trace", Trace, "--planner", "locality", "--ranks", "8", "--max-load", "1.2", "--json", "-").Out)!;
        foreach (var layer in capped["layers"]!.AsArray()) Assert.True((double)layer!["maxOverMean"]! <= 1.2);
    }

    [Fact]
    public void Prove_prints_what_no_placement_goes_below()
    {
        using var folder = new Cli.Folder();
        var (file, command) = (folder.File("p.json"), new[] { "place", "--trace", Trace, "--layer", "0,5", "--planner", "locality", "--ranks", "16", "--max-load", "1.2" });
        Assert.DoesNotContain("fewer than", Cli.Run(command).Out, StringComparison.Ordinal);
        var (code, text, _) = Cli.Run([.. command, "--prove"]);
        Assert.Equal(0, code);
        Assert.Contains("optimal, hence proven: 2 of 2 layers", text, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run([.. command, "--prove", "--json", file]).Code);
        foreach (var layer in JsonNode.Parse(File.ReadAllText(file))!["layers"]!.AsArray())
            Assert.Equal((double)layer!["fewestDistinctRanksPerToken"]!, (double)layer["plannedDistinctRanksPerToken"]!);
        Assert.Equal(0, Cli.Run("verify", file).Code);
    }

    [Theory]
    [InlineData("--prove: found 96 slots for 64 experts, expected one slot per expert", "--prove", "--slots", "96")]
    [InlineData("--prove: found 2 nodes, over which experts are divided first, expected one node", "--prove", "--nodes", "2")]
    [InlineData("--layer: found 'x'", "--layer", "x")]
    [InlineData("--layer: found '8'", "--layer", "0,8")]
    [InlineData("--train-fraction: found 2", "--train-fraction", "2")]
    [InlineData("max-load: found 0.5", "--max-load", "0.5")]
    [InlineData("--trace: found also --loads", "--loads", "x.json")]
    public void Wrong_input_is_one_line(string expected, params string[] more)
    {
        var (code, _, error) = Cli.Run(["place", "--trace", Trace, "--planner", "locality", "--ranks", "8", .. more]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Loads_alone_do_for_planners_that_need_no_tokens()
    {
        using var folder = new Cli.Folder();
        var loads = folder.File("w.json", """{"weight": [[5, 3, 2, 1]]}""");
        Assert.Equal(0, Cli.Run("place", "--loads", loads, "--planner", "all", "--ranks", "2").Code);
        var (code, _, error) = Cli.Run("place", "--loads", loads, "--planner", "occult", "--ranks", "2");
        Assert.Equal(2, code);
        Assert.Contains("routing: found loads only", error, StringComparison.Ordinal);
        foreach (var (option, value) in new[] { ("--layer", "0"), ("--train-fraction", "0.3"), ("--replicas", "even"), ("--token-bytes", "5") })
        {
            (code, _, error) = Cli.Run("place", "--loads", loads, "--ranks", "2", option, value);
            Assert.Equal(2, code);
            Assert.StartsWith($"crossweave: {option}: found it without --trace", error, StringComparison.Ordinal);
        }
    }
}
