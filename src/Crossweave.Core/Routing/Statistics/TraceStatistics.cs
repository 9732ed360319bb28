using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Routing.Statistics;

/// <summary>
/// Statistics of a trace in one streaming pass: skew, co-activation against independence, distinct ranks per token beside the
/// exact uniform value, drift. O(tokens x layers x k) for loads and ranks, O(tokens x layers x k^2) for pairs.
/// </summary>
public static class TraceStatistics
{
    public static readonly IReadOnlyList<int> DefaultRankCounts = [4, 8, 16, 32];

    /// <param name="trace">Any size; read in blocks.</param>
    /// <param name="rankCounts">Sizes of the expert-parallel group, each at least 1.</param>
    /// <param name="placementForRanks">
    /// Placement of all layers for a size; null = contiguous, uneven when ranks do not divide experts. With replicas, token t uses
    /// replica t mod count of each expert.
    /// </param>
    /// <param name="options">What to compute; null = everything.</param>
    /// <param name="progress">Told about finished tokens.</param>
    /// <exception cref="InputException">No tokens, a rank count below 1, or a placement of another shape.</exception>
    public static TraceSummary Compute(
        RoutingTrace trace,
        IReadOnlyList<int> rankCounts,
        Func<int, ExpertPlacement>? placementForRanks = null,
        StatisticsOptions? options = null,
        IWorkProgress? progress = null)
    {
        options ??= new StatisticsOptions();
        if (trace.TokenCount == 0) throw InputException.At("trace", "no tokens", "at least one");
        foreach (var ranks in rankCounts)
            if (ranks < 1)
                throw InputException.At("ranks", $"{ranks}", "at least 1");
        var placements = rankCounts.Select(placementForRanks ?? (ranks => Contiguous(trace.ExpertCount, ranks, trace.LayerCount))).ToArray();
        var pairs = options.CoActivation && trace.TopK > 1;
        var census = RoutingCensus.Take(
            trace,
            new CensusPlan { SegmentStarts = Windows(trace.TokenCount, options.WindowCount), Pairs = pairs, Placements = placements, Threads = options.Threads },
            progress);
        var load = census.Load(trace.LayerIds);
        var layers = new LayerStatistics[trace.LayerCount];
        Workers.ForEach(layers.Length, options.Threads, l => layers[l] = Describe(trace, census, load, placements, l, options));
        return new TraceSummary
        {
            Tokens = trace.TokenCount,
            Layers = trace.LayerCount,
            Experts = trace.ExpertCount,
            TopK = trace.TopK,
            Sequences = trace.Sequences.Count,
            RankCounts = [.. rankCounts],
            Load = load,
            CoActivation = pairs ? new CoActivation(trace.ExpertCount, census.Pairs!) : null,
            PerLayer = layers,
        };
    }

    /// <summary>Expert e on rank e x ranks / experts, the same in every layer; sizes differ by at most one, ranks above the experts stay empty.</summary>
    public static ExpertPlacement Contiguous(int expertCount, int rankCount, int layerCount)
    {
        var (expertOfSlot, rankOfSlot) = (new int[expertCount], new int[expertCount]);
        for (var expert = 0; expert < expertCount; expert++)
        {
            expertOfSlot[expert] = expert;
            rankOfSlot[expert] = (int)((long)expert * rankCount / expertCount);
        }

        var layer = new LayerPlacement(expertCount, expertOfSlot, rankOfSlot, rankCount);
        return new ExpertPlacement([.. Enumerable.Repeat(layer, layerCount)]);
    }

    private static LayerStatistics Describe(
        RoutingTrace trace, RoutingCensus census, ExpertLoad load, ExpertPlacement[] placements, int layer, StatisticsOptions options)
    {
        var experts = load.Layer(layer);
        var ranks = new RankStatistics[placements.Length];
        for (var p = 0; p < ranks.Length; p++)
            ranks[p] = DescribeRanks(trace, placements[p].Layers[layer], census.Copies[p][layer], census.Rows[p][layer], census.Pairs?[layer]);
        return new LayerStatistics(
            trace.LayerIds[layer],
            LoadSkew.MaxOverMean(experts),
            LoadSkew.Gini(experts),
            LoadSkew.TopTenthShare(experts),
            census.Pairs is null ? null : CoActivationStatistics.Of(census.Pairs[layer], experts, trace.TokenCount, trace.TopK, options.TopPairCount),
            Drift(trace, census, experts, layer),
            ranks);
    }

    private static RankStatistics DescribeRanks(RoutingTrace trace, LayerPlacement placement, long[] copies, long[] rows, long[]? pairs)
    {
        var replicated = placement.SlotCount != placement.ExpertCount;
        var sizes = new int[placement.RankCount];
        foreach (var rank in placement.RankOfSlot) sizes[rank]++;
        return new RankStatistics(
            placement.RankCount,
            (double)copies.Sum() / trace.TokenCount,
            replicated ? null : UniformRouting.DistinctRanks(sizes, trace.TopK),
            replicated ? null : Math.Sqrt(UniformRouting.Variance(sizes, trace.TopK)),
            LoadSkew.MaxOverMean(rows),
            LoadSkew.MaxOverMean(copies),
            replicated || pairs is null ? null : Intra(placement, pairs));
    }

    private static double Intra(LayerPlacement placement, long[] pairs)
    {
        var (inside, all) = (0L, 0L);
        for (var rank = 0; rank < placement.RankCount; rank++)
            foreach (var i in placement.ExpertsOnRank(rank))
                foreach (var j in placement.ExpertsOnRank(rank))
                    inside += pairs[(i * placement.ExpertCount) + j];
        foreach (var tokens in pairs) all += tokens;
        return all == 0 ? 0 : (double)inside / all;
    }

    private static DriftStatistics Drift(RoutingTrace trace, RoutingCensus census, ReadOnlySpan<long> whole, int layer)
    {
        var count = census.SegmentStarts.Length;
        var (mean, max, step, chance) = (0.0, 0.0, 0.0, 0.0);
        var distances = new double[count];
        for (var w = 0; w < count; w++)
        {
            var distance = distances[w] = LoadSkew.Distance(census.SegmentLoad(w, layer), whole);
            mean += distance / count;
            max = Math.Max(max, distance);
            if (w > 0) step += LoadSkew.Distance(census.SegmentLoad(w - 1, layer), census.SegmentLoad(w, layer)) / (count - 1);
            var tokens = (w + 1 < count ? census.SegmentStarts[w + 1] : trace.TokenCount) - census.SegmentStarts[w];
            chance += LoadSkew.ChanceDistance(whole, trace.TokenCount, tokens, trace.TopK) / count;
        }

        return new DriftStatistics(count, mean, max, step, chance) { Distances = distances };
    }

    private static int[] Windows(int tokens, int count)
    {
        count = Math.Clamp(count, 1, tokens);
        return [.. Enumerable.Range(0, count).Select(w => (int)((long)tokens * w / count))];
    }
}
