using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Crossweave.Cli.Tests;

/// <summary>Recordings as a person brings them: small, uneven, or wrong.</summary>
public sealed class RoutingInTests
{
    public static TheoryData<string, string> Cases => new()
    {
        { "", "no verb, expected one of plan, compare" },
        { "bench nosuch", "suite: found 'nosuch', expected 'all' or names from planning" },
        { "place --loads LOADS --ranks 8 --slots 2147483640", "slots: found 2147483640, expected at most 1048576" },
        { "place --loads LOADS --ranks 99999999999", "--ranks: found '99999999999', expected a whole number of at most 2147483647" },
        { "place --loads LOADS --ranks 8 --seed -1", "--seed: found '-1', expected a whole number from 0 to 2^64 - 1" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 8 --planning-fraction half", "--planning-fraction: found 'half', expected a number" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 8 --nodes 3", "nodes: found 3, expected a divisor of the 8 ranks" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 8 --bandwidth 1bps", "beyond 64 bits" },
        { "plan SAMPLE --model deepseek-v2-lite --ranks 8 --delta 9000000s", "beyond 64 bits" },
        { "import EMPTY", "EMPTY.npy: found an empty file" },
        { "import FOLDER", "found no known format" },
        { "import FOLDER --format load-csv", "found a folder, expected a CSV file" },
        { "import LOADS --dataset x", "found a weight-json file, nothing to choose 'x' from" },
        { "import MODELS", "expected a choice with --recorded-model: a, b" },
        { "synth LOADS", "found the unknown key \"weight\", expected only" },
        { "synth FOLDER", "found a folder, expected a file" },
        { "synth missing.json", "missing.json: the file does not exist" },
        { "models FOLDER", "config.json: the file does not exist" },
        { "inspect SAMPLE --json FOLDER", "cannot be written" },
        { "import REPEATED", "R.meta.json.layerIds: found layer 1 twice, expected every layer number once" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_is_typed_the_answer_is_one_line_with_exit_code_2(string command, string expected)
    {
        using var folder = new Cli.Folder();
        var files = new Dictionary<string, string>
        {
            ["LOADS"] = folder.File("LOADS.json", """{"weight": [[1,2,3,4,5,6,7,8]]}"""),
            ["EMPTY"] = folder.File("EMPTY.npy", ""),
            ["MODELS"] = folder.File("MODELS.csv", "model,layer,expert,count\na,0,0,1\nb,0,0,1\n"),
            ["FOLDER"] = Directory.CreateDirectory(folder.File("FOLDER")).FullName,
            ["SAMPLE"] = Cli.Sample("routing.ids.npy"),
            ["REPEATED"] = folder.File("R.ids.npy"),
        };
        File.Copy(files["SAMPLE"], files["REPEATED"]);
        folder.File("R.meta.json", """{"experts": 64, "layerIds": [1, 2, 1, 4, 5, 6, 7, 8]}""");
        var (code, output, error) = Cli.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => files.GetValueOrDefault(word, word))]);
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(expected, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Every_example_of_the_help_texts_parses_and_every_verb_has_one()
    {
        using var output = new StringWriter();
        var root = new RootCommand();
        foreach (var verb in CommandLine.Verbs) root.Subcommands.Add(verb(new Terminal(output, output)));
        foreach (var verb in root.Subcommands)
        {
            var help = Cli.Run(verb.Name, "--help").Out;
            var lines = help.Split('\n').Where(l => l.StartsWith("  crossweave " + verb.Name, StringComparison.Ordinal) && !l.Contains("[options]", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(lines);
            foreach (var line in lines)
            {
                var parsed = root.Parse([.. line.Trim().Split(' ')[1..]]);
                Assert.True(parsed.Errors.Count == 0 && parsed.UnmatchedTokens.Count == 0, line);
                Assert.DoesNotContain(parsed.Tokens, t => t.Type == System.CommandLine.Parsing.TokenType.Argument && t.Value.StartsWith("--", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Sixty_experts_on_eight_ranks_are_inspected_unevenly_and_planned_with_redundant_slots()
    {
        using var folder = new Cli.Folder();
        // Token t chooses experts 15 i + t mod 15: every expert equally often when 15 divides the tokens.
        var ids = Enumerable.Range(0, 30).SelectMany(t => Enumerable.Range(0, 4).Select(i => (long)((15 * i) + (t % 15)))).ToArray();
        var path = folder.File("uneven.npy");
        File.WriteAllBytes(path, [.. Header("<i8", "(30, 1, 4)"), .. ids.SelectMany(BitConverter.GetBytes)]);
        var (code, output, error) = Cli.Run("inspect", path, "--ranks", "8", "--json", "-");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        var layer = json.RootElement.GetProperty("perLayer")[0];
        Assert.Equal(60, json.RootElement.GetProperty("experts").GetInt32());
        // Four ranks hold 8 experts and four hold 7; the mean is 7.5.
        Assert.Equal(8 / 7.5, layer.GetProperty("maxOverMeanRank").GetDouble(), 12);
        Assert.Equal(4, layer.GetProperty("distinctRanksPerToken").GetDouble(), 12);
        Assert.Equal(0, Cli.Run("plan", path, "--model", "qwen1.5-moe-a2.7b", "--ranks", "8", "--json", folder.File("plan.json")).Code);
    }

    [Fact]
    public void One_token_of_one_layer_with_one_choice_can_be_inspected_but_not_split()
    {
        using var folder = new Cli.Folder();
        var path = folder.File("one.npy");
        File.WriteAllBytes(path, [.. Header("|u1", "(1, 1, 1)"), 3]);
        var (code, output, error) = Cli.Run("inspect", path, "--json", "-", "--report", folder.File("one.html"));
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(1, json.RootElement.GetProperty("perLayer")[0].GetProperty("distinctRanksPerToken").GetDouble());
        Assert.True(File.Exists(folder.File("one.html")));
        Assert.Contains("found one token, expected at least two", Cli.Run("plan", path, "--model", "switch-base-8", "--experts", "8", "--ranks", "4").Error);
    }

    [Fact]
    public void Interrupting_the_program_leaves_no_unfinished_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGTERM with kill");
        using var folder = new Cli.Folder();
        // 128 Mi tokens of one layer, top-1: large enough that writing them takes a while.
        var path = folder.File("big.npy");
        using (var file = File.Create(path))
        {
            file.Write(Header("|u1", "(134217728, 1, 1)"));
            file.SetLength(128 + (1L << 27));
        }

        var target = Directory.CreateDirectory(folder.File("out")).FullName;
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, "import", path, "--out", Path.Combine(target, "x")]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        while (!process.HasExited && Directory.GetFiles(target, ".*.tmp").Length == 0) Thread.Sleep(1);
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) kill.WaitForExit();
        process.WaitForExit();
        Assert.Empty(Directory.GetFiles(target, ".*.tmp"));
    }

    private static byte[] Header(string type, string shape)
    {
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";
        return [0x93, .. "NUMPY\u0001\0"u8, 118, 0, .. Encoding.ASCII.GetBytes(text.PadRight(117) + "\n")];
    }
}
