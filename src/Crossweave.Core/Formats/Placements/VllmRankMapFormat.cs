using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// The expert placement file proposed for vLLM in issue #34297: <c>{"expert_to_ep_rank": [rank of every expert]}</c>, one map for all layers. It cannot
/// express replicas, layers that differ, or an order of experts on a rank.
/// </summary>
public sealed class VllmRankMapFormat : IPlacementFormat
{
    private const string MapKey = "expert_to_ep_rank";

    public string Name => "vllm-rank-map";

    public string Summary => "JSON expert_to_ep_rank, one map for all layers; for --expert-placement-file (vLLM #34297)";

    public string DefaultFileName => "placement.vllm-rank-map.json";

    public bool KeepsSlotOrder => false;

    public void Write(ExpertPlacement placement, string path)
    {
        var map = PlacementRows.RankOfExpert(placement, 0);
        for (var l = 1; l < placement.Layers.Count; l++)
        {
            var same = map.AsSpan().CommonPrefixLength(PlacementRows.RankOfExpert(placement, l));
            if (same < map.Length)
                throw InputException.At($"layer {placement.LayerIds[l]}, expert {same}", "another rank", $"rank {map[same]} as in the first layer, because one map serves all layers");
        }

        AtomicFile.WriteAllText(path, new JsonOutput().BeginObject().Key(MapKey).Line(map).End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        file.Root.AllowOnly(MapKey);
        var map = file.Root[MapKey].Int32List();
        var ranks = PlacementRows.RequireRanks(path, options);
        for (var e = 0; e < map.Length; e++)
            if (map[e] < 0 || map[e] >= ranks)
                throw InputException.At($"{path}: {MapKey}[{e}]", $"{map[e]}", $"a rank from 0 to {ranks - 1}");
        var layers = options.LayerIds?.Count ?? options.LayerCount ?? 1;
        if (layers < 1) throw InputException.At(path, $"{layers} layers asked for", "at least 1");
        return PlacementRows.FromRanks(path, [.. Enumerable.Repeat(map, layers)], ranks, options.ExpertCount ?? map.Length, options.LayerIds);
    }
}
