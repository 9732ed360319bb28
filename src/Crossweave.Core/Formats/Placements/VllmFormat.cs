using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// The initial expert map proposed for vLLM (issue #49572, balancing spec 7.2): a JSON list with a list per MoE layer of the
/// expert in each slot. A flat list, which stands for every layer, is read too.
/// </summary>
public sealed class VllmFormat : IPlacementFormat
{
    public string Name => "vllm";

    public string Summary => "JSON list per MoE layer; for initial_expert_map_path in --eplb-config (vLLM #49572)";

    public string DefaultFileName => "placement.vllm.json";

    public void Write(ExpertPlacement placement, string path)
    {
        PlacementRows.RequireEven(placement, "a vLLM expert map");
        var json = new JsonOutput().BeginArray();
        foreach (var layer in placement.Layers) json.Line(layer.ExpertOfSlot);
        AtomicFile.WriteAllText(path, json.End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        var items = file.Root.Items();
        var ranks = PlacementRows.RequireRanks(path, options);
        int[][] rows;
        if (items.Count > 0 && !items[0].IsArray)
        {
            var layers = options.LayerIds?.Count ?? options.LayerCount ?? 1;
            if (layers < 1) throw InputException.At(path, $"{layers} layers asked for", "at least 1");
            rows = [.. Enumerable.Repeat(file.Root.Int32List(), layers)];
        }
        else
        {
            rows = [.. items.Select(r => r.Int32List())];
        }

        return PlacementRows.Build(path, rows, ranks, options.ExpertCount, options.LayerIds);
    }
}

/// <summary>The flat form of <see cref="VllmFormat"/>: one list for all layers; refused when layers differ.</summary>
public sealed class VllmFlatFormat : IPlacementFormat
{
    public string Name => "vllm-flat";

    public string Summary => "one flat JSON list for all layers, which must be equal; for initial_expert_map_path in --eplb-config (vLLM #49572)";

    public string DefaultFileName => "placement.vllm-flat.json";

    public void Write(ExpertPlacement placement, string path)
    {
        PlacementRows.RequireEven(placement, "a vLLM expert map");
        var first = placement.Layers[0].ExpertOfSlot;
        for (var l = 1; l < placement.Layers.Count; l++)
        {
            var differs = first.AsSpan().CommonPrefixLength(placement.Layers[l].ExpertOfSlot);
            if (differs < first.Length)
                throw InputException.At($"layer {placement.LayerIds[l]}, slot {differs}", $"expert {placement.Layers[l].ExpertOfSlot[differs]}", $"{first[differs]} as in the first layer, because a flat list serves all layers");
        }

        AtomicFile.WriteAllText(path, new JsonOutput().Line(first).ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options) => new VllmFormat().Read(path, options);
}
