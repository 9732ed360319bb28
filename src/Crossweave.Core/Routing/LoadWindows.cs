namespace Crossweave.Core.Routing;

/// <summary>Loads of consecutive stretches of a trace, in token order.</summary>
public static class LoadWindows
{
    /// <summary>
    /// One load per full window; what is left at the end is dropped. Counts are scaled by <paramref name="scale"/> and rounded half away from
    /// zero, to state them for a batch of another size. O(tokens x layers x k).
    /// </summary>
    /// <exception cref="InputException">Fewer tokens than two windows.</exception>
    public static ExpertLoad[] Count(RoutingTrace trace, int windowTokens, double scale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(windowTokens);
        var windows = new ExpertLoad[trace.TokenCount / windowTokens];
        if (windows.Length < 2) throw InputException.At("window", $"{windowTokens} tokens of {trace.TokenCount}", "at least two windows");
        var choices = new ushort[windowTokens * trace.TopK];
        for (var w = 0; w < windows.Length; w++)
        {
            var tokens = new long[trace.LayerCount * trace.ExpertCount];
            for (var layer = 0; layer < trace.LayerCount; layer++)
            {
                trace.ReadLayer(layer, w * windowTokens, windowTokens, choices);
                foreach (var expert in choices) tokens[(layer * trace.ExpertCount) + expert]++;
            }

            foreach (ref var t in tokens.AsSpan()) t = (long)Math.Round(t * scale, MidpointRounding.AwayFromZero);
            windows[w] = new ExpertLoad(trace.LayerCount, trace.ExpertCount, tokens, trace.LayerIds);
        }

        return windows;
    }
}
