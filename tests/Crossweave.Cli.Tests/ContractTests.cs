using System.Text.Json;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>The contracts of docs/formats.md that other tools rely on.</summary>
public sealed class ContractTests
{
    [Fact]
    public void Schedule_prints_the_seven_golden_matchings_with_their_times()
    {
        var (code, output, _) = Cli.Run(
            "schedule", "--matrix", PublishedMatrix.File, "--scheduler", "greedy-max-weight", "--bandwidth", "400Gbps", "--delta", "10ns", "--token-bytes", "12288", "--json", "-");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal("greedy-max-weight", json.GetProperty("scheduler").GetString());
        // 19,705 tokens x 245,760 ps and seven reconfigurations of 10,000 ps.
        Assert.Equal((19_705L * 245_760) + 70_000, json.GetProperty("makespanPs").GetInt64());
        Assert.Equal(json.GetProperty("makespanPs").GetInt64(), json.GetProperty("communicationPs").GetInt64());
        Assert.Equal(19_627L * 245_760, json.GetProperty("lowerBounds").GetProperty("port").GetInt64());
        Assert.InRange(json.GetProperty("gap").GetDouble(), 1.0039, 1.0041);
        string[] matchings = ["24671350", "45102736", "10367245", "53026174", "67415023", "72543601", "36750412"];
        var steps = json.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(7, steps.Count);
        for (var m = 0; m < 7; m++)
        {
            var targets = new char[8];
            foreach (var t in steps[m].GetProperty("transfers").EnumerateArray()) targets[t.GetProperty("source").GetInt32()] = (char)('0' + t.GetProperty("target").GetInt32());
            Assert.Equal(matchings[m], new string(targets));
        }
    }

    [Fact]
    public void Place_prints_the_readme_example_of_eplb_slot_for_slot()
    {
        using var folder = new Cli.Folder();
        var loads = folder.File("w.json", """{"weight": [[90,132,40,61,104,165,39,4,73,56,183,86],[20,107,104,64,19,197,187,157,172,86,16,27]]}""");
        var (code, output, _) = Cli.Run("place", "--loads", loads, "--planner", "eplb", "--slots", "16", "--ranks", "8", "--nodes", "2", "--groups", "4", "--json", "-");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal("eplb", json.GetProperty("planner").GetString());
        Assert.Equal(2, json.GetProperty("slotsPerRank").GetInt32());
        int[][] slots = [[5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1], [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1]];
        int[][] counts = [[1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1], [1, 2, 1, 1, 1, 2, 2, 1, 2, 1, 1, 1]];
        for (var l = 0; l < 2; l++)
        {
            var layer = json.GetProperty("layers")[l];
            Assert.Equal(slots[l], layer.GetProperty("expertOfSlot").EnumerateArray().Select(v => v.GetInt32()));
            Assert.Equal(counts[l], layer.GetProperty("replicaCount").EnumerateArray().Select(v => v.GetInt32()));
        }

        Assert.Equal(0.8164, json.GetProperty("balancedness").GetProperty("meanOfRatios").GetDouble(), 4);
        Assert.Equal(0.8156, json.GetProperty("balancedness").GetProperty("ratioOfSums").GetDouble(), 4);
        Assert.Equal(1 / 0.8277, json.GetProperty("layers")[0].GetProperty("maxOverMean").GetDouble(), 3);
    }

    // Balancing spec 5.3: ties and zeros.
    [Theory]
    [InlineData("eplb", "5,5,5,5", "2,0,0,3,1,1", "2,2,1,1")]
    [InlineData("eplb", "0,0,0,0", "0,1,2,3,0,0", "3,1,1,1")]
    [InlineData("tensorrt-llm", "5,5,5,5", "0,2,3,1,2,3", "1,1,2,2")]
    [InlineData("tensorrt-llm", "0,0,0,0", "0,0,1,1,2,3", "2,2,1,1")]
    public void Place_settles_ties_and_zeros_as_published(string planner, string weight, string slots, string counts)
    {
        using var folder = new Cli.Folder();
        var (code, output, error) = Cli.Run("place", "--loads", folder.File("w.json", $"{{\"weight\": [[{weight}]]}}"), "--planner", planner, "--slots", "6", "--ranks", "2", "--json", "-");
        Assert.True(code == 0, error);
        var layer = JsonDocument.Parse(output).RootElement.GetProperty("layers")[0];
        Assert.Equal(slots, string.Join(',', layer.GetProperty("expertOfSlot").EnumerateArray()));
        Assert.Equal(counts, string.Join(',', layer.GetProperty("replicaCount").EnumerateArray()));
    }

    [Fact]
    public void Inspect_prints_its_documented_keys()
    {
        var (code, output, _) = Cli.Run("inspect", Cli.Sample("routing.ids.npy"), "--ranks", "8", "--placement", "contiguous", "--json", "-");
        Assert.Equal(0, code);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal(64, json.GetProperty("experts").GetInt32());
        Assert.Equal(6, json.GetProperty("topK").GetInt32());
        Assert.Equal(json.GetProperty("layers").GetInt32(), json.GetProperty("perLayer").GetArrayLength());
        foreach (var layer in json.GetProperty("perLayer").EnumerateArray())
        {
            Assert.True(layer.GetProperty("maxOverMeanExpert").GetDouble() >= 1);
            Assert.InRange(layer.GetProperty("maxOverMeanRank").GetDouble(), 1, 8);
            Assert.InRange(layer.GetProperty("distinctRanksPerToken").GetDouble(), 1, 6);
            Assert.Equal(4.5355, layer.GetProperty("uniformDistinctRanks").GetDouble(), 4); // execution spec 2.3: (64, 6) at EP8
        }
    }

    [Fact]
    public void The_promised_names_are_registered()
    {
        foreach (var name in (string[])["contiguous", "round-robin", "random", "lpt", "eplb"]) Assert.Contains($"\n{name} ", "\n" + Cli.Run("place", "--list").Out);
        foreach (var name in (string[])
        [
            "fluid", "ideal", "paced", "shifted", "greedy-max-weight", "bvn-sinkhorn", "open-shop", "sjf", "random", "aurora1", "aurora1-rowmatch",
            "lanes", "bvn-bottleneck", "bvn-max-weight", "birkhoff-plus", "solstice", "eclipse",
        ])
            Assert.Contains($"\n{name} ", "\n" + Cli.Run("schedule", "--list").Out);
        foreach (var name in (string[])["sglang", "vllm", "vllm-ascend", "tensorrt-llm", "omni"])
        {
            Assert.Contains($"\n{name} ", "\n" + Cli.Run("export", "--list").Out);
            Assert.Contains($"\n{name} ", "\n" + Cli.Run("import", "--list").Out);
        }
    }
}
