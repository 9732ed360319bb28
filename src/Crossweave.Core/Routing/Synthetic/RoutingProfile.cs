using Crossweave.Core.Routing.Statistics;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>What a fit aims at and a comparison shows, one value per layer.</summary>
internal sealed class RoutingProfile
{
    private RoutingProfile(TraceSummary summary) => Summary = summary;

    public TraceSummary Summary { get; }

    /// <summary>Load of a sequence against its domain, total-variation distance, mean over sequences weighted by tokens.</summary>
    public double[] SequenceDistance { get; private set; } = [];

    /// <summary>Load of a domain against the whole, mean weighted by tokens; 0 with one domain.</summary>
    public double[] DomainDistance { get; private set; } = [];

    /// <summary>Experts that a token shares with the next one of its sequence, over k.</summary>
    public double[] NextTokenOverlap { get; private set; } = [];

    public static RoutingProfile Of(RoutingTrace trace, IReadOnlyList<int> rankCounts, int? threads)
    {
        var profile = new RoutingProfile(TraceStatistics.Compute(trace, rankCounts, options: new StatisticsOptions { Threads = threads, TopPairCount = 0 }));
        var census = RoutingCensus.Take(trace, new CensusPlan { SegmentStarts = [.. trace.Sequences.Select(s => s.FirstToken)], Threads = threads });
        profile.SequenceDistance = new double[trace.LayerCount];
        profile.DomainDistance = new double[trace.LayerCount];
        profile.NextTokenOverlap = new double[trace.LayerCount];
        Workers.ForEach(trace.LayerCount, threads, layer =>
        {
            profile.Distances(trace, census, layer);
            profile.NextTokenOverlap[layer] = Overlap(trace, layer);
        });
        return profile;
    }

    private void Distances(RoutingTrace trace, RoutingCensus census, int layer)
    {
        var names = trace.Sequences.Select(s => s.Domain).Distinct().ToList();
        var loads = names.ConvertAll(_ => new long[trace.ExpertCount]);
        for (var s = 0; s < trace.Sequences.Count; s++)
        {
            var domain = loads[names.IndexOf(trace.Sequences[s].Domain)];
            var load = census.SegmentLoad(s, layer);
            for (var e = 0; e < domain.Length; e++) domain[e] += load[e];
        }

        var whole = Summary.Load.Layer(layer);
        foreach (var load in loads) DomainDistance[layer] += LoadSkew.Distance(load, whole) * load.Sum() / trace.TopK / trace.TokenCount;
        for (var s = 0; s < trace.Sequences.Count; s++)
        {
            var sequence = trace.Sequences[s];
            SequenceDistance[layer] += LoadSkew.Distance(census.SegmentLoad(s, layer), loads[names.IndexOf(sequence.Domain)]) * sequence.TokenCount / trace.TokenCount;
        }
    }

    private static double Overlap(RoutingTrace trace, int layer)
    {
        var k = trace.TopK;
        var (shared, steps) = (0L, 0L);
        var ids = Array.Empty<ushort>();
        foreach (var s in trace.Sequences)
        {
            if (ids.Length < s.TokenCount * k) ids = new ushort[s.TokenCount * k];
            trace.ReadLayer(layer, s.FirstToken, s.TokenCount, ids.AsSpan(0, s.TokenCount * k));
            for (var t = 1; t < s.TokenCount; t++)
            {
                var before = ids.AsSpan((t - 1) * k, k);
                foreach (var e in ids.AsSpan(t * k, k))
                    if (before.Contains(e))
                        shared++;
                steps++;
            }
        }

        return steps == 0 ? 0 : (double)shared / steps / k;
    }
}
