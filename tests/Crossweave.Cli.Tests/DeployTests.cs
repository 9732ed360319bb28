using System.Text.Json;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

public sealed class DeployTests
{
    private const string Pair = """{"id":"x","Da":[[1,5],[4,2]],"Db":[[3,2],[6,1]],"comm_cost":[8,20],"ffn_cost":[4,10],"gate_tokens":[1,1],"agg_tokens":1}""";

    [Theory]
    [InlineData("d8", "t2", "optimal", 9536, true)]
    [InlineData("d8", "t2", "swap", 9840, false)]
    [InlineData("d1", "pg", "two-stage", 8188, false)]
    [InlineData("d1", "pg", "sort-sort", 8400, false)]
    [InlineData("b1", "barrier", "sort", 5404, false)]
    [InlineData("b1", "eq1", "optimal", 4860, true)]
    [InlineData("c2", "pg", "optimal", 3164, true)]
    public void Golden_instances_by_name(string name, string timeline, string method, long value, bool proven)
    {
        var (code, output, error) = Cli.Run("deploy", "--instance", SharedData.Require("deployment-golden.json"), "--name", name, "--timeline", timeline, "--method", method, "--json", "-");
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(["value", "proven", "lowerBound", "assignment"], json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(value, json.RootElement.GetProperty("value").GetInt64());
        if (proven) Assert.Equal(value, json.RootElement.GetProperty("lowerBound").GetInt64());
        Assert.Equal(proven, json.RootElement.GetProperty("proven").GetBoolean());
        var models = json.RootElement.GetProperty("assignment").EnumerateArray().ToList();
        Assert.Equal(name[0] == 'b' ? 1 : 2, models.Count);
        Assert.All(models, m => Assert.Equal(Enumerable.Range(0, m.GetArrayLength()), m.EnumerateArray().Select(r => r.GetInt32()).Order()));
    }

    [Fact]
    public void One_instance_in_a_file_needs_no_name()
    {
        using var folder = new Cli.Folder();
        var (code, output, _) = Cli.Run("deploy", "--instance", folder.File("one.json", Pair), "--json", "-");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("proven").GetBoolean());
        Assert.Equal((code, output), (0, Cli.Run("deploy", "--instance", folder.File("list.json", $"[{Pair}]"), "--name", "x", "--json", "-").Out));
    }

    [Fact]
    public void Matrices_and_rates_give_assignment_time_line_and_bound()
    {
        using var folder = new Cli.Folder();
        var (a, b) = (folder.File("a.csv", "5,10,20,3\n1,2,3,4\n9,9,2,1\n7,3,2,2\n"), folder.File("b.csv", "5,10,2,3\n1,2,13,4\n9,9,2,1\n7,3,2,2\n"));
        string[] line = ["deploy", "--matrix", $"{a},{b}", "--send-rates", "100Gbps,80Gbps,50Gbps,40Gbps", "--receive-rates", "50Gbps", "--compute-times", "300ns,380ns,600ns,750ns"];
        var (code, output, error) = Cli.Run(line);
        Assert.Equal((0, ""), (code, error));
        foreach (var part in new[] { "proven optimal", "Assignment", "experts of b", "Time line", "utilisation" }) Assert.Contains(part, output);
        var (_, text, _) = Cli.Run([.. line, "--json", "-"]);
        using var json = JsonDocument.Parse(text);
        Assert.Equal("ps", json.RootElement.GetProperty("unit").GetString());
        Assert.Equal(json.RootElement.GetProperty("value").GetInt64(), json.RootElement.GetProperty("phases").EnumerateArray().Last().GetProperty("end").GetInt64());
        Assert.All(json.RootElement.GetProperty("utilisation").EnumerateArray(), u => Assert.InRange(u.GetDouble(), 0, 1));
        Assert.Contains("two-stage", Cli.Run([.. line, "--method", "all"]).Out);
    }

    [Fact]
    public void Traces_move_experts_and_leave_shards()
    {
        string[] line = ["deploy", "--trace", Cli.Sample("routing.ids.npy"), "--experts", "64", "--ranks", "8", "--bandwidth", "400Gbps", "--compute-times", "330ns", "--json", "-"];
        var (code, output, error) = Cli.Run(line);
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        var experts = json.RootElement.GetProperty("assignment")[0].EnumerateArray().ToList();
        Assert.All(experts, e => Assert.Equal(8, e.GetArrayLength()));
        Assert.Equal(Enumerable.Range(0, 64), experts.SelectMany(e => e.EnumerateArray().Select(i => i.GetInt32())).Order());
        Assert.Equal(Enumerable.Range(0, 8), json.RootElement.GetProperty("shards")[0].EnumerateArray().Select(i => i.GetInt32()));
        Assert.InRange(json.RootElement.GetProperty("lowerBound").GetInt64(), 1, json.RootElement.GetProperty("value").GetInt64());
    }

    [Theory]
    [InlineData("--instance TWO", "2 instances, expected --name")]
    [InlineData("--instance TWO --name q", "--name: found 'q', expected one of the 2 instances")]
    [InlineData("--instance ONE --timeline eq1", "--timeline: found 'eq1' for 2 models, expected pg or t2")]
    [InlineData("--instance ONE --method bottleneck", "'bottleneck', which is for two models, equal devices")]
    [InlineData("--instance ONE --method nothing", "--method: found 'nothing', expected one of optimal")]
    [InlineData("--instance ONE --matrix A", "it beside --matrix or --trace")]
    [InlineData("--instance COSTS", "one number per device (2)")]
    [InlineData("--instance MISSING", "no \"ffn_cost\"")]
    [InlineData("--matrix A", "--compute-times: found neither it nor a compute profile")]
    [InlineData("--matrix A --compute-times 3", "without a unit")]
    [InlineData("--matrix A --compute-times 3ns,4ns,5ns", "2 experts, expected a multiple of the 3 devices")]
    [InlineData("", "--matrix: found neither")]
    public void Wrong_input_is_one_line(string options, string expected)
    {
        using var folder = new Cli.Folder();
        var files = new Dictionary<string, string>
        {
            ["ONE"] = folder.File("ONE.json", Pair),
            ["TWO"] = folder.File("TWO.json", "{\"instances\":{\"d\":[" + Pair + "," + Pair + "]}}"),
            ["COSTS"] = folder.File("COSTS.json", Pair.Replace("[8,20]", "[8,20,3]", StringComparison.Ordinal)),
            ["MISSING"] = folder.File("MISSING.json", Pair.Replace("ffn_cost", "ffn", StringComparison.Ordinal)),
            ["A"] = folder.File("A.csv", "0,1\n2,0\n"),
        };
        var (code, output, error) = Cli.Run(["deploy", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => files.GetValueOrDefault(word, word))]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(expected, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }
}
