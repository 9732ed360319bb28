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

    // Every public instance alone in a file, as a check of held-back instances would pass it: every value that the file states.
    [Fact]
    public void Every_value_of_every_golden_instance_comes_from_the_command_line()
    {
        using var folder = new Cli.Folder();
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("deployment-golden.json")));
        var count = 0;
        foreach (var kind in golden.RootElement.GetProperty("instances").EnumerateObject())
        {
            foreach (var instance in kind.Value.EnumerateArray())
            {
                var file = folder.File("alone.json", instance.GetRawText());
                foreach (var (timeline, method, expected) in Expected(kind.Name, instance))
                {
                    var (code, output, error) = Cli.Run("deploy", "--instance", file, "--timeline", timeline, "--method", method, "--json", "-");
                    Assert.Equal((0, ""), (code, error));
                    using var json = JsonDocument.Parse(output);
                    Assert.Equal((instance.GetProperty("id").GetString(), timeline, method, expected), (instance.GetProperty("id").GetString(), timeline, method, json.RootElement.GetProperty("value").GetInt64()));
                    if (method == "optimal") Assert.True(json.RootElement.GetProperty("proven").GetBoolean());
                    count++;
                }

                if (kind.Name is not ("a" or "e")) continue;
                using var orders = JsonDocument.Parse(Cli.Run("schedule", "--instance", file, "--send-orders", "--json", "-").Out);
                foreach (var order in new[] { "sjf", "ljf", "ring" })
                    if (instance.TryGetProperty(order, out var time))
                        Assert.Equal(time.GetString(), orders.RootElement.GetProperty(order).GetString());
                count++;
            }
        }

        Assert.True(count > 250, $"{count}");
    }

    private static IEnumerable<(string Timeline, string Method, long Value)> Expected(string kind, JsonElement instance)
    {
        long Of(params string[] keys) => keys.Aggregate(instance, (at, key) => at.GetProperty(key)).GetInt64();
        (string Key, string Line)[] exclusive = [("port_barrier", "barrier"), ("port_eq1", "eq1"), ("pair_barrier", "pair-barrier"), ("port_comm", "port"), ("pair_comm", "pair")];
        switch (kind)
        {
            case "a":
                yield return ("port", "as-listed", Of("b_max"));
                break;
            case "b":
                foreach (var (key, line) in exclusive)
                {
                    yield return (line, "optimal", Of("optimum", key));
                    yield return (line, "sort", Of("sort_by_ffn_load", key));
                    yield return (line, "sort-max-load", Of("sort_by_max_send_recv", key));
                }

                break;
            case "c":
                yield return ("port", "bottleneck", Of("bottleneck_value") * Of("comm_cost"));
                yield return ("port", "optimal", Of("bottleneck_value") * Of("comm_cost"));
                if (instance.TryGetProperty("case1_sorted_value", out var sorted)) yield return ("port", "sort", sorted.GetInt64() * Of("comm_cost"));
                foreach (var line in new[] { "t2", "pg" })
                    foreach (var (method, key) in new[] { ("optimal", "optimum"), ("two-threshold", "optimum"), ("bottleneck", "bottleneck") })
                        yield return (line, method, Of(line, key));
                break;
            case "d":
                foreach (var line in new[] { "t2", "pg" })
                    foreach (var (method, key) in new[] { ("optimal", "optimum"), ("two-stage", "two_stage"), ("sort-sort", "sort_sort"), ("swap", "local_search_best") })
                        yield return (line, method, Of(line, key));
                break;
            default:
                yield return ("port", "as-listed", Of("port_bound"));
                yield return ("pair", "as-listed", Of("pair_bound"));
                yield return ("lanes", "as-listed", Of("lane_time"));
                break;
        }
    }

    [Theory]
    [InlineData("theorem51_send_heavy", "port", "sort", 2000)]
    [InlineData("theorem51_send_heavy", "port", "optimal", 800)]
    [InlineData("pair_vs_port", "port", "as-listed", 720)]
    [InlineData("pair_vs_port", "pair", "as-listed", 1800)]
    [InlineData("alg1_firstfit", "port", "as-listed", 2)]
    public void Counterexamples_by_name(string name, string timeline, string method, long value)
    {
        var (code, output, error) = Cli.Run("deploy", "--instance", SharedData.Require("deployment-golden.json"), "--name", name, "--timeline", timeline, "--method", method, "--json", "-");
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(value, json.RootElement.GetProperty("value").GetInt64());
    }

    // PORT by rates, lanes within a slot of it, and on equal ports matchings at b_max.
    [Theory]
    [InlineData("e7", "fluid", 2408)]
    [InlineData("e7", "lanes", 2480)]
    [InlineData("a9", "open-shop", null)] // b_max
    public void Schedulers_take_instances(string name, string scheduler, int? makespan)
    {
        var (code, output, error) = Cli.Run("schedule", "--instance", SharedData.Require("deployment-golden.json"), "--name", name, "--scheduler", scheduler, "--json", "-");
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        var found = json.RootElement.GetProperty("makespanPs").GetInt64();
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("deployment-golden.json")));
        makespan ??= golden.RootElement.GetProperty("instances").GetProperty("a").EnumerateArray().First(i => i.GetProperty("id").GetString() == name).GetProperty("b_max").GetInt32();
        Assert.True(scheduler == "lanes" ? found <= makespan : found == makespan, $"{found} against {makespan}");
    }

    [Theory]
    [InlineData(2, "together")]
    [InlineData(3, "together")]
    [InlineData(3, "free")]
    [InlineData(1, "fixed")]
    public void Several_experts_per_device_separate_shards_and_more_models(int models, string shards)
    {
        using var folder = new Cli.Folder();
        var files = Enumerable.Range(0, models).Select(m => folder.File($"{m}.csv", string.Join('\n', Enumerable.Range(0, 8).Select(i => string.Join(',', Enumerable.Range(0, 8).Select(j => (((i * 7) + (j * (11 + m)) + (i * j)) % 23) + 1)))) + "\n")).ToList();
        string[] line = ["deploy", "--matrix", string.Join(',', files), "--shards", shards, "--ranks", "4", "--send-rates", "100Gbps,80Gbps,50Gbps,40Gbps", "--compute-times", "300ns,380ns,600ns,750ns"];
        var drawing = Path.Combine(Path.GetDirectoryName(files[0])!, "line.svg");
        var (code, output, error) = Cli.Run([.. line, "--json", "-", "--svg", drawing]);
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(models, json.RootElement.GetProperty("assignment").GetArrayLength());
        foreach (var part in new[] { "assignment", "shards" })
            foreach (var model in json.RootElement.GetProperty(part).EnumerateArray())
                Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], model.EnumerateArray().SelectMany(d => d.EnumerateArray()).Select(i => i.GetInt32()).Order());
        Assert.Equal(4, json.RootElement.GetProperty("utilisation").GetArrayLength());
        Assert.InRange(json.RootElement.GetProperty("lowerBound").GetInt64(), 1, json.RootElement.GetProperty("value").GetInt64());
        Assert.Contains("dispatch", File.ReadAllText(drawing));
        Assert.Contains(json.RootElement.GetProperty("proven").GetBoolean() ? "proven optimal" : "lower bound", Cli.Run(line).Out);
    }

    // By hand: expert 1 computes 90 tokens, expert 0 ten. Best: 1 on the device that takes 1 us a token (90 us, the other 10 x 9 us); the other way
    // round 90 x 9 = 810 us. A move brings 100 kB over the slow port, 80 Mbps: 10 ms, that is 13.9 layers of 720 us.
    [Theory]
    [InlineData("[[1,0]]", 50, 0, 0, false)]
    [InlineData("[[0,1]]", 50, 2, 14, true)]
    [InlineData("[[[0],[1]]]", 13, 2, 14, false)]
    public void Previous_says_whether_moving_pays(string assignment, int horizon, int moved, int after, bool pays)
    {
        using var folder = new Cli.Folder();
        string[] line = ["deploy", "--matrix", folder.File("a.csv", "0,90\n10,0\n"), "--send-rates", "800Mbps,80Mbps", "--token-bytes", "1000B", "--compute-times", "1us,9us"];
        line = [.. line, "--previous", folder.File("p.json", $"{{\"assignment\":{assignment}}}"), "--expert-bytes", "100kB", "--horizon", $"{horizon}"];
        using var json = JsonDocument.Parse(Cli.Run([.. line, "--json", "-"]).Out);
        var move = json.RootElement.GetProperty("move");
        Assert.Equal(18_180_000_000, json.RootElement.GetProperty("value").GetInt64());
        Assert.Equal(moved == 0 ? 18_180_000_000 : 18_900_000_000, move.GetProperty("previousValue").GetInt64());
        Assert.Equal((moved, after, pays), (move.GetProperty("movedExperts").GetInt32(), move.GetProperty("paysAfterLayers").GetInt32(), move.GetProperty("pays").GetBoolean()));
        Assert.Equal(moved == 0 ? 0 : 10_000_000_000, move.GetProperty("moveTime").GetInt64());
        Assert.Contains(pays ? ": move" : ": stay", Cli.Run(line).Out);
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
    [InlineData("--instance EXCHANGE --timeline lanes", "common multiple")]
    [InlineData("--instance NEGATIVE", "NEGATIVE.json: Da[0][1]: found -5, expected a non-negative whole number")]
    [InlineData("--instance RAGGED", "RAGGED.json: Da[1]: found a list of 1, expected 2 numbers")]
    [InlineData("--instance TEXT", "TEXT.json")]
    [InlineData("--instance ONE --lp OUT --timeline port", "--lp: found it with --timeline port, expected --timeline t2 or pg")]
    [InlineData("--instance ONE --previous A", "--previous: found it beside --instance")]
    [InlineData("--matrix A --compute-times 3ns --ranks 2 --bandwidth 1Gbps --horizon 5", "--horizon: found it without --previous")]
    [InlineData("--matrix A --compute-times 3ns --ranks 2 --bandwidth 1Gbps --previous PREVIOUS --expert-bytes 1kB", "PREVIOUS.json: assignment[0][1]: found 0, expected 0 on one device only")]
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
            ["EXCHANGE"] = folder.File("EXCHANGE.json", """{"D":[[0,1],[2,0]],"comm_cost":[1000000007,1000000009]}"""),
            ["NEGATIVE"] = folder.File("NEGATIVE.json", Pair.Replace("[[1,5]", "[[1,-5]", StringComparison.Ordinal)),
            ["RAGGED"] = folder.File("RAGGED.json", Pair.Replace("[4,2]", "[4]", StringComparison.Ordinal)),
            ["TEXT"] = folder.File("TEXT.json", "not json"),
            ["PREVIOUS"] = folder.File("PREVIOUS.json", """{"assignment":[[0,0]]}"""),
            ["OUT"] = folder.File("OUT.lp", ""),
            ["A"] = folder.File("A.csv", "0,1\n2,0\n"),
        };
        var (code, output, error) = Cli.Run(["deploy", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => files.GetValueOrDefault(word, word))]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(expected, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }
}
