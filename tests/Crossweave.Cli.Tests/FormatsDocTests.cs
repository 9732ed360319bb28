using System.Text.Json;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>docs/formats.md names every key of the JSON that verbs print.</summary>
public sealed class FormatsDocTests
{
    private static readonly HashSet<string> Words =
        [.. string.Concat(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "formats.md")).Select(c => char.IsAsciiLetterOrDigit(c) ? c : ' ')).Split(' ')];

    [Theory]
    [InlineData("inspect TRACE --ranks 8,16")]
    [InlineData("place --trace TRACE --ranks 8")]
    [InlineData("place --loads TRACE --ranks 8 --planner incremental --previous PLACED")]
    [InlineData("place --loads TRACE --planner refined --rank-slots 40,30")]
    [InlineData("place --pairs PAIRS --planner locality --ranks 2")]
    [InlineData("plan TRACE --model deepseek-v2-lite --ranks 8 --previous PLACED --planners incremental --schedulers fluid --evaluators overlap-async")]
    [InlineData("replay TRACE --model deepseek-v2-lite --ranks 8 --window 2000")]
    [InlineData("deploy --matrix MATRIX,MATRIX --compute-times 330ns")]
    [InlineData("schedule --matrix MATRIX --scheduler auto --delta 1us --switches 2 --reconfiguration partial")]
    [InlineData("schedule --matrix MATRIX --fabric ring --scheduler ring")]
    [InlineData("schedule --matrix MATRIX --nodes 2 --scale-up-bandwidth 900Gbps --scheduler fast")]
    [InlineData("schedule --matrix MATRIX --compute floor:1us,1us --combine --mode auto")]
    [InlineData("schedule --matrix MATRIX --port-costs 1,2,3,4 --send-orders")]
    [InlineData("verify PLACED")]
    [InlineData("import TRACE")]
    [InlineData("export --trace TRACE --format hmetis --out GRAPH")]
    [InlineData("models mixtral-8x7b")]
    [InlineData("models --compute")]
    public void Every_key_is_described(string command)
    {
        using var folder = new Cli.Folder();
        var files = new Dictionary<string, string>
        {
            ["TRACE"] = Cli.Sample("routing.ids.npy"),
            ["MATRIX"] = folder.File("m.csv", "0,1,2,3\n4,0,5,6\n7,8,0,9\n1,2,3,0\n"),
            ["PAIRS"] = folder.File("pairs.csv", "0,1,2,3\n1,0,3,2\n2,3,0,1\n3,2,1,0\n"),
            ["PLACED"] = folder.File("placed.json"),
            ["GRAPH"] = folder.File("x.hgr"),
        };
        Assert.Equal(0, Cli.Run("place", "--loads", files["TRACE"], "--ranks", "8", "--planner", "contiguous", "--out", files["PLACED"]).Code);
        var (code, output, error) = Cli.Run([.. command.Split(' ').Select(word => string.Join(',', word.Split(',').Select(part => files.GetValueOrDefault(part, part)))), "--json", "-"]);
        Assert.Equal((0, ""), (code, error));
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        Add(JsonDocument.Parse(output).RootElement, keys);
        Assert.Subset(Words, keys.ToHashSet());
    }

    private static void Add(JsonElement value, SortedSet<string> keys)
    {
        if (value.ValueKind == JsonValueKind.Array) foreach (var item in value.EnumerateArray()) Add(item, keys);
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (var member in value.EnumerateObject())
        {
            keys.Add(member.Name);
            if (member.Name != "lowerBounds") Add(member.Value, keys); // its names are those of docs/models.md
        }
    }
}
