using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// LightLLM's redundancy list: <c>redundancy_expert_num</c> and, per layer number, the experts that every rank holds besides its own
/// contiguous block. The file can say nothing else, so the blocks must be contiguous and the redundant experts the same on all ranks.
/// Source: the comment at <c>get_redundancy_expert_ids</c> in ModelTC/lightllm, lightllm/utils/envs_utils.py.
/// </summary>
public sealed class LightLlmFormat : IPlacementFormat
{
    private const string CountKey = "redundancy_expert_num";
    private const string DefaultKey = "default";

    public string Name => "lightllm";

    public string Summary => "JSON list of redundant experts per layer, on every rank; loaded with --ep_redundancy_expert_config_path";

    public string DefaultFileName => "placement.lightllm.json";

    public void Write(ExpertPlacement placement, string path)
    {
        var (experts, ranks) = (placement.ExpertCount, placement.RankCount);
        if (experts % ranks != 0) throw InputException.At("experts", $"{experts}", $"a multiple of the {ranks} ranks, all that LightLLM can express");
        var own = experts / ranks;
        var slots = PlacementRows.RequireEven(placement, "a LightLLM redundancy list") / ranks;
        var json = new JsonOutput().BeginObject().Key(CountKey).Value(slots - own);
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            var extra = placement.Layers[l].ExpertsOnRank(0)[own..];
            for (var rank = 0; rank < ranks; rank++)
            {
                var held = placement.Layers[l].ExpertsOnRank(rank);
                for (var slot = 0; slot < slots; slot++)
                {
                    var expected = slot < own ? (rank * own) + slot : extra[slot - own];
                    if (held[slot] != expected)
                        throw InputException.At($"layer {placement.LayerIds[l]}, rank {rank}, slot {slot}", $"expert {held[slot]}", $"expert {expected}: LightLLM keeps contiguous experts and the same redundant ones on every rank");
                }
            }

            json.Key($"{placement.LayerIds[l]}").Line(extra);
        }

        AtomicFile.WriteAllText(path, json.End().ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        var ranks = PlacementRows.RequireRanks(path, options);
        var experts = options.ExpertCount ?? throw InputException.At(path, "no number of experts in this format", "the number of experts to be given with the file");
        if (experts % ranks != 0) throw InputException.At(path, $"{experts} experts", $"a multiple of the {ranks} ranks");
        var count = root[CountKey].Int32();
        var numbered = root.Members().Select(m => m.Key).Where(k => k is not (CountKey or DefaultKey)).ToList();
        var ids = options.LayerIds ?? [.. numbered.Select(k => int.TryParse(k, out var id) && id >= 0 ? id : throw InputException.At($"{path}: {k}", "no layer number", $"numbers, {CountKey} and {DefaultKey}")).Order()];
        if (ids.Count == 0) throw InputException.At(path, "no layers", "at least one, or layer numbers to be given with the file");
        var rows = new int[ids.Count][];
        for (var l = 0; l < rows.Length; l++)
        {
            var list = root.Find($"{ids[l]}") ?? root.Find(DefaultKey) ?? throw InputException.At($"{path}: {ids[l]}", "nothing", $"a list of {count} redundant experts, or {DefaultKey}");
            var extra = list.Int32List();
            if (extra.Length != count) throw list.Wrong($"{count} experts ({CountKey})");
            rows[l] = [.. Enumerable.Range(0, ranks).SelectMany(r => Enumerable.Range(r * (experts / ranks), experts / ranks).Concat(extra))];
        }

        return PlacementRows.Build(path, rows, ranks, experts, ids);
    }
}
