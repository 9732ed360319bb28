using System.Text;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Tests.Placements;

public sealed class PlacementErrorTests
{
    public static TheoryData<string> Names => [.. PlacementFormats.All.Select(f => f.Name)];

    [Theory]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1,1],[0,7,-1]]}""", "layer 0: found 3 slots, expected a multiple of the 2 ranks")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1,2,0],[0,7,-1,1]]}""", "layer 1, slot 2: found expert -1, expected 0 to 7")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1,1,0],[0,2,2,1]]}""", "layer 0: found no slot for expert 2")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1]], "logical_count": [[1,2]]}""", "the unknown key \"logical_count\"")]
    [InlineData("sglang", """{"logical_count": [[1,2]]}""", "loads for a planner, not a placement")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1.5]]}""", "physical_to_logical_map[0][1]: found 1.5, expected a whole number")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,2000000000]]}""", "found 2 slots for 2000000001 experts")]
    [InlineData("sglang", """{"physical_to_logical_map": [[0,1]], "physical_to_logical_map": [[0,1]]}""", "not valid JSON")]
    [InlineData("vllm", "[[0,1],[0,1,1,0]]", "layer 1: found 4 slots, expected 2 as in the first layer")]
    [InlineData("vllm", "[0,[1]]", "[1]: found a list of 1, expected a whole number")]
    [InlineData("vllm", "[]", "no layers")]
    [InlineData("vllm-ascend", """{"moe_layer_count":2,"layer_list":[]}""", "moe_layer_count: found 2")]
    [InlineData("vllm-ascend", """{"moe_layer_count":1,"layer_list":[{"layer_id":0,"device_count":2,"device_list":[{"device_id":0,"device_expert":[0,0]},{"device_id":1,"device_expert":[1,2]}]}]}""", "layer 0, rank 0: found expert 0 twice")]
    [InlineData("vllm-ascend", """{"moe_layer_count":1,"layer_list":[{"layer_id":0,"device_count":2,"device_list":[{"device_id":0,"device_expert":[0]},{"device_id":0,"device_expert":[1]}]}]}""", "each device once")]
    [InlineData("tensorrt-llm", "num_slots: 4\ninitial_global_assignments:\n  3: [0, 1, 2]\n", "line 3: found a list of 3, expected num_slots = 4")]
    [InlineData("tensorrt-llm", "num_slots: 2\ninitial_global_assignments:\n  3: [0, 1]\n  3: [1, 0]\n", "line 4: found the key \"3\" again")]
    [InlineData("tensorrt-llm", "num_slots: 2\nslots: 1\n", "line 2: found the unknown key \"slots\"")]
    [InlineData("tensorrt-llm", "num_slots: 2\n", "no \"initial_global_assignments\"")]
    [InlineData("tensorrt-llm", "moe_config: {load_balancer: other.yaml}\n", "name of another file")]
    [InlineData("tensorrt-llm", "num_slots: &a 2\ninitial_global_assignments: *a\n", "an alias")]
    [InlineData("tensorrt-llm", "num_slots: [", "not valid YAML")]
    [InlineData("omni", "not an array", "a NumPy .npy array")]
    [InlineData("omni-csv", "layer,rank,experts\n3,0,0 1\n3,2,2\n", "line 3: found rank 2 of layer 3, expected rank 1")]
    [InlineData("omni-csv", "layer,rank,experts\n3,0,0 x\n", "line 2: found 'x', expected an expert id")]
    [InlineData("omni-csv", "rank,experts\n", "line 1: found 'rank,experts'")]
    [InlineData("crossweave", """{"ranks":2,"experts":2,"layerIds":[0],"layers":[{"expertOfSlot":[0,1],"rankOfSlot":[0]}]}""", "found 1 ranks of slots, expected 2")]
    [InlineData("crossweave", """{"ranks":2,"experts":2,"layerIds":[0],"layers":[{"expertOfSlot":[0,1],"rankOfSlot":[1,0]}]}""", "layer 0, slot 1: found rank 0, expected 1 to 1")]
    [InlineData("crossweave", """{"ranks":3,"experts":2,"layerIds":[0],"layers":[{"expertOfSlot":[0,1]}]}""", "found 3 ranks, expected 2")]
    public void A_faulty_file_is_named_for_its_defect(string format, string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("placement.txt", content);
        var error = Assert.Throws<InputException>(() => PlacementFormats.Find(format, "").Read(path, new PlacementReadOptions(2)));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("\n", error.Message);
    }

    [Fact]
    public void All_faults_are_reported_together()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("p.json", "[[0, 9, 1, 2], [3, 3, 3, 3]]");
        var error = Assert.Throws<InputException>(() => new VllmFormat().Read(path, new PlacementReadOptions(2, 4)));
        Assert.Equal(
            $"{path}: 5 faults: layer 0, slot 1: found expert 9, expected 0 to 3; layer 0: found no slot for expert 3, expected at least one; " +
            "layer 1: found no slot for expert 0, expected at least one; layer 1: found no slot for expert 1, expected at least one; " +
            "layer 1: found no slot for expert 2, expected at least one",
            error.Message);
    }

    [Theory]
    [InlineData("sglang"), InlineData("vllm"), InlineData("tensorrt-llm")]
    public void Formats_without_ranks_ask_for_them(string name)
    {
        using var folder = new TemporaryFolder();
        var format = PlacementFormats.Find(name, "");
        format.Write(new ExpertPlacement([LayerPlacement.Even(2, [0, 1], 2)]), folder.File("p"));
        var error = Assert.Throws<InputException>(() => format.Read(folder.File("p"), new PlacementReadOptions()));
        Assert.Contains("number of ranks", error.Message);
    }

    [Fact]
    public void What_a_format_cannot_express_is_refused_with_layer_rank_and_expert()
    {
        using var folder = new TemporaryFolder();
        var duplicate = new ExpertPlacement([LayerPlacement.Even(3, [0, 1, 2, 2], 2)], [5]);
        var uneven = new ExpertPlacement([new LayerPlacement(3, [0, 1, 2], [0, 0, 1], 2)], [5]);
        Assert.Contains("layer 5, rank 1: found expert 2 twice", Refusal(new VllmAscendFormat(), duplicate));
        Assert.Contains("layer 5, rank 1: found expert 2 twice", Refusal(new OmniFormat(), duplicate));
        foreach (var name in new[] { "sglang", "vllm", "vllm-flat", "tensorrt-llm" })
            Assert.Contains("layer 5, rank 1: found 1 slots, expected 2", Refusal(PlacementFormats.Find(name, ""), uneven));
        var different = new ExpertPlacement([LayerPlacement.Even(2, [0, 1], 1), LayerPlacement.Even(2, [1, 0], 1)]);
        Assert.Contains("layer 1, slot 0: found expert 1, expected 0", Refusal(new VllmFlatFormat(), different));
        Assert.Contains("one of crossweave, sglang", Assert.Throws<InputException>(() => PlacementFormats.Find("pt", "--format")).Message);

        string Refusal(IPlacementFormat format, ExpertPlacement placement)
        {
            var message = Assert.Throws<InputException>(() => format.Write(placement, folder.File("refused"))).Message;
            Assert.False(File.Exists(folder.File("refused")));
            return message;
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Mutated_files_give_a_placement_or_one_clean_error(string name)
    {
        using var folder = new TemporaryFolder();
        var format = PlacementFormats.Find(name, "");
        var prng = new Prng(77).Split(name);
        int[] slots = name switch
        {
            "vllm-rank-map" or "partition" => [0, 2, 1, 3],
            "lightllm" => [0, 1, 3, 2, 3, 3],
            _ => [0, 1, 2, 3, 1, 0],
        };
        var layer = LayerPlacement.Even(4, slots, 2);
        format.Write(new ExpertPlacement([layer, layer], [0, 1]), folder.File("valid"));
        var valid = File.ReadAllBytes(folder.File("valid"));
        var options = new PlacementReadOptions(2, name == "lightllm" ? 4 : null);
        var clean = 0;
        for (var round = 0; round < 600; round++)
        {
            var mutated = Mutate(valid, prng);
            File.WriteAllBytes(folder.File("mutated"), mutated);
            try
            {
                Assert.Equal(2, format.Read(folder.File("mutated"), options).RankCount);
            }
            catch (InputException e)
            {
                Assert.DoesNotContain("\n", e.Message);
                clean++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{name}, seed 77, round {round}: {e}\n{Encoding.Latin1.GetString(mutated)}");
            }
        }

        Assert.InRange(clean, 100, 600);
    }

    private static byte[] Mutate(byte[] valid, Prng prng)
    {
        var bytes = valid.ToList();
        var at = prng.NextInt(bytes.Count);
        string[] tokens = ["null", "-1", "99999999999", "1e5", "\"", "[", "]", "{", "}", ",", ":", "\\u d", "\n", " ", "'", "&a ", "*a", "!!int ", "- ", "\0", "\uFEFF", "[[[[[[[["];
        switch (prng.NextInt(6))
        {
            case 0: bytes[at] = (byte)prng.NextInt(256); break;
            case 1: bytes.RemoveRange(at, bytes.Count - at); break;
            case 2: bytes.RemoveAt(at); break;
            case 3: bytes.InsertRange(at, Encoding.UTF8.GetBytes(tokens[prng.NextInt(tokens.Length)])); break;
            case 4: bytes.RemoveRange(at, Math.Min(1 + prng.NextInt(8), bytes.Count - at)); break;
            default: bytes[at] ^= (byte)(1 << prng.NextInt(8)); break;
        }

        return [.. bytes];
    }
}
