using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// SGLang's physical-to-logical map: <c>{"physical_to_logical_map": [[expert of each slot] per layer]}</c>, no other key allowed
/// (balancing spec 7.1). SGLang looks rows up by model layer number, dense layers included, so a placement whose layer numbers
/// have gaps (DeepSeek-V3: 3 to 60) is written with trivial rows (slot i holds expert i mod E) for the layers in the gaps; reading
/// with the layer numbers given picks the rows of those layers again.
/// </summary>
public sealed class SglangFormat : IPlacementFormat
{
    private const string MapKey = "physical_to_logical_map";

    public string Name => "sglang";

    public string Summary => "JSON with physical_to_logical_map [model layer, slot]; loaded with --init-expert-location FILE";

    public string DefaultFileName => "placement.sglang.json";

    public void Write(ExpertPlacement placement, string path)
    {
        var slots = PlacementRows.RequireEven(placement, "an SGLang map");
        var ids = placement.LayerIds;
        for (var l = 1; l < ids.Count; l++)
            if (ids[l] <= ids[l - 1])
                throw InputException.At($"layer {ids[l]}", $"it after layer {ids[l - 1]}", "ascending layer numbers, because SGLang's rows have none");
        var trivial = new int[slots];
        for (var slot = 0; slot < slots; slot++) trivial[slot] = slot % placement.ExpertCount;
        var json = new JsonOutput().BeginObject().Key(MapKey).BeginArray();
        for (int row = 0, l = 0; l < ids.Count; row++) json.Line(row == ids[l] ? placement.Layers[l++].ExpertOfSlot : trivial);
        AtomicFile.WriteAllText(path, json.End().End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        if (file.Root.IsObject && file.Root.Find("logical_count") is not null && file.Root.Find(MapKey) is null)
            throw InputException.At(path, "\"logical_count\"", $"\"{MapKey}\" (these are loads for a planner, not a placement: import it without naming the format)");
        file.Root.AllowOnly(MapKey);
        int[][] rows = [.. file.Root[MapKey].Items().Select(r => r.Int32List())];
        var ranks = PlacementRows.RequireRanks(path, options);
        if (options.LayerIds is { } ids && ids.Count < rows.Length)
        {
            foreach (var id in ids)
                if ((uint)id >= (uint)rows.Length)
                    throw InputException.At(path, $"{rows.Length} layers", $"a row for layer {id}");
            rows = [.. ids.Select(id => rows[id])];
        }

        return PlacementRows.Build(path, rows, ranks, options.ExpertCount, options.LayerIds);
    }
}
