using System.Text.Json;
using System.Text.Json.Nodes;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;
using Crossweave.Planning;

namespace Crossweave.Cli.Tests;

/// <summary>Planning, scheduling and checking as a strict user meets them: odd sizes, corrupted files, what the fabric can execute.</summary>
public sealed class PlanningTests
{
    private const string Small = "0,3,4\n1,0,2\n5,6,0\n";

    public static TheoryData<string> Names => [.. Schedulers.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Degenerate_matrices_give_valid_schedules_and_oversized_ones_one_line(string scheduler)
    {
        using var folder = new Cli.Folder();
        foreach (var text in new[] { "5\n", "5,0,0\n0,7,0\n0,0,9\n", "0,0\n0,0\n", " 0 , 3 ,4\r\n1,0, 2\r\n5,6,0\r\n\r\n", "0,900000000000,5\n900000000000,0,7\n3,1,0\n" })
        {
            var (matrix, document) = (folder.File("m.csv", text), folder.File("s.json"));
            Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--scheduler", scheduler, "--delta", "10ns", "--token-bytes", "1", "--json", document).Code);
            Assert.Equal(0, Cli.Run("verify", document, "--matrix", matrix).Code);
        }

        // Too many tokens; times that do not fit 64 bits, from the rate and from the delay.
        AssertWrong("line 1, column 2", "schedule", "--matrix", folder.File("big.csv", "0,9000000000000000000\n9000000000000000000,0\n"), "--scheduler", scheduler);
        AssertWrong("64 bits", "schedule", "--matrix", folder.File("m.csv", "0,900000000000\n1,0\n"), "--scheduler", scheduler, "--bandwidth", "1bps");
        if (!OnPackets(scheduler)) AssertWrong("64 bits", "schedule", "--matrix", folder.File("m.csv", Small), "--scheduler", scheduler, "--delta", "9000000s");
    }

    [Fact]
    public void Verify_finds_the_matrix_beside_the_schedule_and_names_what_cannot_hold()
    {
        using var folder = new Cli.Folder();
        var (matrix, document) = (folder.File("s.csv", Small), folder.File("s.json"));
        Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--delta", "10ns", "--token-bytes", "12288", "--json", document).Code);
        Assert.Equal(0, Cli.Run("verify", document).Code);
        AssertFinds("magic", json => json["lowerBounds"]!["magic"] = 5);
        AssertFinds("fabric.reconfigurationPs", json => json["fabric"]!["kind"] = "ideal-switch");
        AssertFinds("fabric.kind", json => json["fabric"]!["kind"] = "carrier-pigeons");
        AssertFinds("bandwidth", json => json["fabric"]!["bandwidth"] = 200_000_000_000);
        AssertFinds("demand", json => json["steps"]!.AsArray().RemoveAt(0));
        File.Delete(matrix);
        AssertWrong("--matrix", "verify", document);

        void AssertFinds(string what, Action<JsonNode> corrupt)
        {
            var json = JsonNode.Parse(File.ReadAllText(document))!;
            corrupt(json);
            var (code, output, _) = Cli.Run("verify", folder.File("bad.json", json.ToJsonString()), "--matrix", matrix);
            Assert.Equal(3, code);
            Assert.Contains(what, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Place_takes_counts_that_were_kept_as_floats_and_refuses_sums_beyond_64_bits()
    {
        using var folder = new Cli.Folder();
        var whole = Cli.Run("place", "--loads", folder.File("w.json", """{"weight": [[90, 132, 40, 61]]}"""), "--slots", "6", "--ranks", "2", "--json", "-");
        var floats = Cli.Run("place", "--loads", folder.File("f.json", """{"weight": [[90.0, 1.32e2, 40, 61.0]]}"""), "--slots", "6", "--ranks", "2", "--json", "-");
        Assert.Equal(0, floats.Code);
        Assert.Equal(whole.Out, floats.Out);
        AssertWrong("weight[0][0]", "place", "--loads", folder.File("h.json", """{"weight": [[1.5, 1, 1, 1]]}"""), "--ranks", "2");
        AssertWrong("altogether", "place", "--loads", folder.File("b.json", """{"weight": [[9000000000000000000, 9000000000000000000]]}"""), "--ranks", "2");
    }

    [Fact]
    public void Place_starts_from_a_running_placement_and_shows_what_fetches_buy()
    {
        using var folder = new Cli.Folder();
        string Loads(int shift) => $$"""{"weight": [[{{string.Join(',', Enumerable.Range(0, 64).Select(e => ((e * 37) + (shift * e * e)) % 101 + 20))}}]]}""";
        string[] shape = ["--slots", "72", "--ranks", "8"];
        var running = folder.File("running.json", Cli.Run(["place", "--loads", folder.File("a.json", Loads(0)), "--planner", "refined", .. shape, "--json", "-"]).Out);
        string[] next = ["place", "--loads", folder.File("b.json", Loads(1)), "--planner", "incremental", .. shape, "--previous", running];

        var free = JsonDocument.Parse(Cli.Run([.. next, "--balance", "1", "--json", "-"]).Out).RootElement;
        var few = JsonDocument.Parse(Cli.Run([.. next, "--max-moves", "3", "--json", "-"]).Out).RootElement;
        var none = JsonDocument.Parse(Cli.Run([.. next, "--max-moves", "0", "--json", "-"]).Out).RootElement;

        Assert.True(Balance(free) > Balance(few) && Balance(few) > Balance(none));
        Assert.Equal(JsonDocument.Parse(File.ReadAllText(running)).RootElement.GetProperty("layers")[0].GetProperty("expertOfSlot").ToString(), none.GetProperty("layers")[0].GetProperty("expertOfSlot").ToString());
        var front = free.GetProperty("front").EnumerateArray().Select(f => (Fetched: f.GetProperty("fetched").GetInt64(), Balance: f.GetProperty("meanOfRatios").GetDouble())).ToList();
        Assert.Equal((0L, Balance(none)), front[0]);
        Assert.Equal(Balance(free), front[^1].Balance, 1e-12);
        Assert.Equal(front.Order(), front);
        var file = folder.File("next.json", Cli.Run([.. next, "--json", "-"]).Out);
        Assert.Equal(0, Cli.Run("verify", file, "--loads", folder.File("b2.json", Loads(1))).Code);
        Assert.Contains("What fetched experts buy", Cli.Run(next).Out, StringComparison.Ordinal);
        AssertWrong("--max-moves", ["place", "--loads", folder.File("c.json", Loads(1)), .. shape, "--max-moves", "3"]);
        AssertWrong("found 72 slots, expected 80", ["place", "--loads", folder.File("d.json", Loads(1)), "--slots", "80", "--ranks", "8", "--previous", running]);
        AssertWrong("--balance", [.. next, "--balance", "1.5"]);

        static double Balance(JsonElement document) => document.GetProperty("balancedness").GetProperty("meanOfRatios").GetDouble();
    }

    [Fact]
    public void Every_planner_keeps_the_slots_of_experts_that_stay_on_their_rank()
    {
        using var folder = new Cli.Folder();
        string Loads(int shift) => $$"""{"weight": [[{{string.Join(',', Enumerable.Range(0, 64).Select(e => ((e * 37) + (shift * e * e)) % 101 + 20))}}]]}""";
        string[] shape = ["--slots", "72", "--ranks", "8"];
        var running = folder.File("running.json", Cli.Run(["place", "--loads", folder.File("a.json", Loads(0)), "--planner", "refined", .. shape, "--json", "-"]).Out);
        var before = Slots(File.ReadAllText(running));
        var after = folder.File("b.json", Loads(1));
        foreach (var planner in Crossweave.Planning.Planners.All.Where(p => !p.NeedsRouting))
        {
            var now = Slots(Cli.Run(["place", "--loads", after, "--planner", planner.Name, .. shape, "--previous", running, "--json", "-"]).Out);
            for (var rank = 0; rank < 8; rank++)
            {
                var (old, mine) = (before[(9 * rank)..(9 * (rank + 1))], now[(9 * rank)..(9 * (rank + 1))]);
                var common = old.GroupBy(e => e).Sum(g => Math.Min(g.Count(), mine.Count(e => e == g.Key)));
                Assert.True(common == old.Zip(mine).Count(p => p.First == p.Second), $"{planner.Name}, rank {rank}: {string.Join(' ', old)} -> {string.Join(' ', mine)}");
            }
        }

        static int[] Slots(string json) => [.. JsonDocument.Parse(json).RootElement.GetProperty("layers")[0].GetProperty("expertOfSlot").EnumerateArray().Select(e => e.GetInt32())];
    }

    [Fact]
    public void Loads_go_to_sglang_as_logical_counts_and_come_back()
    {
        using var folder = new Cli.Folder();
        var counts = folder.File("lc.json", "{\n  \"logical_count\": [\n    [0, 0, 0],\n    [5, 1, 2],\n    [7, 0, 3]\n  ]\n}\n");
        var (weights, again) = (folder.File("w.json"), folder.File("lc2.json"));
        Assert.Equal(0, Cli.Run("import", counts, "--out", weights).Code);
        Assert.Equal(0, Cli.Run("import", weights, "--out", again, "--loads-as", "sglang-json").Code);
        Assert.Equal(File.ReadAllText(counts), File.ReadAllText(again));
        var counted = folder.File("trace.json");
        Assert.Equal(0, Cli.Run("import", Cli.Sample("routing.ids.npy"), "--out", counted, "--loads-as", "sglang-json").Code);
        Assert.Equal(0, Cli.Run("place", "--loads", counted, "--ranks", "8", "--planner", "eplb").Code);
        AssertWrong("--loads-as: found it without --out", "import", weights, "--loads-as", "sglang-json");
        AssertWrong("--loads-as: found 'pt'", "import", weights, "--out", again, "--loads-as", "pt");
    }

    [Fact]
    public void Export_takes_the_json_of_place_too()
    {
        using var folder = new Cli.Folder();
        var (document, placement) = (folder.File("d.json"), folder.File("p.json"));
        Assert.Equal(0, Cli.Run("place", "--loads", folder.File("w.json", """{"weight": [[90, 132, 40, 61]]}"""), "--slots", "6", "--ranks", "2", "--json", document, "--out", placement).Code);
        foreach (var (source, target) in new[] { (document, "a"), (placement, "b") })
            Assert.Equal(0, Cli.Run("export", source, "--format", "sglang", "--out", folder.File(target)).Code);
        Assert.Equal(File.ReadAllText(folder.File("a")), File.ReadAllText(folder.File("b")));
        AssertWrong("d.json: found 2 ranks, expected 3", "export", document, "--format", "sglang", "--ranks", "3", "--out", folder.File("c"));
    }

    [Fact]
    public void Eplb_plans_globally_when_nodes_do_not_divide_the_groups()
    {
        using var folder = new Cli.Folder();
        var loads = folder.File("w.json", $$"""{"weight": [[{{string.Join(',', Enumerable.Range(0, 64).Select(e => (e * 37 % 101) + 1))}}]]}""");
        string[] shape = ["place", "--loads", loads, "--planner", "eplb", "--slots", "96", "--ranks", "32", "--json", "-"];
        Assert.Equal(Cli.Run(shape).Out, Cli.Run([.. shape, "--nodes", "3", "--groups", "8"]).Out);
        Assert.NotEqual(Cli.Run(shape).Out, Cli.Run([.. shape, "--nodes", "4", "--groups", "8"]).Out);
    }

    [Fact]
    public void What_a_circuit_switch_cannot_execute_is_shown_as_a_reference_and_never_as_the_best()
    {
        using var folder = new Cli.Folder();
        var (code, output, error) = Cli.Run("demo", "--ranks", "8", "--nodes", "2", "--delta", "100us", "--out", folder.Path);
        Assert.True(code == 0, error);
        Assert.Contains("fluid: for reference only", output, StringComparison.Ordinal);
        Assert.Contains("fluid: for reference only", File.ReadAllText(Path.Combine(folder.Path, "report.html")), StringComparison.Ordinal);
        var plan = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "plan.json"))).RootElement;
        Assert.NotEqual("fluid", plan.GetProperty("chosen").GetProperty("scheduler").GetString());
        foreach (var planner in plan.GetProperty("planners").EnumerateArray())
            foreach (var schedule in planner.GetProperty("schedules").EnumerateArray())
                Assert.Equal(
                    OnPackets(schedule.GetProperty("scheduler").GetString()!) ? "ideal-switch" : "circuit-switch", schedule.GetProperty("fabric").GetString());
        foreach (var line in output.Split('\n').Where(l => l.Contains(" fluid ", StringComparison.Ordinal))) Assert.DoesNotContain('*', line);
        Assert.Equal(0, Cli.Run("verify", Path.Combine(folder.Path, "placement.json")).Code);
        foreach (var schedule in Directory.EnumerateFiles(Path.Combine(folder.Path, "schedules"), "*.json")) Assert.Equal(0, Cli.Run("verify", schedule).Code);
    }

    private static bool OnPackets(string scheduler)
    {
        var circuits = new CircuitSwitch().Build(new FabricOptions(2, 1, new Bandwidth(1), SimTime.Zero));
        return !Schedulers.Find(scheduler, "test").TimedOn(circuits).IsCircuitSwitched;
    }

    private static void AssertWrong(string named, params string[] args)
    {
        var (code, _, error) = Cli.Run(args);
        Assert.Equal(2, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }
}
