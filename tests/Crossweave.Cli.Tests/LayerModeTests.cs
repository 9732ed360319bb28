using System.Text.Json;
using Crossweave.Planning;
using Crossweave.Simulation;

namespace Crossweave.Cli.Tests;

/// <summary>Whole layers from the command line: every mode gives a document that verifies; planners judge whole plans.</summary>
public sealed class LayerModeTests
{
    private static readonly string[] Golden =
        ["--bandwidth", "400Gbps", "--delta", "10ns", "--token-bytes", "12288", "--compute", "photonic-rtx-pro-6000", "--combine"];

    public static TheoryData<string> Modes => [.. LayerEvaluators.All.Select(e => e.Name), .. LayerPlanners.All.Select(p => p.Name), "auto"];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Every_mode_gives_launches_and_combine_steps_that_verify(string mode)
    {
        using var folder = new Cli.Folder();
        var matrix = Cli.Sample("mixtral-8x22b.csv");
        var document = folder.File("layer.json");
        var (code, output, error) = Cli.Run(["schedule", "--matrix", matrix, .. Golden, "--mode", mode, "--json", document]);
        Assert.True(code == 0, error);
        (code, output, _) = Cli.Run("verify", document, "--matrix", matrix);
        Assert.True(code == 0, output);
        var json = JsonDocument.Parse(File.ReadAllText(document)).RootElement;
        Assert.Equal(mode, json.GetProperty("mode").GetString());
        Assert.Equal("greedy-max-weight", json.GetProperty("scheduler").GetString());
        Assert.NotEqual(0, json.GetProperty("combineSteps").GetArrayLength());
        Assert.Equal(111_262, json.GetProperty("launches").EnumerateArray().Sum(l => l.GetProperty("tokens").GetInt64()));
        foreach (var launch in json.GetProperty("launches").EnumerateArray())
            Assert.True(launch.GetProperty("endPs").GetInt64() > launch.GetProperty("startPs").GetInt64() && launch.GetProperty("rank").GetInt32() < 8);
        if (LayerPlanners.All.Any(p => p.Name == mode)) Assert.True(json.GetProperty("makespanOverIdeal").GetDouble() < 1.0012);
    }

    [Fact]
    public void Auto_says_what_it_chose_and_why_and_more_effort_is_not_worse()
    {
        string[] auto = ["schedule", "--matrix", Cli.Sample("mixtral-8x22b.csv"), .. Golden, "--mode", "auto"];
        var fast = JsonDocument.Parse(Cli.Run([.. auto, "--json", "-"]).Out).RootElement;
        var quality = JsonDocument.Parse(Cli.Run([.. auto, "--preset", "quality", "--json", "-"]).Out).RootElement;
        Assert.Contains(" on ", fast.GetProperty("chosen").GetString(), StringComparison.Ordinal);
        Assert.StartsWith(fast.GetProperty("chosen").GetString()!, fast.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(fast.GetProperty("reason").GetString()!, Cli.Run(auto).Out, StringComparison.Ordinal);
        Assert.True(fast.GetProperty("makespanOverIdeal").GetDouble() < 0.6705);
        Assert.True(quality.GetProperty("makespanPs").GetInt64() <= fast.GetProperty("makespanPs").GetInt64());
    }

    [Theory]
    [InlineData("--mode", "--mode", "planned")]
    [InlineData("--preset", "--mode", "auto", "--preset", "most")]
    [InlineData("--preset", "--mode", "overlap-async", "--preset", "fast")]
    public void Wrong_modes_and_presets_are_named(string named, params string[] wrong)
    {
        var (code, _, error) = Cli.Run(["schedule", "--matrix", Cli.Sample("mixtral-8x22b.csv"), .. Golden, .. wrong]);
        Assert.Equal(2, code);
        Assert.StartsWith($"crossweave: {named}: found ", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Planners_are_evaluators_of_plans_and_their_schedules_verify()
    {
        using var folder = new Cli.Folder();
        var names = string.Join(',', LayerPlanners.All.Select(p => p.Name));
        var (code, _, error) = Cli.Run(
            "demo", "--ranks", "8", "--nodes", "2", "--planners", "lpt", "--schedulers", "greedy-max-weight,aurora1", "--evaluators", $"overlap-async,{names}", "--out", folder.Path);
        Assert.True(code == 0, error);
        var plan = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "plan.json"))).RootElement;
        var evaluator = plan.GetProperty("chosen").GetProperty("evaluator").GetString();
        Assert.Contains(LayerPlanners.All, p => p.Name == evaluator); // never above the simulators here
        foreach (var schedule in Directory.EnumerateFiles(Path.Combine(folder.Path, "schedules"), "*.json")) Assert.Equal(0, Cli.Run("verify", schedule).Code);
    }
}
