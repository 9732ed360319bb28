namespace Crossweave.Cli.Tests;

public sealed class WrongInputTests
{
    public static TheoryData<string, string> Cases => new()
    {
        { "schedule --matrix MATRIX --scheduler greedy", "--scheduler: found 'greedy', expected 'all' or names from" },
        { "schedule --matrix MATRIX --bandwidth 400", "--bandwidth: found '400' without a unit" },
        { "schedule --matrix MATRIX --delta 10", "--delta: found '10' without a unit" },
        { "schedule --matrix MATRIX --bandwidth 400GBps", "unknown unit 'GBps'" },
        { "schedule --matrix MATRIX --fabric ideal-switch --delta 10ns", "reconfigurationDelay" },
        { "schedule --matrix RAGGED", "line 2: found 1 values, expected 2" },
        { "schedule --matrix LETTER", "LETTER: line 2, column 1: found 'x', expected a non-negative whole number" },
        { "schedule --matrix MINUS", "MINUS: line 1, column 2: found '-1', expected a non-negative whole number" },
        { "schedule --matrix FRACTION", "FRACTION: line 2, column 2: found '0.5'" },
        { "schedule --matrix HUGE", "HUGE: line 1, column 2: found 999999999999999999" },
        { "schedule --matrix WIDE", "WIDE: found 2 rows of 3 values, expected 3 rows" },
        { "schedule --matrix TALL", "TALL: line 3: found row 3, expected 2 rows" },
        { "schedule --matrix EMPTY", "EMPTY: found no rows" },
        { "schedule --matrix MATRIX --scheduler hybrid --switches 0", "--switches" },
        { "schedule --matrix MATRIX --port-costs 8", "--port-costs: found 1 values, expected one per rank (2)" },
        { "schedule --matrix MATRIX --port-costs 8,0", "--port-costs: found '0' for rank 1" },
        { "schedule --matrix missing.csv", "missing.csv: the file does not exist" },
        { "schedule", "--matrix: found nothing" },
        { "place --loads LOADS --ranks 3 --slots 8", "slots: found 8, expected a multiple of the 3 ranks" },
        { "place --loads LOADS", "--ranks: found nothing" },
        { "place --loads NEGATIVE --ranks 2", "NEGATIVE" },
        { "plan SAMPLE --ranks 8", "deepseek-v2-lite" },
        { "plan SAMPLE --model deepseek-v2-lite", "--ranks: found nothing" },
        { "plan SAMPLE --model mixtral-8x7b --ranks 8", "expert" },
        { "plan SAMPLE --model gpt-oss-20b --ranks 8 --wrong", "unknown option '--wrong'" },
        { "plan SAMPLE --model deepseek-v2-lite --cluster CLUSTER", "rank" },
        { "inspect SAMPLE --ranks none", "--ranks: found 'none'" },
        { "inspect LOADS", "LOADS" },
        { "nonsense", "nonsense" },
        { "place --loads LOADS --ranks 2 --ranks 4", "--ranks: found it 2 times, expected it once" },
        { "place --loads LOADS --ranks 2 --straddling-groups 1", "--straddling-groups: found it without several --nodes and --groups" },
        { "place --trace SAMPLE --ranks 8 --max-load NaN", "max-load: found NaN" },
        { "place --trace SAMPLE --ranks 8 --nodes 3", "--nodes: found 3, expected a divisor of the 8 ranks" },
        { "place --trace SAMPLE --ranks 8 --layer 0,2,0", "--layer: found 0 twice" },
        { "place --trace SAMPLE --ranks 8 --token-bytes 0B", "--token-bytes: found '0B', expected at least 1 byte" },
        { "schedule --matrix MATRIX --token-bytes 0", "--token-bytes: found '0', expected at least 1 byte" },
        { "schedule --matrix MATRIX --cluster PORTS", "PORTS.json: bandwidthOfRank: found 1 values, expected one per rank (2)" },
        { "schedule --matrix MATRIX --cluster TIERS", "TIERS.json: scaleUpBandwidth: found nothing" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 8 --redundant 8 --slots 72", "--slots: found it beside --redundant" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 4 --rank-slots 20,20,16,12 --planners lpt,eplb", "which eplb needs" },
        { "synth NOTHING", "NOTHING.json: found no \"experts\", expected the key \"experts\"" },
        { "synth RECIPE", "RECIPE.json: line 1, drift: found a value of another kind than this key has\n" },
        { "synth NOTHING --out folder/", "--out: found the folder 'folder/'" },
        { "import SAMPLE --ranks 8", "--ranks: found recorded routing, expected a placement" },
        { "import MAP --format vllm --ranks 2 --dataset x", "--dataset: found a placement, expected recorded routing" },
        { "import MAP --format vllm", "expected --ranks N beside it" },
        { "verify MAP --format vllm --ranks 2 --matrix MATRIX", "--matrix: found it beside a placement" },
        { "verify EMPTY", "EMPTY: not valid JSON at line 2, byte 1: The input does not contain any JSON tokens.\n" },
        { "deploy --instance BOTH --timeline t2", "BOTH.json: D: found a list of 1, expected it alone (one model)" },
        { "deploy --instance TWICE --name a", "--name: found 'a' 2 times in" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Wrong_input_is_one_line_with_exit_code_2(string command, string expected)
    {
        using var folder = new Cli.Folder();
        var files = new Dictionary<string, string>
        {
            ["MATRIX"] = folder.File("MATRIX", "0,1\n2,0\n"),
            ["RAGGED"] = folder.File("RAGGED", "0,1\n2\n"),
            ["LETTER"] = folder.File("LETTER", "0,1\nx,0\n"),
            ["MINUS"] = folder.File("MINUS", "0,-1\n2,0\n"),
            ["FRACTION"] = folder.File("FRACTION", "0,1\n2,0.5\n"),
            ["HUGE"] = folder.File("HUGE", "0,999999999999999999\n2,0\n"),
            ["WIDE"] = folder.File("WIDE", "0,1,2\n2,0,1\n"),
            ["TALL"] = folder.File("TALL", "0,1\n2,0\n1,1\n"),
            ["EMPTY"] = folder.File("EMPTY", "\n"),
            ["LOADS"] = folder.File("LOADS.json", """{"weight": [[1,2,3,4,5,6,7,8]]}"""),
            ["NEGATIVE"] = folder.File("NEGATIVE.json", """{"weight": [[1,-2]]}"""),
            ["CLUSTER"] = folder.File("CLUSTER.json", """{"rank": 8}"""),
            ["PORTS"] = folder.File("PORTS.json", """{"ranks": 2, "bandwidthOfRank": ["400Gbps"]}"""),
            ["TIERS"] = folder.File("TIERS.json", """{"ranks": 2, "fabric": "two-tier"}"""),
            ["NOTHING"] = folder.File("NOTHING.json", "{}"),
            ["RECIPE"] = folder.File("RECIPE.json", """{"experts": 8, "topK": 2, "layers": 1, "tokens": 10, "drift": "x"}"""),
            ["MAP"] = folder.File("MAP.json", "[[0, 1, 2, 3]]"),
            ["BOTH"] = folder.File("BOTH.json", """{"D": [[1]], "Da": [[1]], "Db": [[1]], "comm_cost": 1}"""),
            ["TWICE"] = folder.File("TWICE.json", """[{"id": "a", "D": [[1]]}, {"id": "a", "D": [[2]]}]"""),
            ["SAMPLE"] = Cli.Sample("routing.ids.npy"),
        };
        var (code, output, error) = Cli.Run([.. command.Split(' ').Select(word => files.GetValueOrDefault(word, word))]);
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(expected, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Nothing_is_written_when_the_input_is_wrong()
    {
        using var folder = new Cli.Folder();
        Cli.Run("plan", folder.File("broken.npy", "not numpy"), "--model", "deepseek-v2-lite", "--ranks", "8", "--out", folder.File("out"), "--json", folder.File("plan.json"));
        Assert.Equal(["broken.npy"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void What_is_no_JSON_is_not_quoted_at_length()
    {
        using var folder = new Cli.Folder();
        var file = folder.File("map.yaml", string.Join('\n', Enumerable.Range(0, 500).Select(i => $"n{i}: [1, 2, 3]")));
        var (code, _, error) = Cli.Run("verify", file);
        Assert.Equal(2, code);
        Assert.Contains("map.yaml: not valid JSON at line 1", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.InRange(error.Length, 1, 500);
    }
}
