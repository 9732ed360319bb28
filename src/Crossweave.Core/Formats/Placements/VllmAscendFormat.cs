using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// vllm-ascend's expert map (balancing spec 7.3): per layer and device the expert of every local slot. Copies of one expert must
/// be on different devices. <c>layer_id</c> counts MoE layers from 0; devices may hold different numbers of experts.
/// </summary>
public sealed class VllmAscendFormat : IPlacementFormat
{
    public string Name => "vllm-ascend";

    public string Summary => "JSON layer_list/device_list; loaded with expert_map_path in --additional-config";

    public string DefaultFileName => "placement.vllm-ascend.json";

    public void Write(ExpertPlacement placement, string path)
    {
        PlacementRows.RequireDistinct(placement, "vllm-ascend");
        var json = new JsonOutput().BeginObject().Key("moe_layer_count").Value(placement.Layers.Count).Key("layer_list").BeginArray();
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            json.BeginObject().Key("layer_id").Value(l).Key("device_count").Value(placement.RankCount).Key("device_list").BeginArray();
            for (var rank = 0; rank < placement.RankCount; rank++)
            {
                json.BeginObject().Key("device_id").Value(rank);
                json.Key("device_expert").Line(placement.Layers[l].ExpertsOnRank(rank)).End();
            }

            json.End().End();
        }

        AtomicFile.WriteAllText(path, json.End().End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        root.AllowOnly("moe_layer_count", "layer_list");
        var layers = root["layer_list"].Items();
        if (layers.Count == 0 || root["moe_layer_count"].Int32() != layers.Count)
            throw root["moe_layer_count"].Wrong($"the length of layer_list ({layers.Count}), at least 1");
        var ranks = PlacementRows.SameRanks(path, layers[0]["device_count"].Int32(1, PlacementRows.MaxRanks), options);
        var experts = new int[layers.Count][];
        var rankOfSlot = new int[layers.Count][];
        for (var l = 0; l < layers.Count; l++) (experts[l], rankOfSlot[l]) = ReadLayer(layers[l], ranks);
        var ids = layers.Select(l => l["layer_id"].Int32()).ToArray();
        var placement = PlacementRows.Build(path, experts, ranks, options.ExpertCount, options.LayerIds ?? ids, rankOfSlot);
        try
        {
            PlacementRows.RequireDistinct(placement, "vllm-ascend");
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }

        return placement;
    }

    private static (int[] Experts, int[] Ranks) ReadLayer(JsonInput layer, int ranks)
    {
        layer.AllowOnly("layer_id", "device_count", "device_list");
        if (layer["device_count"].Int32() != ranks) throw layer["device_count"].Wrong($"{ranks} as in the first layer");
        var devices = layer["device_list"].Items();
        if (devices.Count != ranks) throw layer["device_list"].Wrong($"{ranks} devices");
        var expertsOfDevice = new int[ranks][];
        foreach (var device in devices)
        {
            device.AllowOnly("device_id", "device_expert");
            var id = device["device_id"].Int32(0, ranks - 1);
            if (expertsOfDevice[id] is not null) throw device["device_id"].Wrong("each device once");
            expertsOfDevice[id] = device["device_expert"].Int32List();
        }

        var experts = new List<int>();
        var rankOfSlot = new List<int>();
        for (var rank = 0; rank < ranks; rank++)
        {
            experts.AddRange(expertsOfDevice[rank]);
            rankOfSlot.AddRange(Enumerable.Repeat(rank, expertsOfDevice[rank].Length));
        }

        return ([.. experts], [.. rankOfSlot]);
    }
}
