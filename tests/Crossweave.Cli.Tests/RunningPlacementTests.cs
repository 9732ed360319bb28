using System.Text.Json.Nodes;

namespace Crossweave.Cli.Tests;

/// <summary><c>plan --previous</c> and <c>replay</c>: is leaving the running placement worth it?</summary>
public sealed class RunningPlacementTests
{
    private static readonly string Trace = Cli.Sample("routing.ids.npy");

    private static readonly string[] Plan = ["plan", Trace, "--model", "deepseek-v2-lite", "--ranks", "8", "--schedulers", "greedy-max-weight", "--evaluators", "no-overlap-barrier", "--json", "-"];

    [Fact]
    public void The_running_placement_is_the_baseline_and_the_choice_has_the_largest_net_saving()
    {
        using var folder = new Cli.Folder();
        var running = Running(folder);
        var plan = Json([.. Plan, "--previous", running, "--planners", "refined,incremental,locality", "--horizon", "200", "--confidence", "0.5", "--expert-bytes", "20MB", "--move-bandwidth", "80Gbps", "--move-stop", "3ms"]);
        Assert.Equal(72, (int)plan["slots"]!); // as the running placement has
        var planners = plan["planners"]!.AsArray();
        Assert.Equal(["running", "refined", "incremental", "locality"], planners.Select(p => (string)p!["planner"]!));
        Assert.Equal(0, (long)planners[0]!["fetchedExperts"]!);
        Assert.Equal(0, (double)planners[0]!["moveSeconds"]!);
        var net = planners.Select(p => (-(long)p!["schedules"]![0]!["totalPs"]! * 1e-12 * 200 * 0.5) - (double)p["moveSeconds"]!).ToList();
        Assert.Equal((string)planners[net.IndexOf(net.Max())]!["planner"]!, (string)plan["chosen"]!["planner"]!);
        var front = plan["front"]!.AsArray();
        Assert.Equal(0, (long)front[0]!["fetched"]!);
        for (var i = 1; i < front.Count; i++)
            Assert.True((long)front[i]!["fetched"]! > (long)front[i - 1]!["fetched"]! && (double)front[i]!["meanOfRatios"]! > (double)front[i - 1]!["meanOfRatios"]!);
        foreach (var p in planners.Skip(1))
        {
            var fetched = (long)p!["fetchedExperts"]!;
            // 2 ms an expert; the rank that fetches most has at least an eighth of them.
            if (fetched > 0) Assert.InRange((double)p["moveSeconds"]!, 0.003 + (fetched / 8.0 * 0.002) - 1e-9, 0.003 + (fetched * 0.002) + 1e-9);
        }
    }

    [Fact]
    public void A_short_horizon_keeps_what_runs_and_a_long_one_moves()
    {
        using var folder = new Cli.Folder();
        var running = Running(folder);
        string[] ask = [.. Plan, "--previous", running, "--planners", "refined"];
        Assert.Equal("running", (string)Json([.. ask, "--horizon", "1"])["chosen"]!["planner"]!);
        Assert.Equal("refined", (string)Json([.. ask, "--horizon", "1e9"])["chosen"]!["planner"]!);
        var (_, text, _) = Cli.Run([.. ask.Where(a => a is not "--json" and not "-"), "--horizon", "1"]);
        Assert.Contains("Moving from the running placement", text, StringComparison.Ordinal);
        Assert.Contains("no move pays within the horizon", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_keeps_the_move_budget_and_saves_more_with_more_of_it()
    {
        using var folder = new Cli.Folder();
        var running = Running(folder);
        var times = new List<long>();
        foreach (var budget in new[] { 0, 60, 100_000 })
        {
            var plan = Json([.. Plan, "--previous", running, "--planners", "auto", "--max-moves", $"{budget}", "--planning-fraction", "0.5"]);
            var auto = plan["planners"]![1]!;
            Assert.InRange((long)auto["fetchedExperts"]!, 0, budget);
            times.Add((long)auto["schedules"]![0]!["totalPs"]!);
        }

        Assert.True(times[2] < times[0], $"{times[0]} to {times[2]}");
    }

    [Theory]
    [InlineData("--horizon: found it without --previous", "--horizon", "5")]
    [InlineData("--max-moves: found no --previous", "--max-moves", "5")]
    [InlineData("planner running: found no --previous", "--planners", "running")]
    public void Without_a_running_placement_its_options_are_refused(string expected, params string[] more)
    {
        var (code, _, error) = Cli.Run([.. Plan, .. more]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--horizon: found 0", "--horizon", "0")]
    [InlineData("--confidence: found 1.5", "--confidence", "1.5")]
    [InlineData("--move-overlap: found -1", "--move-overlap", "-1")]
    [InlineData("previous placement: found 72 slots", "--slots", "80")]
    public void Wrong_terms_are_one_line(string expected, params string[] more)
    {
        using var folder = new Cli.Folder();
        var (code, _, error) = Cli.Run([.. Plan, "--previous", Running(folder), .. more]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Ranks_of_unequal_memory_are_planned_and_judged()
    {
        var plan = Json([.. Plan, "--rank-slots", "6,6,6,6,10,10,14,14", "--planners", "contiguous,refined"]);
        Assert.Equal(72, (int)plan["slots"]!);
        Assert.True(plan["planners"]![1]!["maxOverMeanRankPlanned"]!.AsArray().Average(x => (double)x!) < plan["planners"]![0]!["maxOverMeanRankPlanned"]!.AsArray().Average(x => (double)x!));
        var (code, _, error) = Cli.Run([.. Plan, "--rank-slots", "6,6,6,6,10,10,14,14", "--planners", "eplb"]);
        Assert.Equal(2, code);
        Assert.Contains("rank-slots: found 6 to 14 slots per rank", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replay_prints_every_policy_with_every_dispatch_and_its_windows_add_up()
    {
        using var folder = new Cli.Folder();
        var page = folder.File("replay.html");
        string[] ask = ["replay", Trace, "--experts", "64", "--ranks", "8", "--slots", "72", "--window", "1024", "--iterations", "20", "--move-stop", "20ms", "--dispatch", "all"];
        var replay = Json([.. ask, "--json", "-", "--html", page]);
        var rows = replay["rows"]!.AsArray();
        Assert.Equal(6 * 5, rows.Count);
        foreach (var row in rows)
        {
            Assert.Equal((double)row!["totalSeconds"]!, row["windowSeconds"]!.AsArray().Sum(s => (double)s!), 1e-9);
            Assert.True((double)row["totalSeconds"]! >= (double)replay["perfectSeconds"]! * (1 - 1e-12));
            if ((string)row["policy"]! == "never") Assert.Equal(0, (long)row["fetched"]!);
        }

        // For the same placement the linear program is never above an even split.
        foreach (var policy in rows.GroupBy(r => (string)r!["policy"]!))
            Assert.True((double)policy.First(r => (string)r!["dispatch"]! == "lp")!["computeSeconds"]! <= (double)policy.First(r => (string)r!["dispatch"]! == "even")!["computeSeconds"]! + 1e-12);
        Assert.Contains("<svg", File.ReadAllText(page), StringComparison.Ordinal);
        var (code, text, _) = Cli.Run([.. ask, "--policies", "never,incremental-when-it-pays"]);
        Assert.Equal(0, code);
        Assert.Contains("incremental-when-it-pays", text, StringComparison.Ordinal);
        Assert.Contains("(every rank at the mean)", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--policies: found 'often'", "--policies", "often")]
    [InlineData("window: found 1000000 tokens", "--window", "1000000")]
    [InlineData("--memory: found 1", "--memory", "1")]
    [InlineData("--time-per-token: found", "--time-per-token", "10")]
    [InlineData("slots: found 70", "--slots", "70")]
    public void Wrong_replays_are_one_line(string expected, params string[] more)
    {
        var (code, _, error) = Cli.Run(["replay", Trace, "--experts", "64", "--ranks", "8", .. more]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    private static string Running(Cli.Folder folder)
    {
        var path = folder.File("running.json");
        Assert.Equal(0, Cli.Run("place", "--trace", Trace, "--planner", "random", "--slots", "72", "--ranks", "8", "--out", path).Code);
        return path;
    }

    private static JsonNode Json(string[] args)
    {
        var (code, text, error) = Cli.Run(args);
        Assert.True(code == 0, error);
        return JsonNode.Parse(text)!;
    }
}
