using Crossweave.Core.Formats.Placements;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Documents;

/// <summary>One layer of a place document.</summary>
/// <param name="ExpertOfSlot">Expert in each slot.</param>
/// <param name="ReplicaCount">Slots of each expert.</param>
/// <param name="MaxOverMean">Busiest rank's even-split load over the mean; 1 when the layer has no load.</param>
/// <param name="RankOfSlot">Rank of each slot, ascending; null when every rank has the same number of slots.</param>
/// <param name="HeldOut">What it does to tokens it was not planned on; null when planned from loads or pair counts.</param>
/// <param name="Pairs">What it does to the pair counts it was planned on; null without them.</param>
/// <param name="Planned">Distinct ranks per token on the tokens planned on; null where no bound is known.</param>
public sealed record PlaceLayer(int[] ExpertOfSlot, int[] ReplicaCount, double MaxOverMean, int[]? RankOfSlot = null, HeldOutLayer? HeldOut = null, PairLayer? Pairs = null, PlannedRanks? Planned = null);

/// <summary>One placed layer on the tokens it was planned on.</summary>
/// <param name="DistinctRanks">Mean distinct ranks per token (C_T).</param>
/// <param name="Fewest">No placement under the same load cap with one slot per expert has fewer.</param>
public sealed record PlannedRanks(double DistinctRanks, double Fewest);

/// <summary>One placed layer on the pair counts it was planned on.</summary>
/// <param name="IntraFraction">Pairs of experts on one rank over all pairs.</param>
/// <param name="LeastDistinctRanks">Fewest mean distinct ranks per token (C_T) that this allows.</param>
/// <param name="MostDistinctRanks">Most; the same for top-2, where pairs say it exactly.</param>
/// <param name="Proven">No placement under the same load cap has more pairs on one rank.</param>
public sealed record PairLayer(double IntraFraction, double LeastDistinctRanks, double MostDistinctRanks, bool Proven);

/// <summary>
/// A placement and its balance on given loads, as <c>crossweave place --json</c> prints it.
/// Holds what the file says, true or not: <c>Verification.PlacementVerifier</c> judges.
/// </summary>
public sealed record PlaceDocument
{
    public required string Planner { get; init; }

    /// <summary>Slots of every rank; 0 where <see cref="RankSlots"/> stands instead.</summary>
    public int SlotsPerRank { get; init; }

    /// <summary>Most slots of each rank; null when all have the same number and fill it.</summary>
    public IReadOnlyList<int>? RankSlots { get; init; }

    public required int RankCount { get; init; }

    public required int ExpertCount { get; init; }

    /// <summary>Model layer numbers.</summary>
    public required IReadOnlyList<int> LayerIds { get; init; }

    public required IReadOnlyList<PlaceLayer> Layers { get; init; }

    public required Balancedness Balancedness { get; init; }

    /// <summary>What fetched experts buy, from the running placement on: (experts fetched, mean of ratios); null when nothing ran before.</summary>
    public IReadOnlyList<(long Fetched, double Balance)>? Front { get; init; }

    /// <param name="planner">Registered name.</param>
    /// <param name="placement">The placement.</param>
    /// <param name="load">Loads it is judged on.</param>
    /// <param name="heldOut">Per layer, when tokens were held out.</param>
    /// <param name="rankSlots">Most slots of each rank, when they differ.</param>
    /// <param name="pairs">Per layer, when planned from pair counts.</param>
    /// <param name="planned">Per layer, when a bound is known.</param>
    /// <exception cref="InputException">Ranks with different numbers of slots without <paramref name="rankSlots"/>.</exception>
    public static PlaceDocument From(string planner, ExpertPlacement placement, ExpertLoad load, IReadOnlyList<HeldOutLayer>? heldOut = null, IReadOnlyList<int>? rankSlots = null, IReadOnlyList<PairLayer>? pairs = null, IReadOnlyList<PlannedRanks>? planned = null)
    {
        var ratios = PlacementMetrics.MaxOverMean(placement, load);
        return new PlaceDocument
        {
            Planner = planner,
            SlotsPerRank = rankSlots is null ? PlacementRows.RequireEven(placement, "a place document without limits of the ranks") / placement.RankCount : 0,
            RankSlots = rankSlots,
            RankCount = placement.RankCount,
            ExpertCount = placement.ExpertCount,
            LayerIds = placement.LayerIds,
            Layers = [.. placement.Layers.Select((layer, l) => new PlaceLayer(layer.ExpertOfSlot, ReplicaCounts(layer), ratios[l], rankSlots is null ? null : layer.RankOfSlot, heldOut?[l], pairs?[l], planned?[l]))],
            Balancedness = PlacementMetrics.Balancedness(placement, load),
        };
    }

    /// <summary>The placement itself, checked.</summary>
    /// <param name="where">File name for errors.</param>
    /// <exception cref="InputException">Not a valid placement: every fault with layer and slot.</exception>
    public ExpertPlacement ToPlacement(string where) =>
        PlacementRows.Build(where, [.. Layers.Select(l => l.ExpertOfSlot)], RankCount, ExpertCount, LayerIds, [.. Layers.Select(l => l.RankOfSlot)]);

    public string ToJson()
    {
        var json = new JsonOutput().BeginObject();
        json.Key("planner").Value(Planner);
        if (RankSlots is null) json.Key("slotsPerRank").Value(SlotsPerRank);
        else json.Key("rankSlots").Line([.. RankSlots]);
        json.Key("ranks").Value(RankCount).Key("experts").Value(ExpertCount).Key("layerIds").Line([.. LayerIds]);
        json.Key("layers").BeginArray();
        foreach (var layer in Layers)
        {
            json.BeginObject().Key("expertOfSlot").Line(layer.ExpertOfSlot);
            if (layer.RankOfSlot is not null) json.Key("rankOfSlot").Line(layer.RankOfSlot);
            json.Key("replicaCount").Line(layer.ReplicaCount);
            json.Key("maxOverMean").Value(layer.MaxOverMean);
            if (layer.HeldOut is { } held)
            {
                json.Key("distinctRanksPerToken").Value(held.DistinctRanks).Key("remoteRanksPerToken").Value(held.RemoteRanks);
                json.Key("maxOverMeanRank").Value(held.MaxOverMeanRank).Key("bytes").Value(held.WireBytes).Key("crossNodeBytes").Value(held.CrossNodeBytes);
            }

            if (layer.Planned is { } planned) json.Key("plannedDistinctRanksPerToken").Value(planned.DistinctRanks).Key("fewestDistinctRanksPerToken").Value(planned.Fewest);
            if (layer.Pairs is { } pairs)
            {
                json.Key("intraFraction").Value(pairs.IntraFraction);
                if (pairs.LeastDistinctRanks.Equals(pairs.MostDistinctRanks)) json.Key("distinctRanksPerToken").Value(pairs.MostDistinctRanks);
                else json.Key("distinctRanksLeast").Value(pairs.LeastDistinctRanks).Key("distinctRanksMost").Value(pairs.MostDistinctRanks);
                json.Key("proven").Value(pairs.Proven);
            }

            json.End();
        }

        json.End().Key("balancedness").BeginObject().Key("meanOfRatios").Value(Balancedness.MeanOfRatios);
        json.Key("ratioOfSums").Value(Balancedness.RatioOfSums).Key("excess").Value(Balancedness.Excess);
        json.End();
        if (Front is null) return json.End().ToString();
        json.Key("front").BeginArray();
        foreach (var (fetched, balance) in Front) json.BeginObject().Key("fetched").Value(fetched).Key("meanOfRatios").Value(balance).End();
        return json.End().End().ToString();
    }

    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <exception cref="InputException">Not JSON, a missing or unknown key, a value of the wrong type.</exception>
    public static PlaceDocument Read(string path)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        root.AllowOnly("planner", "slotsPerRank", "rankSlots", "ranks", "experts", "layerIds", "layers", "balancedness", "front");
        var balance = root["balancedness"];
        balance.AllowOnly("meanOfRatios", "ratioOfSums", "excess");
        var layers = root["layers"].Items();
        if (layers.Count == 0) throw root["layers"].Wrong("at least one layer");
        var limits = root.Find("rankSlots");
        if (limits is not null && root.Find("slotsPerRank") is { } same) throw same.Wrong("one of slotsPerRank and rankSlots");
        var ids = root["layerIds"].Int32List();
        if (ids.Length != layers.Count) throw root["layerIds"].Wrong($"one number for each of the {layers.Count} layers");
        return new PlaceDocument
        {
            Planner = root["planner"].Text(),
            SlotsPerRank = limits is null ? root["slotsPerRank"].Int32(1) : 0,
            RankSlots = limits?.Int32List(),
            RankCount = root["ranks"].Int32(1, PlacementRows.MaxRanks),
            ExpertCount = root["experts"].Int32(1),
            LayerIds = ids,
            Layers = [.. layers.Select(l => ReadLayer(l, uneven: limits is not null))],
            Balancedness = new Balancedness(balance["meanOfRatios"].Double(), balance["ratioOfSums"].Double(), balance["excess"].Double()),
            Front = root.Find("front")?.Items().Select(ReadStep).ToList(),
        };
    }

    private static PlaceLayer ReadLayer(JsonInput layer, bool uneven)
    {
        layer.AllowOnly(
            "expertOfSlot", "rankOfSlot", "replicaCount", "maxOverMean", "distinctRanksPerToken", "remoteRanksPerToken", "maxOverMeanRank", "bytes", "crossNodeBytes",
            "plannedDistinctRanksPerToken", "fewestDistinctRanksPerToken", "intraFraction", "distinctRanksLeast", "distinctRanksMost", "proven");
        var heldOut = layer.Find("remoteRanksPerToken") is null ? null : new HeldOutLayer(
            layer["distinctRanksPerToken"].Double(), layer["remoteRanksPerToken"].Double(), layer["maxOverMeanRank"].Double(), layer["bytes"].Int64(0), layer["crossNodeBytes"].Int64(0));
        var pairs = layer.Find("intraFraction") is null ? null : new PairLayer(
            layer["intraFraction"].Double(),
            (layer.Find("distinctRanksPerToken") ?? layer["distinctRanksLeast"]).Double(),
            (layer.Find("distinctRanksPerToken") ?? layer["distinctRanksMost"]).Double(),
            layer["proven"].Boolean());
        var planned = layer.Find("plannedDistinctRanksPerToken") is null ? null : new PlannedRanks(layer["plannedDistinctRanksPerToken"].Double(), layer["fewestDistinctRanksPerToken"].Double());
        if (!uneven && layer.Find("rankOfSlot") is { } ranks) throw ranks.Wrong("it only beside rankSlots");
        return new PlaceLayer(
            layer["expertOfSlot"].Int32List(), layer["replicaCount"].Int32List(), layer["maxOverMean"].Double(), uneven ? layer["rankOfSlot"].Int32List() : null, heldOut, pairs, planned);
    }

    private static (long Fetched, double Balance) ReadStep(JsonInput step)
    {
        step.AllowOnly("fetched", "meanOfRatios");
        return (step["fetched"].Int64(), step["meanOfRatios"].Double());
    }

    private static int[] ReplicaCounts(LayerPlacement layer)
    {
        var counts = new int[layer.ExpertCount];
        for (var e = 0; e < counts.Length; e++) counts[e] = layer.ReplicaCount(e);
        return counts;
    }
}
