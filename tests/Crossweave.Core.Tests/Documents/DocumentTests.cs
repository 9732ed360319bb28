using System.Text;
using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Tests.Placements;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Documents;

public sealed class DocumentTests
{
    [Fact]
    public void Loads_come_back_unchanged()
    {
        using var folder = new TemporaryFolder();
        LoadDocument.Write(PlacementMetricsTests.ReadmeLoad, folder.File("w.json"));
        var read = LoadDocument.Read(folder.File("w.json"));
        Assert.Equal((2, 12), (read.LayerCount, read.ExpertCount));
        Assert.Equal(PlacementMetricsTests.ReadmeLoad.Layer(1).ToArray(), read.Layer(1).ToArray());
    }

    [Theory]
    [InlineData("""{"weight": [[1,2],[3]]}""", "weight[1]: found a list of 1, expected 2 values")]
    [InlineData("""{"weight": [[1,2],[3,-4]]}""", "weight[1][1]: found -4, expected a non-negative whole number")]
    [InlineData("""{"weight": [[1,2.5]]}""", "weight[0][1]: found 2.5")]
    [InlineData("""{"weight": [[1,99999999999999999999]]}""", "weight[0][1]")]
    [InlineData("""{"weight": []}""", "at least one layer")]
    [InlineData("""{"weight": [[]]}""", "at least one expert")]
    [InlineData("""{"weights": [[1]]}""", "the unknown key \"weights\", expected only weight")]
    [InlineData("""[[1]]""", "expected an object")]
    [InlineData("""{"weight": [[1,]]}""", "not valid JSON at line 1, byte")]
    [InlineData("", "not valid JSON")]
    public void Faulty_loads_are_named(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w.json", content);
        var message = Assert.Throws<InputException>(() => LoadDocument.Read(path)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal($"{folder.File("none")}: the file does not exist", Assert.Throws<InputException>(() => LoadDocument.Read(folder.File("none"))).Message);
        Assert.Contains("found a folder, expected a file", Assert.Throws<InputException>(() => LoadDocument.Read(Path.GetDirectoryName(folder.File("x"))!)).Message);
    }

    [Fact]
    public void A_matrix_may_have_comments_blank_ends_and_windows_line_breaks()
    {
        var matrix = TrafficMatrixFile.Parse("# tokens\r\n0, 5\r\n# row of rank 1\r\n7,1\r\n\r\n", "m");
        Assert.Equal([0, 5, 7, 1], matrix.Cells.ToArray());
        using var folder = new TemporaryFolder();
        TrafficMatrixFile.Write(matrix, folder.File("m.csv"));
        Assert.Equal("0,5\n7,1\n", File.ReadAllText(folder.File("m.csv")));
        Assert.Equal(matrix.Cells.ToArray(), TrafficMatrixFile.Read(folder.File("m.csv")).Cells.ToArray());
    }

    [Theory]
    [InlineData("", "m: found no rows")]
    [InlineData("0,1\n2,x\n", "m: line 2, column 2: found 'x', expected a non-negative whole number")]
    [InlineData("0,1\n2,-3\n", "m: line 2, column 2: found '-3'")]
    [InlineData("0,1\n2,3.0\n", "m: line 2, column 2: found '3.0'")]
    [InlineData("0,1\n2\n", "m: line 2: found 1 values, expected 2")]
    [InlineData("0,1\n", "m: found 1 rows of 2 values, expected 2 rows")]
    [InlineData("0,1\n2,3\n4,5\n", "m: line 3: found row 3, expected 2 rows")]
    [InlineData("0,1\n\n2,3\n", "m: line 2: found an empty line")]
    [InlineData("0,1\n2,9223372036854775808\n", "m: line 2, column 2")]
    [InlineData("0,1,\n2,3,\n4,5,\n", "m: line 1, column 3: found ''")]
    public void Faulty_matrices_are_named_by_line_and_column(string content, string expected) =>
        Assert.Contains(expected, Assert.Throws<InputException>(() => TrafficMatrixFile.Parse(content, "m")).Message);

    [Fact]
    public void A_schedule_document_has_the_contract_keys_in_order_and_comes_back_unchanged()
    {
        using var folder = new TemporaryFolder();
        var document = Example();
        document.Write(folder.File("s.json"));
        var text = File.ReadAllText(folder.File("s.json"));
        Assert.Equal(
            """
            {
              "scheduler": "by-hand",
              "ranks": 2,
              "fabric": {
                "kind": "circuit-switch",
                "bandwidth": 8000000000000,
                "reconfigurationPs": 5
              },
              "tokenBytes": 1,
              "makespanPs": 15,
              "communicationPs": 15,
              "lowerBounds": {
                "port": 10
              },
              "gap": 1.5,
              "steps": [
                {
                  "startPs": 5,
                  "endPs": 15,
                  "transfers": [
                    {"source": 0, "target": 1, "tokens": 10},
                    {"source": 1, "target": 0, "tokens": 4}
                  ]
                }
              ]
            }

            """,
            text);
        Assert.Equal(text, ScheduleDocument.Read(folder.File("s.json")).ToJson());
        var unequal = document with { BandwidthOfRank = [1, 2], ReconfigurationPs = null, Steps = [], LowerBounds = [] };
        unequal.Write(folder.File("u.json"));
        Assert.Equal(unequal.ToJson(), ScheduleDocument.Read(folder.File("u.json")).ToJson());
    }

    [Theory]
    [InlineData("\"gap\"", "\"gaps\"", "the unknown key \"gaps\"")]
    [InlineData("\"kind\"", "\"sort\"", "fabric: found the unknown key \"sort\"")]
    [InlineData("\"tokens\": 4", "\"token\": 4", "steps[0].transfers[1]: found the unknown key \"token\"")]
    [InlineData("\"tokens\": 4", "\"tokens\": \"4\"", "steps[0].transfers[1].tokens: found \"4\"")]
    [InlineData("8000000000000", "0", "fabric.bandwidth: found 0")]
    [InlineData("8000000000000", "[1]", "for each of the 2 ranks")]
    [InlineData("\"startPs\": 5,", "", "steps[0]: found no \"startPs\"")]
    public void A_faulty_schedule_document_is_named(string old, string replacement, string expected)
    {
        using var folder = new TemporaryFolder();
        var text = Example().ToJson();
        Assert.Contains(old, text);
        var path = folder.File("s.json", text.Replace(old, replacement));
        Assert.Contains(expected, Assert.Throws<InputException>(() => ScheduleDocument.Read(path)).Message);
    }

    [Fact]
    public void A_place_document_has_the_contract_keys_and_comes_back_unchanged()
    {
        using var folder = new TemporaryFolder();
        var document = PlaceDocument.From("eplb", PlacementMetricsTests.ReadmePlacement, PlacementMetricsTests.ReadmeLoad);
        document.Write(folder.File("p.json"));
        var text = File.ReadAllText(folder.File("p.json"));
        using var json = JsonInput.Open(folder.File("p.json"));
        Assert.Equal(["planner", "slotsPerRank", "ranks", "experts", "layerIds", "layers", "balancedness"], json.Root.Members().Select(m => m.Key));
        Assert.Equal(["expertOfSlot", "replicaCount", "maxOverMean"], json.Root["layers"].Items()[0].Members().Select(m => m.Key));
        Assert.Equal([1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1], json.Root["layers"].Items()[0]["replicaCount"].Int32List());
        Assert.Equal(0.8164, json.Root["balancedness"]["meanOfRatios"].Double(), 4);
        var read = PlaceDocument.Read(folder.File("p.json"));
        Assert.Equal(text, read.ToJson());
        PlacementSamples.AssertSame(PlacementMetricsTests.ReadmePlacement, read.ToPlacement("p.json"), "place document");
    }

    [Theory]
    [InlineData(1.0, "1"), InlineData(0.1, "0.1"), InlineData(1.0 / 3, "0.3333333333333333"), InlineData(1e21, "1E+21"), InlineData(-2.5, "-2.5")]
    public void Doubles_are_written_in_the_shortest_form_that_reads_back(double value, string expected) => Assert.Equal(expected, JsonOutput.Number(value));

    [Fact]
    public void Text_is_escaped_and_non_finite_numbers_are_refused()
    {
        Assert.Equal("[\n  \"a\\\"\\n\\u0000é\"\n]\n", new JsonOutput().BeginArray().Value("a\"\n\0é").End().ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => JsonOutput.Number(double.NaN));
        Assert.Equal("{}\n", new JsonOutput().BeginObject().End().ToString());
    }

    [Theory]
    [InlineData("schedule"), InlineData("place"), InlineData("load"), InlineData("matrix")]
    public void Mutated_documents_give_a_document_or_one_clean_error(string kind)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mutated");
        var valid = Encoding.UTF8.GetBytes(kind switch
        {
            "schedule" => Example().ToJson(),
            "place" => PlaceDocument.From("eplb", PlacementMetricsTests.ReadmePlacement, PlacementMetricsTests.ReadmeLoad).ToJson(),
            "load" => """{"weight": [[1, 20, 3], [4, 5, 6]]}""",
            _ => "# matrix\n0,5,6\n7,1,2\n3,4,5\n",
        });
        var prng = new Prng(5).Split(kind);
        var clean = 0;
        for (var round = 0; round < 500; round++)
        {
            var bytes = (byte[])valid.Clone();
            for (var k = prng.NextInt(3); k >= 0; k--) bytes[prng.NextInt(bytes.Length)] = (byte)(prng.NextInt(2) == 0 ? prng.NextInt(256) : "0,[]{}\":\\-e"[prng.NextInt(11)]);
            File.WriteAllBytes(path, prng.NextInt(4) == 0 ? bytes[..prng.NextInt(bytes.Length)] : bytes);
            try
            {
                object read = kind switch
                {
                    "schedule" => ScheduleDocument.Read(path),
                    "place" => PlaceDocument.Read(path),
                    "load" => LoadDocument.Read(path),
                    _ => TrafficMatrixFile.Read(path),
                };
                Assert.NotNull(read);
            }
            catch (InputException e)
            {
                Assert.DoesNotContain("\n", e.Message);
                clean++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{kind}, seed 5, round {round}: {e}");
            }
        }

        Assert.InRange(clean, 100, 500);
    }

    /// <summary>One byte per token at 8 Tb/s is one picosecond per token.</summary>
    private static ScheduleDocument Example()
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(2, 1, new Bandwidth(8_000_000_000_000), new SimTime(5)));
        var problem = new SchedulingProblem(new TrafficMatrix(2, [3, 10, 4, 0]), new Bytes(1), fabric);
        var schedule = new Schedule("by-hand", [new Step([new Transfer(0, 1, 10), new Transfer(1, 0, 4)])]);
        return ScheduleDocument.From(schedule, [new StepTime(5, 15)], problem, [new LowerBound("port", new SimTime(10), "send port of rank 0")]);
    }
}
