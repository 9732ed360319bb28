using System.Text.Json;
using Crossweave.Planning;

namespace Crossweave.Cli.Tests;

/// <summary>What <c>schedule</c> says about its choice, and re-planning from a schedule of before.</summary>
public sealed class ScheduleOptionTests
{
    private const string Matrix = "0,31,2,0,7\n4,0,25,1,3\n0,9,0,40,2\n12,0,3,0,28\n33,5,0,6,0\n";

    [Fact]
    public void Auto_says_what_it_chose_and_why()
    {
        using var folder = new Cli.Folder();
        var (matrix, document) = (folder.File("m.csv", Matrix), folder.File("s.json"));
        string[] command = ["schedule", "--matrix", matrix, "--scheduler", "auto", "--delta", "1us"];
        var lines = Cli.Run(command).Out.Split('\n');
        Assert.StartsWith("makespan / best bound", lines[0]);
        Assert.Contains(" ends first of ", lines[1], StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run([.. command, "--json", document]).Code);
        var json = JsonDocument.Parse(File.ReadAllText(document)).RootElement;
        Assert.Equal("auto", json.GetProperty("scheduler").GetString());
        Assert.Equal(lines[1], json.GetProperty("reason").GetString());
        var chosen = json.GetProperty("chosen").GetString()!;
        Assert.StartsWith($"{chosen} ends first", lines[1]);
        Assert.Equal(0, Cli.Run("verify", document, "--matrix", matrix).Code);

        // The chosen method alone takes as long, and no other one that runs on the switch itself is shorter.
        var makespan = json.GetProperty("makespanPs").GetInt64();
        Assert.Equal(makespan, Makespan(matrix, chosen));
        foreach (var other in new[] { "greedy-max-weight", "solstice", "hybrid" }) Assert.True(makespan <= Makespan(matrix, other), other);
    }

    [Fact]
    public void The_preset_is_for_hybrid_and_auto_only()
    {
        using var folder = new Cli.Folder();
        var matrix = folder.File("m.csv", Matrix);
        string[] command = ["schedule", "--matrix", matrix, "--delta", "1us", "--json", "-"];
        var fast = Cli.Run([.. command, "--scheduler", "hybrid"]).Out;
        Assert.Equal(fast, Cli.Run([.. command, "--scheduler", "hybrid", "--preset", "fast"]).Out);
        foreach (var scheduler in new[] { "hybrid", "auto" })
        {
            var quality = Cli.Run([.. command, "--scheduler", scheduler, "--preset", "quality"]);
            Assert.Equal(0, quality.Code);
            Assert.True(MakespanOf(quality.Out) <= MakespanOf(fast));
        }

        AssertWrong("--preset: found 'best', expected one of fast, quality", [.. command, "--scheduler", "hybrid", "--preset", "best"]);
        AssertWrong("--preset: found 'fast' beside --scheduler solstice, expected --scheduler hybrid or auto", [.. command, "--scheduler", "solstice", "--preset", "fast"]);
    }

    [Fact]
    public void A_previous_schedule_is_patched_and_what_stayed_is_counted()
    {
        using var folder = new Cli.Folder();
        var (matrix, before, after) = (folder.File("m.csv", Matrix), folder.File("s.json"), folder.File("t.json"));
        string[] plan = ["schedule", "--delta", "10ns", "--matrix"];
        Assert.Equal(0, Cli.Run([.. plan, matrix, "--scheduler", "solstice", "--json", before]).Code);
        var steps = JsonDocument.Parse(File.ReadAllText(before)).RootElement.GetProperty("steps").GetArrayLength();
        Assert.Contains($"\n{steps} of the {steps} steps of the previous schedule stayed as they were; {steps} steps now\n", Cli.Run([.. plan, matrix, "--previous", before]).Out, StringComparison.Ordinal);

        // One entry less: its step changes, or those it was cut into.
        var changed = folder.File("n.csv", Matrix.Replace("40", "39", StringComparison.Ordinal));
        Assert.Equal(0, Cli.Run([.. plan, changed, "--previous", before, "--json", after]).Code);
        var json = JsonDocument.Parse(File.ReadAllText(after)).RootElement;
        Assert.Equal("solstice", json.GetProperty("scheduler").GetString());
        var stayed = int.Parse(json.GetProperty("reason").GetString()!.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(stayed, steps - 3, steps - 1);
        Assert.Equal(0, Cli.Run("verify", after, "--matrix", changed).Code);
        Assert.Equal(3, Cli.Run("verify", after, "--matrix", matrix).Code);
    }

    [Fact]
    public void Every_scheduler_can_be_replanned_from_its_own_schedule()
    {
        using var folder = new Cli.Folder();
        var (matrix, before, after) = (folder.File("m.csv", Matrix), folder.File("s.json"), folder.File("t.json"));
        var changed = folder.File("n.csv", Matrix.Replace("25", "29", StringComparison.Ordinal));
        foreach (var scheduler in Schedulers.All)
        {
            Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--delta", "10ns", "--scheduler", scheduler.Name, "--json", before).Code);
            var made = Cli.Run("schedule", "--matrix", changed, "--delta", "10ns", "--previous", before, "--json", after);
            Assert.True(made.Code == 0, $"{scheduler.Name}: {made.Error}");
            var (code, output, _) = Cli.Run("verify", after, "--matrix", changed);
            Assert.True(code == 0, $"{scheduler.Name}: {output}");
        }
    }

    [Fact]
    public void Unusable_previous_schedules_are_one_line()
    {
        using var folder = new Cli.Folder();
        var (matrix, before) = (folder.File("m.csv", Matrix), folder.File("s.json"));
        Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--delta", "10ns", "--json", before).Code);
        AssertWrong("ranks: found 5, expected the 2 ranks of the matrix", ["schedule", "--matrix", folder.File("two.csv", "0,1\n2,0\n"), "--previous", before]);
        AssertWrong("several schedulers", ["schedule", "--matrix", matrix, "--previous", before, "--scheduler", "all"]);
        AssertWrong("--combine", ["schedule", "--matrix", matrix, "--previous", before, "--compute", "photonic-rtx-pro-6000", "--combine"]);
        AssertWrong("not valid JSON", ["schedule", "--matrix", matrix, "--previous", matrix]);
        AssertWrong("does not exist", ["schedule", "--matrix", matrix, "--previous", folder.File("none.json")]);
        var layer = folder.File("l.json");
        Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--compute", "photonic-rtx-pro-6000", "--combine", "--json", layer).Code);
        AssertWrong("a whole layer", ["schedule", "--matrix", matrix, "--previous", layer]);
        // Relays and planes that this fabric does not have.
        var other = folder.File("o.json");
        foreach (var options in new string[][] { ["--scheduler", "fast", "--nodes", "5", "--scale-up-bandwidth", "3600Gbps"], ["--switches", "2", "--delta", "1us"] })
        {
            Assert.Equal(0, Cli.Run(["schedule", "--matrix", matrix, "--json", other, .. options]).Code);
            Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--delta", "10ns", "--previous", other).Code);
        }

        var (wide, relayed) = (folder.File("w.csv", "0,9,2,5\n1,0,8,3\n7,1,0,1\n2,6,4,0\n"), folder.File("r.json"));
        Assert.Equal(0, Cli.Run("schedule", "--matrix", wide, "--scheduler", "fast", "--nodes", "2", "--scale-up-bandwidth", "3600Gbps", "--json", relayed).Code);
        Assert.Contains("\"via\"", File.ReadAllText(relayed), StringComparison.Ordinal);
        Assert.Contains("planned afresh", Cli.Run("schedule", "--matrix", wide, "--previous", relayed).Out, StringComparison.Ordinal);

        // A step that cannot run is not patched but planned afresh.
        var odd = folder.File("odd.json", File.ReadAllText(before).Replace("\"target\": 1", "\"target\": 9", StringComparison.Ordinal));
        Assert.Equal(0, Cli.Run("schedule", "--matrix", matrix, "--delta", "10ns", "--previous", odd).Code);
    }

    private static long Makespan(string matrix, string scheduler) => MakespanOf(Cli.Run("schedule", "--matrix", matrix, "--scheduler", scheduler, "--delta", "1us", "--json", "-").Out);

    private static long MakespanOf(string json) => JsonDocument.Parse(json).RootElement.GetProperty("makespanPs").GetInt64();

    private static void AssertWrong(string expected, string[] command)
    {
        var (code, _, error) = Cli.Run(command);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }
}
