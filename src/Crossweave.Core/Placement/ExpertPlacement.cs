namespace Crossweave.Core.Placement;

/// <summary>Placement of all layers of a model; every layer has the same experts and ranks.</summary>
public sealed class ExpertPlacement
{
    public ExpertPlacement(IReadOnlyList<LayerPlacement> layers, IReadOnlyList<int>? layerIds = null)
    {
        if (layers.Count == 0) throw new ArgumentException("a placement needs at least one layer");
        foreach (var layer in layers)
            if (layer.ExpertCount != layers[0].ExpertCount || layer.RankCount != layers[0].RankCount)
                throw new ArgumentException("all layers must have the same experts and ranks");
        Layers = layers;
        LayerIds = layerIds ?? [.. Enumerable.Range(0, layers.Count)];
        if (LayerIds.Count != layers.Count) throw new ArgumentException("one layer id per layer");
    }

    public IReadOnlyList<LayerPlacement> Layers { get; }

    /// <summary>Model layer numbers, metadata only.</summary>
    public IReadOnlyList<int> LayerIds { get; }

    public int ExpertCount => Layers[0].ExpertCount;

    public int RankCount => Layers[0].RankCount;

    /// <summary>Most slots of each rank in any layer; null when every rank of every layer has the same number.</summary>
    public int[]? UnevenSlots()
    {
        var counts = Layers.Select(layer => Enumerable.Range(0, RankCount).Select(r => layer.ExpertsOnRank(r).Length).ToArray()).ToArray();
        return counts.All(row => row.All(n => n == counts[0][0])) ? null : [.. Enumerable.Range(0, RankCount).Select(r => counts.Max(row => row[r]))];
    }
}
