using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// Crossweave's own placement: <c>{"ranks", "experts", "layerIds", "layers": [{"expertOfSlot", "rankOfSlot"?}]}</c>. Expresses
/// every placement; <c>rankOfSlot</c> stands only in layers whose ranks hold unequal numbers of slots. The JSON of <c>place</c> is read too.
/// </summary>
public sealed class CrossweaveFormat : IPlacementFormat
{
    public string Name => "crossweave";

    public string Summary => "own JSON, every placement; read by crossweave itself";

    public string DefaultFileName => "placement.crossweave.json";

    public void Write(ExpertPlacement placement, string path)
    {
        var json = new JsonOutput().BeginObject().Key("ranks").Value(placement.RankCount).Key("experts").Value(placement.ExpertCount);
        json.Key("layerIds").Line([.. placement.LayerIds]).Key("layers").BeginArray();
        var slots = placement.Layers[0].SlotCount;
        foreach (var layer in placement.Layers)
        {
            json.BeginObject().Key("expertOfSlot").Line(layer.ExpertOfSlot);
            if (layer.SlotCount != slots || !IsEven(layer)) json.Key("rankOfSlot").Line(layer.RankOfSlot);
            json.End();
        }

        AtomicFile.WriteAllText(path, json.End().End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        if (root.IsObject && root.Find("planner") is not null) return FromPlaceDocument(path, options);
        root.AllowOnly("ranks", "experts", "layerIds", "layers");
        var ranks = PlacementRows.SameRanks(path, root["ranks"].Int32(1, PlacementRows.MaxRanks), options);
        var experts = root["experts"].Int32(1);
        if (options.ExpertCount is { } expected && expected != experts) throw root["experts"].Wrong($"{expected}");
        var layers = root["layers"].Items();
        foreach (var layer in layers) layer.AllowOnly("expertOfSlot", "rankOfSlot");
        return PlacementRows.Build(
            path,
            [.. layers.Select(l => l["expertOfSlot"].Int32List())],
            ranks,
            experts,
            options.LayerIds ?? root["layerIds"].Int32List(),
            [.. layers.Select(l => l.Find("rankOfSlot")?.Int32List())]);
    }

    private static ExpertPlacement FromPlaceDocument(string path, PlacementReadOptions options)
    {
        var placement = PlaceDocument.Read(path).ToPlacement(path);
        PlacementRows.SameRanks(path, placement.RankCount, options);
        if (options.ExpertCount is { } expected && expected != placement.ExpertCount) throw InputException.At(path, $"{placement.ExpertCount} experts", $"{expected}");
        return options.LayerIds is null ? placement : new ExpertPlacement(placement.Layers, PlacementRows.SameLayers(path, placement.Layers.Count, options.LayerIds));
    }

    private static bool IsEven(LayerPlacement layer)
    {
        if (layer.SlotCount % layer.RankCount != 0) return false;
        var perRank = layer.SlotCount / layer.RankCount;
        for (var slot = 0; slot < layer.SlotCount; slot++)
            if (layer.RankOfSlot[slot] != slot / perRank)
                return false;
        return true;
    }
}
