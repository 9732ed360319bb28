using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Verification;

/// <summary>
/// Checks a placement from scratch: every expert has a slot in every layer, ids and ranks are in range, ranks hold the stated
/// number of slots or at most their limits, and every claimed number is what the loads give. Uses no code of planners or metrics. O(layers x slots).
/// </summary>
public static class PlacementVerifier
{
    /// <param name="document">What the file says.</param>
    /// <param name="load">The loads the balance was claimed for; null skips the claims (and says so).</param>
    public static Certificate Verify(PlaceDocument document, ExpertLoad? load)
    {
        var findings = new FindingList();
        var slots = document.RankSlots is { } limits ? limits.Sum(n => (long)n) : (long)document.SlotsPerRank * document.RankCount;
        if (document.RankSlots is null) findings.Check(document.SlotsPerRank > 0, "slots per rank", "slotsPerRank", "at least 1", document.SlotsPerRank);
        else CheckLimits(document.RankSlots, document.RankCount, findings);
        findings.Check(document.LayerIds.Distinct().Count() == document.Layers.Count, "layer numbers", "layerIds", $"{document.Layers.Count} different numbers", $"{document.LayerIds.Distinct().Count()}");
        var sound = findings.ToCertificate("", []).IsValid;
        for (var l = 0; l < document.Layers.Count; l++) sound &= Layer(document, l, slots, findings);
        var summary = new List<string>
        {
            $"{document.Layers.Count} layers, {document.ExpertCount} experts, {(document.RankSlots is null ? "" : "at most ")}{slots} slots on {document.RankCount} ranks: every expert has a slot in every layer",
            $"slots that repeat an expert of their rank: {(sound ? document.Layers.Sum(layer => Ranks(document, layer).Sum(rank => rank.Length - rank.Distinct().Count())) : 0)}",
        };
        if (load is null) summary.Add("claimed balance not checked: no loads given");
        else if (load.LayerCount != document.Layers.Count || load.ExpertCount != document.ExpertCount)
            findings.Add("shape of the loads", "loads", $"{document.Layers.Count} layers x {document.ExpertCount} experts", $"{load.LayerCount} x {load.ExpertCount}");
        else if (sound) Claims(document, load, findings, summary);
        return findings.ToCertificate($"placement by {document.Planner}", summary);
    }

    /// <summary>Shape, coverage and, with loads, the shape of the loads; a placement object has no claims.</summary>
    /// <param name="placement">What the file says.</param>
    /// <param name="load">The loads it is for.</param>
    /// <param name="rankSlots">Most slots of each rank.</param>
    public static Certificate Verify(ExpertPlacement placement, ExpertLoad? load = null, IReadOnlyList<int>? rankSlots = null)
    {
        var findings = new FindingList();
        var copies = 0;
        if (rankSlots is not null) CheckLimits(rankSlots, placement.RankCount, findings);
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            var layer = placement.Layers[l];
            var where = $"layer {placement.LayerIds[l]}";
            Coverage(layer.ExpertOfSlot, placement.ExpertCount, where, findings);
            var previous = 0;
            for (var slot = 0; slot < layer.RankOfSlot.Length; slot++)
            {
                var rank = layer.RankOfSlot[slot];
                findings.Check(rank >= previous && rank < placement.RankCount, "rank of slot", $"{where}, slot {slot}", $"{previous} to {placement.RankCount - 1}", rank);
                previous = Math.Max(previous, rank);
            }

            if (rankSlots is not null) CheckRanks(layer.RankOfSlot, rankSlots, where, findings);
            copies += layer.ExpertOfSlot.Length;
        }

        if (load is not null && (load.LayerCount != placement.Layers.Count || load.ExpertCount != placement.ExpertCount))
            findings.Add("shape of the loads", "loads", $"{placement.Layers.Count} layers x {placement.ExpertCount} experts", $"{load.LayerCount} x {load.ExpertCount}");
        return findings.ToCertificate("placement", [$"{placement.Layers.Count} layers, {placement.ExpertCount} experts, {copies} slots on {placement.RankCount} ranks: every expert has a slot in every layer"]);
    }

    private static bool Layer(PlaceDocument document, int l, long slots, FindingList findings)
    {
        var layer = document.Layers[l];
        var where = $"layer {document.LayerIds[l]}";
        var sound = Shape(document, layer, slots, where, findings);
        sound &= Coverage(layer.ExpertOfSlot, document.ExpertCount, where, findings);
        findings.Check(layer.ReplicaCount.Length == document.ExpertCount, "replica count", where, $"{document.ExpertCount} values", layer.ReplicaCount.Length);
        for (var e = 0; e < Math.Min(layer.ReplicaCount.Length, document.ExpertCount); e++)
        {
            var expert = e;
            var count = layer.ExpertOfSlot.Count(x => x == expert);
            findings.Check(layer.ReplicaCount[e] == count, "replica count", $"{where}, expert {e}", count, layer.ReplicaCount[e]);
        }

        return sound;
    }

    private static bool Shape(PlaceDocument document, PlaceLayer layer, long slots, string where, FindingList findings)
    {
        var used = layer.ExpertOfSlot.Length;
        if (document.RankSlots is { } limits)
        {
            var ranks = layer.RankOfSlot!;
            findings.Check(ranks.Length == used, "rank of slot", where, $"{used} ranks, one per slot", ranks.Length);
            return CheckRanks(ranks, limits, where, findings) && ranks.Length == used;
        }

        findings.Check(used == slots, "slots per rank", where, $"{slots} slots ({document.SlotsPerRank} on each of {document.RankCount} ranks)", used);
        return used == slots;
    }

    private static void CheckLimits(IReadOnlyList<int> limits, int ranks, FindingList findings)
    {
        findings.Check(limits.Count == ranks, "slots per rank", "limits", $"{ranks} numbers, one per rank", limits.Count);
        for (var r = 0; r < limits.Count; r++) findings.Check(limits[r] >= 0, "slots per rank", $"limit of rank {r}", "0 or more", limits[r]);
    }

    /// <summary>Ranks in order and in range, none above its limit.</summary>
    private static bool CheckRanks(int[] rankOfSlot, IReadOnlyList<int> limits, string where, FindingList findings)
    {
        var sound = true;
        var used = new int[limits.Count];
        for (var slot = 0; slot < rankOfSlot.Length; slot++)
        {
            var (rank, before) = (rankOfSlot[slot], slot == 0 ? 0 : rankOfSlot[slot - 1]);
            if (rank >= before && rank >= 0 && rank < used.Length) used[rank]++;
            else
            {
                findings.Add("rank of slot", $"{where}, slot {slot}", $"{before} to {used.Length - 1}", $"{rank}");
                sound = false;
            }
        }

        for (var r = 0; r < used.Length; r++)
        {
            if (used[r] <= limits[r]) continue;
            findings.Add("slots per rank", $"{where}, rank {r}", $"at most {limits[r]}", $"{used[r]}");
            sound = false;
        }

        return sound;
    }

    private static bool Coverage(int[] expertOfSlot, int experts, string where, FindingList findings)
    {
        var sound = true;
        var present = new HashSet<int>();
        for (var slot = 0; slot < expertOfSlot.Length; slot++)
        {
            var expert = expertOfSlot[slot];
            present.Add(expert);
            if (expert >= 0 && expert < experts) continue;
            findings.Add("expert id", $"{where}, slot {slot}", $"0 to {experts - 1}", $"{expert}");
            sound = false;
        }

        for (var expert = 0; expert < experts; expert++)
        {
            if (present.Contains(expert)) continue;
            findings.Add("coverage", $"{where}, expert {expert}", "at least one slot", "none");
            sound = false;
        }

        return sound;
    }

    /// <summary>Experts of each rank of a sound layer.</summary>
    private static IEnumerable<int[]> Ranks(PlaceDocument document, PlaceLayer layer) =>
        layer.RankOfSlot is { } ranks ? layer.ExpertOfSlot.Zip(ranks).GroupBy(s => s.Second, s => s.First).Select(g => g.ToArray()) : layer.ExpertOfSlot.Chunk(document.SlotsPerRank);

    // Rank loads as exact fractions over the least common multiple would overflow for many replica counts; sums per rank are taken
    // over experts in ascending order instead (the product sums in slot order), and compared with a relative tolerance of 1e-9.
    private static void Claims(PlaceDocument document, ExpertLoad load, FindingList findings, List<string> summary)
    {
        double ratios = 0, means = 0, maxima = 0, excess = 0;
        var worst = 0;
        var worstRatio = 0.0;
        for (var l = 0; l < document.Layers.Count; l++)
        {
            var slots = document.Layers[l].ExpertOfSlot;
            var tokens = load.Layer(l).ToArray();
            var copies = slots.GroupBy(e => e).ToDictionary(g => g.Key, g => g.Count());
            var mean = (double)tokens.Aggregate(Int128.Zero, (sum, t) => sum + t) / document.RankCount;
            var max = Ranks(document, document.Layers[l]).Max(rank => rank.Order().Sum(e => tokens[e] / (double)copies[e]));
            max = Math.Max(max, mean);
            var ratio = mean == 0 ? 1 : max / mean;
            findings.Check(Wire.Same(ratio, document.Layers[l].MaxOverMean), "max over mean", $"layer {document.LayerIds[l]}", JsonOutput.Number(ratio), JsonOutput.Number(document.Layers[l].MaxOverMean));
            if (ratio > worstRatio) (worst, worstRatio) = (l, ratio);
            means += mean;
            maxima += max;
            ratios += mean == 0 ? 1 : mean / max;
            excess += mean == 0 ? 0 : (max / mean) - 1;
        }

        var layers = document.Layers.Count;
        var claimed = document.Balancedness;
        Claim("meanOfRatios", ratios / layers, claimed.MeanOfRatios);
        Claim("ratioOfSums", maxima == 0 ? 1 : means / maxima, claimed.RatioOfSums);
        findings.Check(Math.Abs((excess / layers) - claimed.Excess) <= 1e-9 * (1 + Math.Abs(claimed.Excess)), "balancedness", "excess", JsonOutput.Number(excess / layers), JsonOutput.Number(claimed.Excess));
        summary.Add($"balance recomputed: mean of ratios {ratios / layers:0.0000}, excess {excess / layers:0.0000}, worst layer {document.LayerIds[worst]} at {worstRatio:0.0000} x mean");

        void Claim(string name, double expected, double found) =>
            findings.Check(Wire.Same(expected, found), "balancedness", name, JsonOutput.Number(expected), JsonOutput.Number(found));
    }
}
