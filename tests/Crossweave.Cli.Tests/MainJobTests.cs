using Crossweave.Core.Formats.Placements;

namespace Crossweave.Cli.Tests;

public sealed class MainJobTests
{
    [Fact]
    public void Demo_writes_a_report_and_files_that_verify()
    {
        using var folder = new Cli.Folder();
        var (code, output, error) = Cli.Run("demo", "--ranks", "8", "--nodes", "2", "--delta", "10ns", "--out", folder.Path);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Placements", output);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(folder.File("report.html")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, Cli.Run("verify", folder.File("placement.json"), "--format", "crossweave").Code);
        var schedules = Directory.GetFiles(folder.File("schedules"), "*.json");
        Assert.NotEmpty(schedules);
        foreach (var schedule in schedules)
        {
            var (verified, text, _) = Cli.Run("verify", schedule, "--matrix", Path.ChangeExtension(schedule, ".csv"));
            Assert.True(verified == 0, text);
        }
    }

    [Fact]
    public void The_same_job_gives_the_same_bytes_on_one_two_and_all_threads()
    {
        var outputs = new List<string>();
        foreach (var threads in (string[])["1", "2", "16"])
        {
            using var folder = new Cli.Folder();
            var (code, _, _) = Cli.Run("compare", Cli.Sample("routing.ids.npy"), "--model", "deepseek-v2-lite", "--ranks", "8", "--threads", threads, "--out", folder.Path, "--json", folder.File("all.json"));
            Assert.Equal(0, code);
            outputs.Add(string.Concat(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Order().Select(File.ReadAllText)));
        }

        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    [Fact]
    public void A_folder_holds_one_plan()
    {
        using var folder = new Cli.Folder();
        string[] plan = ["plan", Cli.Sample("routing.ids.npy"), "--model", "deepseek-v2-lite", "--ranks", "8", "--nodes", "2", "--planners", "eplb", "--schedulers", "fluid", "--out", folder.Path];
        Assert.Equal(0, Cli.Run(plan).Code);
        Assert.True(File.Exists(folder.File("schedules/layer-001.json")));
        Assert.Equal(0, Cli.Run([.. plan, "--send-mode", "per-node"]).Code);
        Assert.Equal(
            ["layer-001.combine.hop1", "layer-001.combine.hop2", "layer-001.dispatch.hop1", "layer-001.dispatch.hop2"],
            Directory.GetFiles(folder.File("schedules"), "layer-001*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("per-expert")]
    [InlineData("per-rank")]
    [InlineData("per-node")]
    public void Every_send_mode_plans(string mode)
    {
        var (code, output, _) = Cli.Run("plan", Cli.Sample("routing.ids.npy"), "--model", "deepseek-v2-lite", "--ranks", "8", "--nodes", "2", "--send-mode", mode, "--json", "-");
        Assert.Equal(0, code);
        var json = System.Text.Json.JsonDocument.Parse(output).RootElement;
        foreach (var planner in json.GetProperty("planners").EnumerateArray())
            foreach (var schedule in planner.GetProperty("schedules").EnumerateArray())
                Assert.True(schedule.GetProperty("gap").GetDouble() >= 1);
    }

    /// <summary>What was planned is written: launches and returns beside the dispatch, with rows, returned tokens and token sizes that may differ from what was sent.</summary>
    [Theory]
    [InlineData("grouped", "--delta", "1us", "--no-sum")]
    [InlineData("interleaved", "--fabric", "ring", "--dispatch-format", "fp8")]
    [InlineData("grouped-barrier", "--delta", "1us", "--dispatch-format", "fp8")]
    [InlineData("overlap-async", "--send-mode", "per-expert")]
    [InlineData("single-launch", "--nodes", "2", "--scale-up-bandwidth", "3600Gbps", "--dispatch-format", "fp8", "--no-sum")]
    public void Planned_layers_are_written_with_their_launches(string evaluator, params string[] options)
    {
        using var folder = new Cli.Folder();
        var planned = Cli.Run(["plan", Cli.Sample("routing.ids.npy"), "--model", "deepseek-v2-lite", "--ranks", "8", "--planners", "eplb", "--schedulers", "greedy-max-weight", "--evaluators", evaluator, "--out", folder.Path, "--json", "-", .. options]);
        Assert.Equal((0, ""), (planned.Code, planned.Error));
        var predicted = System.Text.Json.JsonDocument.Parse(planned.Out).RootElement.GetProperty("planners")[0].GetProperty("schedules")[0].GetProperty("makespanPs");
        for (var layer = 0; layer < 8; layer++)
        {
            var file = folder.File($"schedules/layer-{layer + 1:000}.json");
            var document = Core.Formats.Documents.ScheduleDocument.Read(file);
            Assert.Equal((evaluator, predicted[layer].GetInt64()), (document.Layer!.Mode, document.MakespanPs));
            var (code, text, error) = Cli.Run("verify", file);
            Assert.True(code == 0, text + error);
            if (layer > 0) continue;
            Assert.Equal(document.ToJson(), File.ReadAllText(file));
            var launches = document.Layer.Launches;
            var (first, last) = (launches[0], launches[^1]);
            Assert.Equal(3, Verify(document.Layer with { Launches = [.. launches.Skip(1)] }));
            Assert.Equal(3, Verify(document.Layer with { Launches = [first with { EndPs = first.EndPs - 1 }, .. launches.Skip(1)] }));
            Assert.Equal(3, Verify(document.Layer with { Launches = [.. launches.SkipLast(1), last with { StartPs = 0, EndPs = last.EndPs - last.StartPs }] }));
            Assert.Equal(3, Verify(document.Layer with { CombineSteps = [.. document.Layer.CombineSteps.Skip(1)] }));
            if (document.Layer.RowCount is not null) Assert.Equal(3, Verify(document.Layer, "--rows", folder.File("schedules/layer-001.csv")));

            int Verify(Core.Formats.Documents.LayerPart part, params string[] more)
            {
                (document with { Layer = part }).Write(folder.File("schedules/wrong.json"));
                return Cli.Run(["verify", folder.File("schedules/wrong.json"), "--matrix", Path.ChangeExtension(file, ".csv"), .. document.Layer.RowCount is null || more.Length > 0 ? more : ["--rows", Path.ChangeExtension(file, ".rows.csv")]]).Code;
            }
        }
    }

    [Fact]
    public void Exported_placements_verify_and_come_back_unchanged_from_every_format()
    {
        using var folder = new Cli.Folder();
        string[] equalLayers = ["vllm-flat", "vllm-rank-map", "lightllm"]; // can say nothing else
        foreach (var format in PlacementFormats.All.Select(f => f.Name))
        {
            var planned = folder.File(equalLayers.Contains(format) ? "equal" : "free");
            if (!Directory.Exists(planned)) Assert.Equal(0, Cli.Run("demo", "--redundant", "0", "--planners", equalLayers.Contains(format) ? "contiguous" : "eplb", "--out", planned).Code);
            var placement = Path.Combine(planned, "placement.json");
            var file = folder.File($"placement.{format}");
            string[] shape = ["--format", format, "--ranks", "8", "--experts", "64", "--layer-ids", "1-8"];
            Assert.Equal(0, Cli.Run("export", placement, "--format", format, "--out", file).Code);
            var verified = Cli.Run(["verify", file, .. shape, .. equalLayers.Contains(format) ? (string[])["--layers", "8"] : []]);
            Assert.True(verified.Code == 0, $"{format}: {verified.Error}{verified.Out}");
            if (equalLayers.Contains(format)) continue;
            var back = folder.File("back.json");
            Assert.Equal(0, Cli.Run(["import", file, .. shape, "--out", back]).Code);
            if (format is "omni" or "omni-csv" or "partition") Assert.Equal(0, Cli.Run("verify", back, "--format", "crossweave").Code); // keep no slot order
            else Assert.Equal(File.ReadAllText(placement), File.ReadAllText(back));
        }
    }
}
