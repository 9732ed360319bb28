using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Routing.Statistics;

/// <summary>What to count.</summary>
internal sealed record CensusPlan
{
    /// <summary>First tokens of the segments that loads are kept apart for, ascending from 0; null = one segment.</summary>
    public int[]? SegmentStarts { get; init; }

    public bool Pairs { get; init; }

    public IReadOnlyList<ExpertPlacement> Placements { get; init; } = [];

    public int? Threads { get; init; }
}

/// <summary>
/// Raw integer counts of a trace from one pass: loads per segment, pairs, and per placement the copies and rows of every rank.
/// The token range is cut into blocks that lie in one segment; threads take blocks from a shared counter and only ever add
/// integers, so the result is the same for any number of threads.
/// </summary>
internal sealed class RoutingCensus
{
    // Ids per block: within the cache, but with enough tokens per layer to be worth fetching that layer's pair counters.
    private const int BlockValues = 1 << 17;
    private const int WideBlockValues = 1 << 20;

    private readonly int _layers;
    private readonly int _experts;

    private RoutingCensus(RoutingTrace trace, CensusPlan plan)
    {
        _layers = trace.LayerCount;
        _experts = trace.ExpertCount;
        SegmentStarts = plan.SegmentStarts ?? [0];
        SegmentLoads = new long[SegmentStarts.Length * _layers * _experts];
        Pairs = plan.Pairs ? Layers(_layers, _experts * _experts) : null;
        Copies = [.. plan.Placements.Select(p => Layers(_layers, p.RankCount))];
        Rows = [.. plan.Placements.Select(p => Layers(_layers, p.RankCount))];
    }

    public int[] SegmentStarts { get; }

    /// <summary>[segment, layer, expert] tokens.</summary>
    public long[] SegmentLoads { get; }

    /// <summary>[layer][expert, expert], symmetric, zero diagonal; null when not asked for.</summary>
    public long[][]? Pairs { get; }

    /// <summary>[placement][layer][rank]: tokens that reach the rank (lambda summed over ranks is C_T times tokens).</summary>
    public long[][][] Copies { get; }

    /// <summary>[placement][layer][rank]: (token, expert) choices computed on the rank.</summary>
    public long[][][] Rows { get; }

    public ReadOnlySpan<long> SegmentLoad(int segment, int layer) => SegmentLoads.AsSpan(((segment * _layers) + layer) * _experts, _experts);

    public ExpertLoad Load(IReadOnlyList<int> layerIds)
    {
        var total = new long[_layers * _experts];
        for (var i = 0; i < SegmentLoads.Length; i++) total[i % total.Length] += SegmentLoads[i];
        return new ExpertLoad(_layers, _experts, total, layerIds);
    }

    public static RoutingCensus Take(RoutingTrace trace, CensusPlan plan, IWorkProgress? progress = null)
    {
        foreach (var placement in plan.Placements)
        {
            if (placement.ExpertCount != trace.ExpertCount || placement.Layers.Count != trace.LayerCount)
                throw InputException.At(
                    "placement", $"{placement.Layers.Count} layers of {placement.ExpertCount} experts", $"{trace.LayerCount} layers of {trace.ExpertCount} experts as in the trace");
        }

        var census = new RoutingCensus(trace, plan);
        var blocks = Cut(census.SegmentStarts, trace, plan.Pairs && trace.ExpertCount > 96 ? WideBlockValues : BlockValues);
        var tables = RankTables.Build(plan.Placements, trace.LayerCount);
        var next = -1;
        var done = 0L;
        var workers = Math.Clamp(plan.Threads ?? Environment.ProcessorCount, 1, Math.Max(1, blocks.Count));
        void Work()
        {
            var counter = new BlockCounter(trace, census, plan, tables);
            for (var b = Interlocked.Increment(ref next); b < blocks.Count; b = Interlocked.Increment(ref next))
            {
                counter.Count(blocks[b]);
                var finished = Interlocked.Add(ref done, blocks[b].Count);
                if (progress is not null)
                    lock (blocks)
                        progress.Report("counting tokens", finished, trace.TokenCount);
            }

            lock (census) counter.Flush();
        }

        Workers.Run(workers, Work);
        census.Finish(plan.Placements, workers);
        return census;
    }

    // The halves counted in slot order are put together, and rows of unreplicated placements follow from loads.
    private void Finish(IReadOnlyList<ExpertPlacement> placements, int threads)
    {
        Workers.ForEach(Pairs?.Length ?? 0, threads, layer =>
        {
            var pairs = Pairs![layer];
            for (var i = 0; i < _experts; i++)
                for (var j = 0; j < i; j++)
                    pairs[(i * _experts) + j] = pairs[(j * _experts) + i] += pairs[(i * _experts) + j];
        });
        for (var p = 0; p < placements.Count; p++)
            for (var layer = 0; layer < _layers; layer++)
            {
                var placement = placements[p].Layers[layer];
                if (RankTables.NeedsStamps(placements[p])) continue;
                for (var segment = 0; segment < SegmentStarts.Length; segment++)
                    for (var slot = 0; slot < placement.SlotCount; slot++)
                        Rows[p][layer][placement.RankOfSlot[slot]] += SegmentLoad(segment, layer)[placement.ExpertOfSlot[slot]];
            }
    }

    private static List<TokenBlock> Cut(int[] starts, RoutingTrace trace, int values)
    {
        var size = Math.Clamp(values / (trace.LayerCount * trace.TopK), 64, 16384);
        var blocks = new List<TokenBlock>();
        for (var s = 0; s < starts.Length; s++)
        {
            var end = s + 1 < starts.Length ? starts[s + 1] : trace.TokenCount;
            for (var first = starts[s]; first < end; first += size) blocks.Add(new TokenBlock(s, first, Math.Min(size, end - first)));
        }

        return blocks;
    }

    private static long[][] Layers(int count, int length)
    {
        var layers = new long[count][];
        for (var l = 0; l < count; l++) layers[l] = new long[length];
        return layers;
    }
}

/// <summary>Tokens of one segment that are counted together.</summary>
internal readonly record struct TokenBlock(int Segment, int First, int Count);
