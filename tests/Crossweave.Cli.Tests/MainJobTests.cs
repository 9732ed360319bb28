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
    public void Exported_placements_come_back_unchanged_from_every_server_format()
    {
        using var folder = new Cli.Folder();
        Assert.Equal(0, Cli.Run("demo", "--redundant", "0", "--planners", "eplb", "--out", folder.Path).Code);
        foreach (var format in (string[])["sglang", "vllm", "vllm-ascend", "tensorrt-llm", "omni"])
        {
            var file = folder.File($"placement.{format}");
            Assert.Equal(0, Cli.Run("export", folder.File("placement.json"), "--format", format, "--out", file).Code);
            var back = folder.File("back.json");
            Assert.Equal(0, Cli.Run("import", file, "--format", format, "--ranks", "8", "--experts", "64", "--layer-ids", "1-8", "--out", back).Code);
            if (format == "omni") Assert.Equal(0, Cli.Run("verify", back, "--format", "crossweave").Code); // keeps no slot order
            else Assert.Equal(File.ReadAllText(folder.File("placement.json")), File.ReadAllText(back));
        }
    }
}
