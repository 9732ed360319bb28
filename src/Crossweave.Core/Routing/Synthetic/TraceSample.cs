namespace Crossweave.Core.Routing.Synthetic;

/// <summary>Whole sequences of a trace, evenly spread over it, copied to memory.</summary>
internal static class TraceSample
{
    /// <summary>The trace itself when it is small enough. A sequence that alone exceeds the limit is cut.</summary>
    public static RoutingTrace Take(RoutingTrace trace, int maxTokens)
    {
        if (trace.TokenCount <= maxTokens) return trace;
        var keep = new List<TokenSequence>();
        var (kept, seen) = (0L, 0L);
        foreach (var s in trace.Sequences)
        {
            seen += s.TokenCount;
            if (kept + s.TokenCount > seen * maxTokens / trace.TokenCount && (keep.Count > 0 || s.TokenCount > maxTokens)) continue;
            keep.Add(s);
            kept += s.TokenCount;
        }

        if (keep.Count == 0) keep.Add(trace.Sequences[0] with { TokenCount = Math.Min(maxTokens, trace.Sequences[0].TokenCount) });
        var row = trace.LayerCount * trace.TopK;
        var experts = new ushort[keep.Sum(s => s.TokenCount) * row];
        var sequences = new List<TokenSequence>();
        var first = 0;
        foreach (var s in keep)
        {
            trace.ReadExperts(s.FirstToken, s.TokenCount, experts.AsSpan(first * row, s.TokenCount * row));
            sequences.Add(s with { FirstToken = first });
            first += s.TokenCount;
        }

        return new SyntheticTrace(trace.LayerIds, trace.TopK, trace.ExpertCount, experts, null, sequences);
    }
}
