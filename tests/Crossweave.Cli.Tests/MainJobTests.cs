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
