using System.Text.Json.Nodes;
using Crossweave.Core.Placement;
using Crossweave.Planning;

namespace Crossweave.Cli.Tests;

/// <summary><c>place</c> with memory limits that differ from rank to rank.</summary>
public sealed class PlaceLimitsTests
{
    private const string Limits = "12,10,6,4";

    [Fact]
    public void Unequal_limits_go_through_place_verify_export_and_back()
    {
        using var folder = new Cli.Folder();
        var loads = Loads(folder);
        var (document, placement) = (folder.File("p.json"), folder.File("p.crossweave.json"));
        string[] place = ["place", "--loads", loads, "--planner", "refined", "--rank-slots", Limits];
        Assert.Equal(0, Cli.Run([.. place, "--json", document, "--out", placement]).Code);
        var json = JsonNode.Parse(File.ReadAllText(document))!;
        Assert.Equal([12, 10, 6, 4], json["rankSlots"]!.AsArray().Select(n => n!.GetValue<int>()));
        Assert.Null(json["slotsPerRank"]);

        var verified = Cli.Run("verify", document, "--loads", loads);
        Assert.True(verified.Code == 0, verified.Out + verified.Error);
        Assert.Contains("at most 32 slots on 4 ranks", verified.Out, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("verify", placement, "--rank-slots", Limits).Code);
        var tight = Cli.Run("verify", placement, "--rank-slots", "12,10,3,4");
        Assert.Equal(3, tight.Code);
        Assert.Contains("layer 0, rank 2", tight.Out, StringComparison.Ordinal);
        Assert.Contains("at most 3", tight.Out, StringComparison.Ordinal);
        var moved = File.ReadAllText(document).Replace("\"rankSlots\": [12, 10, 6, 4]", "\"rankSlots\": [12, 10, 3, 4]", StringComparison.Ordinal);
        Assert.Equal(3, Cli.Run("verify", folder.File("moved.json", moved), "--loads", loads).Code);

        var csv = folder.File("p.csv");
        Assert.Equal(0, Cli.Run("export", placement, "--format", "omni-csv", "--out", csv).Code);
        var back = folder.File("back.json");
        Assert.Equal(0, Cli.Run("import", csv, "--format", "omni-csv", "--experts", "24", "--out", back).Code);
        Assert.Equal(File.ReadAllText(placement), File.ReadAllText(back));
        foreach (var format in new[] { "sglang", "vllm", "vllm-flat", "tensorrt-llm" })
        {
            var (code, _, error) = Cli.Run("export", placement, "--format", format, "--out", folder.File("x"));
            Assert.Equal(2, code);
            Assert.Contains("layer 0, rank ", error, StringComparison.Ordinal);
            Assert.Contains("on every rank of every layer", error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd().Split('\n'));
        }

        var next = Cli.Run("place", "--loads", loads, "--planner", "incremental", "--rank-slots", Limits, "--previous", document);
        Assert.True(next.Code == 0 && next.Out.Contains("What fetched experts buy", StringComparison.Ordinal), next.Error);
    }

    /// <summary>The defaults of <c>plan</c> leave out what cannot fill unequal ranks, and a running placement says its own sizes.</summary>
    [Fact]
    public void Plan_takes_the_sizes_of_the_running_placement()
    {
        using var folder = new Cli.Folder();
        string[] plan = ["plan", Cli.Sample("routing.ids.npy"), "--model", "deepseek-v2-lite", "--ranks", "4", "--schedulers", "fluid", "--evaluators", "overlap-async"];
        var first = Cli.Run([.. plan, "--rank-slots", "20,20,16,12", "--out", folder.File("first")]);
        Assert.Equal((0, ""), (first.Code, first.Error));
        var then = Cli.Run([.. plan, "--previous", folder.File("first/placement.json"), "--out", folder.File("then")]);
        Assert.Equal((0, ""), (then.Code, then.Error));
        Assert.Equal(0, Cli.Run("verify", folder.File("then/placement.json"), "--rank-slots", "20,20,16,12").Code);
    }

    [Fact]
    public void Planners_that_need_equal_ranks_say_so_and_are_skipped_in_a_comparison()
    {
        using var folder = new Cli.Folder();
        var loads = Loads(folder);
        foreach (var planner in Planners.All.Where(p => !p.NeedsRouting && !p.NeedsPrevious))
        {
            var (code, _, error) = Cli.Run("place", "--loads", loads, "--planner", planner.Name, "--rank-slots", Limits);
            Assert.Equal(planner.FillsUnevenRanks ? 0 : 2, code);
            if (!planner.FillsUnevenRanks) Assert.StartsWith($"crossweave: --rank-slots: found 4 to 12 slots per rank, expected the same number on every rank, which {planner.Name} needs; others: contiguous", error, StringComparison.Ordinal);
        }

        var all = Cli.Run("place", "--loads", loads, "--planner", "all", "--rank-slots", Limits);
        Assert.Equal(0, all.Code);
        Assert.Matches(@"\n\W*eplb\W+-\W", all.Out);
        Assert.Contains("skipped, it needs the same number of slots on every rank", all.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("skipped", Cli.Run("place", "--loads", loads, "--planner", "all", "--ranks", "4").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refined", "", "no placement above")]
    [InlineData("refined-no-duplicates", "--nodes 2 --groups 4", "no placement with groups on one node each above")]
    [InlineData("all", "", "refined-no-duplicates 2 of 2")]
    public void Refined_plans_are_shown_beside_what_no_placement_beats(string planner, string options, string expected)
    {
        using var folder = new Cli.Folder();
        var (code, output, error) = Cli.Run(["place", "--loads", Loads(folder), "--planner", planner, "--slots", "32", "--ranks", "4", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(code == 0, error);
        var line = Assert.Single(output.Split('\n'), l => l.StartsWith("bound: ", StringComparison.Ordinal));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.Matches(@"hence optimal: .*refined(-no-duplicates)? \d of 2", line);
        Assert.DoesNotContain("bound: ", Cli.Run("place", "--loads", Loads(folder), "--planner", "eplb", "--ranks", "4").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Straddling_groups_are_counted_and_pay_in_balance()
    {
        using var folder = new Cli.Folder();
        string[] place = ["place", "--loads", Loads(folder), "--planner", "refined", "--slots", "32", "--ranks", "4", "--nodes", "2", "--groups", "4"];
        Assert.Contains("groups on more than one node, mean over layers: refined 0.00 of 4", Cli.Run(place).Out, StringComparison.Ordinal);
        var soft = Cli.Run([.. place, "--straddling-groups", "2"]).Out;
        Assert.Matches("refined [12].[05]0 of 4", soft);
        Assert.Contains("no placement above", soft, StringComparison.Ordinal);
        Assert.Contains("straddling-groups: found -1", Cli.Run([.. place, "--straddling-groups", "-1"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_turned_into_slots_and_shown()
    {
        using var folder = new Cli.Folder();
        var loads = Loads(folder); // two layers: a slot in each takes 2 x 44 MB
        var (code, output, error) = Cli.Run("place", "--loads", loads, "--planner", "lpt", "--rank-memory", "1GB,880MB,600MB,528MB", "--expert-bytes", "44MB");
        Assert.True(code == 0, error);
        Assert.Contains("slots per layer from --rank-memory: 11,10,6,6 (memory of the rank / (44.0 MB x 2 layers), rounded down)", output.Replace("44 MB", "44.0 MB", StringComparison.Ordinal), StringComparison.Ordinal);
        string[] list = ["place", "--loads", loads, "--planner", "lpt", "--json", "-"];
        Assert.Equal(Cli.Run([.. list, "--rank-slots", "11,10,6,6"]).Out, Cli.Run([.. list, "--rank-memory", "1GB,880MB,600MB,528MB", "--expert-bytes", "44MB"]).Out);
    }

    [Theory]
    [InlineData("--rank-slots: found 'x' for rank 1", "--rank-slots", "9,x")]
    [InlineData("slots: found 20, expected at least the 24 experts", "--rank-slots", "9,11")]
    [InlineData("rank-slots: found 3 numbers, expected one for each of the 2 ranks", "--rank-slots", "9,11,10", "--ranks", "2")]
    [InlineData("--slots: found it beside limits per rank", "--rank-slots", "19,11", "--slots", "30")]
    [InlineData("--rank-memory: found it beside --rank-slots", "--rank-slots", "19,11", "--rank-memory", "1GB,2GB")]
    [InlineData("--expert-bytes: found nothing", "--rank-memory", "1GB,2GB")]
    [InlineData("--expert-bytes: found it without --rank-memory", "--expert-bytes", "44MB", "--ranks", "2")]
    [InlineData("--rank-memory: found '7' without a unit", "--rank-memory", "7,8GB", "--expert-bytes", "44MB")]
    [InlineData("slots: found 16, expected at least the 24 experts", "--rank-memory", "1GB,500MB", "--expert-bytes", "44MB")]
    public void Wrong_limits_are_one_line(string expected, params string[] options)
    {
        using var folder = new Cli.Folder();
        var (code, _, error) = Cli.Run(["place", "--loads", Loads(folder), "--planner", "lpt", .. options]);
        Assert.Equal(2, code);
        Assert.StartsWith("crossweave: " + expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static string Loads(Cli.Folder folder) =>
        folder.File("w.json", $$"""{"weight": [[{{Layer(37)}}], [{{Layer(53)}}]]}""");

    private static string Layer(int factor) => string.Join(',', Enumerable.Range(0, 24).Select(e => (e * factor % 101) + 1));
}
