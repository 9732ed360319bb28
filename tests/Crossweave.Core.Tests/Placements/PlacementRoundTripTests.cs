using Crossweave.Algorithms;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Placement;
using Crossweave.Testing;

namespace Crossweave.Core.Tests.Placements;

public sealed class PlacementRoundTripTests
{
    public static TheoryData<string> Names => [.. PlacementFormats.All.Select(f => f.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Random_placements_come_back_unchanged_or_are_refused_in_one_line(string name)
    {
        using var folder = new TemporaryFolder();
        var format = PlacementFormats.Find(name, "--format");
        int kept = 0, refused = 0;
        for (var seed = 0; seed < 72; seed++)
        {
            var prng = new Prng((ulong)seed);
            var placement = (seed % 3) switch
            {
                0 => PlacementSamples.Even(prng),
                1 => PlacementSamples.UnevenDistinct(prng),
                _ => PlacementSamples.Blocks(prng),
            };
            if (seed % 5 == 0) placement = PlacementSamples.WithIds(placement, prng.NextInt(5));
            if (seed % 4 == 0) placement = new ExpertPlacement([.. placement.Layers.Select(_ => placement.Layers[0])], placement.LayerIds);
            var path = folder.File(format.DefaultFileName);
            try
            {
                format.Write(placement, path);
            }
            catch (InputException)
            {
                refused++;
                continue;
            }

            kept++;
            var read = format.Read(path, new PlacementReadOptions(placement.RankCount, placement.ExpertCount, placement.LayerIds));
            PlacementSamples.AssertSame(format.KeepsSlotOrder ? placement : PlacementSamples.Sorted(placement), read, $"{name}, seed {seed}");
        }

        Assert.True(kept > 10, $"{name} kept only {kept} of {kept + refused}");
        Assert.Equal(name is "crossweave" or "omni-csv", refused == 0);
    }

    [Theory]
    [InlineData("prefill_16ranks_20250626.csv", 16, 928)]
    [InlineData("gsm8k_decode_32dies_plus10.csv", 32, 1856)]
    public void Production_placements_of_DeepSeek_V3_go_through_every_format_that_can_express_them(string file, int ranks, int rows)
    {
        var source = SharedData.Require($"traces/deepseek-v3-placements-omni/{file}");
        using var folder = new TemporaryFolder();
        var placement = PlacementFormats.Find("omni-csv", "").Read(source, new PlacementReadOptions());
        Assert.Equal((58, 256, ranks), (placement.Layers.Count, placement.ExpertCount, placement.RankCount));
        Assert.Equal(rows, placement.Layers.Count * placement.RankCount);
        Assert.Equal((3, 60), (placement.LayerIds[0], placement.LayerIds[^1]));
        var refusing = new List<string>();
        foreach (var format in PlacementFormats.All)
        {
            var path = folder.File(format.DefaultFileName);
            try
            {
                format.Write(placement, path);
            }
            catch (InputException)
            {
                refusing.Add(format.Name);
                continue;
            }

            var read = format.Read(path, new PlacementReadOptions(ranks, LayerIds: placement.LayerIds));
            PlacementSamples.AssertSame(placement, read, format.Name);
            if (format.Name == "omni-csv") Assert.Equal(File.ReadAllText(source), File.ReadAllText(path));
        }

        // The decode placement has ten layers with 9 slots per rank and 48 with 8; formats with one slot count refuse it.
        string[] expected = ranks == 16 ? ["vllm-flat", "vllm-rank-map", "lightllm"] : ["sglang", "vllm", "vllm-flat", "vllm-rank-map", "tensorrt-llm", "lightllm", "partition"];
        Assert.Equal(expected, refusing);
    }

    [Fact]
    public void A_flat_vllm_list_stands_for_every_layer()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("flat.json", "[0, 1, 2, 1]");
        var three = new VllmFormat().Read(path, new PlacementReadOptions(2, LayerCount: 3));
        Assert.Equal(3, three.Layers.Count);
        Assert.All(three.Layers, l => Assert.Equal([0, 1, 2, 1], l.ExpertOfSlot));
        Assert.Single(new VllmFormat().Read(path, new PlacementReadOptions(2)).Layers);
    }

    [Fact]
    public void TensorRt_llm_reads_the_balancer_inside_a_server_configuration()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("config.yaml", """
            enable_attention_dp: true
            cuda_graph_config: {batch_sizes: [1, 2, 4]}
            moe_config:
              backend: WIDEEP
              load_balancer:
                num_slots: 4
                layer_updates_per_iter: 2
                initial_global_assignments:
                  3: [0, 1, 2, 0]
                  4:
                    - 2
                    - 1
                    - 0
                    - 1
            """);
        var placement = new TensorRtLlmFormat().Read(path, new PlacementReadOptions(2));
        Assert.Equal([3, 4], placement.LayerIds);
        Assert.Equal([2, 1, 0, 1], placement.Layers[1].ExpertOfSlot);
    }

    [Fact]
    public void Sglang_rows_stand_at_their_model_layer_number()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("map.json");
        var layer = LayerPlacement.Even(3, [2, 1, 0, 2], 2);
        new SglangFormat().Write(new ExpertPlacement([layer], [1]), path);
        Assert.Equal("""
            {
              "physical_to_logical_map": [
                [0, 1, 2, 0],
                [2, 1, 0, 2]
              ]
            }

            """, File.ReadAllText(path));
    }

    [Fact]
    public void Written_files_look_as_the_servers_document_them()
    {
        using var folder = new TemporaryFolder();
        var placement = new ExpertPlacement([LayerPlacement.Even(3, [2, 1, 0, 2], 2)], [3]);
        new TensorRtLlmFormat().Write(placement, folder.File("t.yaml"));
        Assert.Equal("num_slots: 4\ninitial_global_assignments:\n  3: [2, 1, 0, 2]\nlayer_updates_per_iter: 0\n", File.ReadAllText(folder.File("t.yaml")));
        new VllmFormat().Write(placement, folder.File("v.json"));
        Assert.Equal("[\n  [2, 1, 0, 2]\n]\n", File.ReadAllText(folder.File("v.json")));
        new VllmFlatFormat().Write(placement, folder.File("f.json"));
        Assert.Equal("[2, 1, 0, 2]\n", File.ReadAllText(folder.File("f.json")));
        new OmniFormat().Write(placement, folder.File("o.npy"));
        var npy = File.ReadAllBytes(folder.File("o.npy"));
        Assert.Equal(128 + (4 * 2 * 1 * 3), npy.Length); // header and magic padded to 128 bytes, then int32 [2, 1, 3]
        Assert.Equal([0, 1, 1, 1, 0, 1], Enumerable.Range(0, 6).Select(i => BitConverter.ToInt32(npy, 128 + (4 * i))));
        using var ascend = Formats.Documents.JsonInput.Open(Written(new VllmAscendFormat(), placement, folder));
        Assert.Equal(1, ascend.Root["moe_layer_count"].Int32());
        Assert.Equal([0, 2], ascend.Root["layer_list"].Items()[0]["device_list"].Items()[1]["device_expert"].Int32List());
    }

    private static string Written(IPlacementFormat format, ExpertPlacement placement, TemporaryFolder folder)
    {
        format.Write(placement, folder.File(format.DefaultFileName));
        return folder.File(format.DefaultFileName);
    }
}
