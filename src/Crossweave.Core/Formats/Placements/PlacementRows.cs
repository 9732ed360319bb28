using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>From rows of expert ids to a checked placement, for all readers: every fault is found, not only the first one.</summary>
internal static class PlacementRows
{
    /// <summary>More ranks than any expert-parallel group; keeps a wrong number in a file from asking for the memory.</summary>
    public const int MaxRanks = 1 << 16;

    private const int ShownFaults = 20;

    /// <param name="file">Name in errors.</param>
    /// <param name="expertOfSlot">One row per layer; ranks take equally many consecutive slots unless <paramref name="rankOfSlot"/> says otherwise.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="expertCount">Logical experts; null = the largest id + 1.</param>
    /// <param name="layerIds">Model layer numbers; null = 0, 1, ...</param>
    /// <param name="rankOfSlot">Per layer the non-descending rank of every slot, or null for an even layer.</param>
    /// <exception cref="InputException">All faults in one line: layer, slot, value, expectation.</exception>
    public static ExpertPlacement Build(
        string file, int[][] expertOfSlot, int rankCount, int? expertCount, IReadOnlyList<int>? layerIds, int[]?[]? rankOfSlot = null)
    {
        var faults = new List<string>();
        if (expertOfSlot.Length == 0) throw InputException.At(file, "no layers", "at least one");
        if (rankCount is < 1 or > MaxRanks) throw InputException.At(file, $"{rankCount} ranks", $"1 to {MaxRanks}");
        if (layerIds is not null) SameLayers(file, expertOfSlot.Length, layerIds);
        CheckLayerIds(layerIds, faults);
        var slots = expertOfSlot[0].Length;
        var experts = expertCount ?? expertOfSlot.Max(row => row.Length == 0 ? 0 : row.Max()) + 1L;
        for (var l = 0; l < expertOfSlot.Length; l++)
        {
            var name = layerIds is null ? $"layer {l}" : $"layer {layerIds[l]}";
            CheckLayer(name, expertOfSlot[l], slots, rankCount, experts, rankOfSlot?[l], faults);
        }

        if (faults.Count > 0)
        {
            var more = faults.Count > ShownFaults ? $"; and {faults.Count - ShownFaults} more" : "";
            throw new InputException($"{file}: {faults.Count} fault{(faults.Count == 1 ? "" : "s")}: {string.Join("; ", faults.Take(ShownFaults))}{more}");
        }

        var layers = expertOfSlot.Select((row, l) => rankOfSlot?[l] is { } ranks
            ? new LayerPlacement((int)experts, row, ranks, rankCount)
            : LayerPlacement.Even((int)experts, row, rankCount));
        return new ExpertPlacement([.. layers], layerIds);
    }

    /// <summary>Slots per layer of a placement that has the same number on every rank of every layer.</summary>
    /// <exception cref="InputException">Names the first layer and rank that differ.</exception>
    public static int RequireEven(ExpertPlacement placement, string target)
    {
        var expected = placement.Layers[0].ExpertsOnRank(0).Length;
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            for (var rank = 0; rank < placement.RankCount; rank++)
            {
                var found = placement.Layers[l].ExpertsOnRank(rank).Length;
                if (found != expected)
                    throw InputException.At($"layer {placement.LayerIds[l]}, rank {rank}", $"{found} slots", $"{expected} on every rank of every layer, which {target} needs");
            }
        }

        return expected * placement.RankCount;
    }

    /// <exception cref="InputException">Names the first layer, rank and expert that stands there twice.</exception>
    public static void RequireDistinct(ExpertPlacement placement, string target)
    {
        var lastRank = new int[placement.ExpertCount];
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            Array.Fill(lastRank, -1);
            var layer = placement.Layers[l];
            for (var slot = 0; slot < layer.SlotCount; slot++)
            {
                ref var last = ref lastRank[layer.ExpertOfSlot[slot]];
                if (last == layer.RankOfSlot[slot])
                    throw InputException.At($"layer {placement.LayerIds[l]}, rank {last}", $"expert {layer.ExpertOfSlot[slot]} twice", $"at most one copy per rank, all that {target} can express");
                last = layer.RankOfSlot[slot];
            }
        }
    }

    /// <summary>[expert] the only rank that holds it.</summary>
    /// <exception cref="InputException">Names the first expert with replicas.</exception>
    public static int[] RankOfExpert(ExpertPlacement placement, int layer)
    {
        var placed = placement.Layers[layer];
        var ranks = new int[placed.ExpertCount];
        for (var e = 0; e < ranks.Length; e++)
        {
            if (placed.ReplicaCount(e) != 1)
                throw InputException.At($"layer {placement.LayerIds[layer]}, expert {e}", $"{placed.ReplicaCount(e)} replicas", "one, all that an expert-to-rank map can express");
            ranks[e] = placed.RankOfSlot[placed.SlotsOfExpert(e)[0]];
        }

        return ranks;
    }

    /// <summary>A checked placement from one rank per expert; ranks hold ascending experts, not necessarily equally many.</summary>
    /// <param name="file">Name in errors.</param>
    /// <param name="rankOfExpert">One row per layer, ranks below <paramref name="rankCount"/>.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="expertCount">Logical experts.</param>
    /// <param name="layerIds">Model layer numbers; null = 0, 1, ...</param>
    public static ExpertPlacement FromRanks(string file, int[][] rankOfExpert, int rankCount, int expertCount, IReadOnlyList<int>? layerIds)
    {
        var order = Array.ConvertAll(rankOfExpert, row => Enumerable.Range(0, row.Length).OrderBy(e => row[e]).ToArray()); // stable
        return Build(file, order, rankCount, expertCount, layerIds, [.. order.Select((row, l) => Array.ConvertAll(row, e => rankOfExpert[l][e]))]);
    }

    /// <exception cref="InputException">The option is missing, for a format that lists slots only.</exception>
    public static int RequireRanks(string path, PlacementReadOptions options) =>
        options.RankCount ?? throw InputException.At(path, "no number of ranks, which this format does not say", "--ranks N beside it");

    /// <summary>Refuses a rank count in the file that contradicts the one asked for.</summary>
    public static int SameRanks(string path, int found, PlacementReadOptions options) =>
        options.RankCount is { } expected && expected != found ? throw InputException.At(path, $"{found} ranks", $"{expected}") : found;

    /// <summary>Refuses layer numbers that are not one for each layer.</summary>
    public static IReadOnlyList<int> SameLayers(string path, int layers, IReadOnlyList<int> ids) =>
        ids.Count == layers ? ids : throw InputException.At(path, $"{layers} layers", $"one per layer number ({ids.Count})");

    private static void CheckLayerIds(IReadOnlyList<int>? layerIds, List<string> faults)
    {
        if (layerIds is null) return;
        var seen = new HashSet<int>();
        foreach (var id in layerIds)
        {
            if (id < 0) faults.Add($"layer {id}: found a negative layer number, expected 0 or more");
            if (!seen.Add(id)) faults.Add($"layer {id}: found twice, expected once");
        }
    }

    private static void CheckLayer(string name, int[] row, int slots, int rankCount, long experts, int[]? rankOfSlot, List<string> faults)
    {
        if (rankOfSlot is null)
        {
            if (row.Length != slots) faults.Add($"{name}: found {row.Length} slots, expected {slots} as in the first layer");
            if (row.Length % rankCount != 0) faults.Add($"{name}: found {row.Length} slots, expected a multiple of the {rankCount} ranks");
        }
        else
        {
            CheckRanks(name, row.Length, rankCount, rankOfSlot, faults);
        }

        // An expert above the number of slots cannot be covered together with all smaller ones; no array is made for such ids.
        var known = Math.Min(experts, row.Length);
        var covered = new bool[known];
        for (var slot = 0; slot < row.Length; slot++)
        {
            var expert = row[slot];
            if (expert < 0 || expert >= experts) faults.Add($"{name}, slot {slot}: found expert {expert}, expected 0 to {experts - 1}");
            else if (expert < known) covered[expert] = true;
        }

        if (experts > row.Length) faults.Add($"{name}: found {row.Length} slots for {experts} experts, expected at least one slot each");
        for (var expert = 0; expert < known; expert++)
            if (!covered[expert])
                faults.Add($"{name}: found no slot for expert {expert}, expected at least one");
    }

    private static void CheckRanks(string name, int slots, int rankCount, int[] rankOfSlot, List<string> faults)
    {
        if (rankOfSlot.Length != slots)
        {
            faults.Add($"{name}: found {rankOfSlot.Length} ranks of slots, expected {slots}");
            return;
        }

        var previous = 0;
        for (var slot = 0; slot < rankOfSlot.Length; slot++)
        {
            var rank = rankOfSlot[slot];
            if (rank < previous || rank >= rankCount) faults.Add($"{name}, slot {slot}: found rank {rank}, expected {previous} to {rankCount - 1}");
            else previous = rank;
        }
    }
}
