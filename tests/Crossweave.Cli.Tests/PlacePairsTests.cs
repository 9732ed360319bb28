using System.Text.Json.Nodes;

namespace Crossweave.Cli.Tests;

/// <summary><c>place --pairs</c>: the real matrix of execution spec 7.5 (LLaMA-MoE layer 0, public C2R data, MIT).</summary>
public sealed class PlacePairsTests
{
    private const string Llama =
        """
        0,2256,0,15105,0,122,825,149
        2256,0,23,41798,360,147,8537,7207
        0,23,0,1,1379,9,19,63
        15105,41798,1,0,19,8,47436,1346
        0,360,1379,19,0,11212,1030,6212
        122,147,9,8,11212,0,39,59478
        825,8537,19,47436,1030,39,0,20
        149,7207,63,1346,6212,59478,20,0
        """;

    [Theory]
    [InlineData("contiguous", 4, 13_489, false)]
    [InlineData("occult", 4, 110_549, false)]
    [InlineData("occult-rr", 4, 110_549, false)]
    [InlineData("locality", 4, 110_549, true)]
    [InlineData("contiguous", 2, 137_174, false)]
    [InlineData("occult", 2, 148_002, false)]
    [InlineData("occult-rr", 2, 148_002, false)]
    [InlineData("locality", 2, 194_310, true)]
    public void Golden_intra_pairs_of_a_real_matrix(string planner, int ranks, int intra, bool proven)
    {
        using var folder = new Cli.Folder();
        var pairs = folder.File("pairs.csv", Llama);
        var document = folder.File("p.json");
        Assert.Equal(0, Cli.Run("place", "--pairs", pairs, "--planner", planner, "--ranks", $"{ranks}", "--json", document).Code);
        var layer = JsonNode.Parse(File.ReadAllText(document))!["layers"]![0]!;
        Assert.Equal(intra / 204_800.0, (double)layer["intraFraction"]!);
        Assert.Equal(2 - (intra / 204_800.0), (double)layer["distinctRanksPerToken"]!, 12);
        Assert.Equal(proven, (bool)layer["proven"]!);
        Assert.Equal(0, Cli.Run("verify", document).Code);
    }

    [Fact]
    public void Every_planner_that_takes_pairs_is_compared_and_a_cap_costs_pairs()
    {
        using var folder = new Cli.Folder();
        var pairs = folder.File("pairs.csv", Llama);
        var (code, text, _) = Cli.Run("place", "--pairs", pairs, "--planner", "all", "--ranks", "4");
        Assert.Equal(0, code);
        foreach (var name in new[] { "eplb", "occult", "occult-rr", "grace", "locality" }) Assert.Contains($"  {name} ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("  affinity ", text, StringComparison.Ordinal);
        var capped = JsonNode.Parse(Cli.Run("place", "--pairs", pairs, "--planner", "locality", "--ranks", "4", "--max-load", "1.2", "--json", "-").Out)!["layers"]![0]!;
        Assert.InRange((double)capped["maxOverMean"]!, 1, 1.2);
        Assert.InRange((double)capped["intraFraction"]!, 0, 0.5);
    }

    [Theory]
    [InlineData("also --loads or --trace", "--loads", "w.json")]
    [InlineData("pair counts only", "--planner", "affinity")]
    [InlineData("--top-k: found 3", "--top-k", "3")]
    [InlineData("--pairs: found 9 slots", "--ranks", "3")]
    public void Wrong_input_is_one_line(string expected, params string[] more)
    {
        using var folder = new Cli.Folder();
        string[] given = more[0] == "--ranks" ? [] : ["--ranks", "4"];
        var (code, _, error) = Cli.Run(["place", "--pairs", folder.File("pairs.csv", Llama), .. given, .. more]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }
}
