using Crossweave.Algorithms;

namespace Crossweave.Core.Routing;

/// <summary>Divides a trace into a planning part and a held-out part that share no sequence.</summary>
public static class TraceSplit
{
    /// <summary>
    /// Shuffles the sequences of every domain and gives the first ones to the planning part until its share of tokens is reached, to
    /// the nearest sequence; what one domain misses is made up by the next (domains in order of first appearance), so the whole
    /// fraction is met within half a sequence. Both parts get at least one sequence and keep token order. A trace of a single
    /// sequence is cut at the fraction instead. Depends on the seed and the sequence table only. O(sequences log sequences).
    /// </summary>
    /// <param name="trace">Trace of at least two tokens; both views refer to it and do not own it.</param>
    /// <param name="fraction">Tokens of the planning part, in (0, 1).</param>
    /// <param name="prng">Source of the shuffle (a child stream "trace-split" is used).</param>
    /// <exception cref="InputException">The trace has one token only.</exception>
    public static (RoutingTrace Planning, RoutingTrace HeldOut) BySequence(RoutingTrace trace, double fraction, Prng prng)
    {
        if (fraction is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "must lie between 0 and 1");
        if (trace.TokenCount < 2) throw InputException.At("trace", "one token", "at least two, to plan on one part and judge on the other");
        var sequences = trace.Sequences;
        if (sequences.Count == 1) return CutTokens(trace, sequences[0], fraction);

        prng = prng.Split("trace-split");
        var planned = new bool[sequences.Count];
        long taken = 0, seen = 0;
        foreach (var domain in DomainsInOrder(sequences))
        {
            var order = domain.ToArray();
            prng.Shuffle<int>(order);
            foreach (var s in order) seen += sequences[s].TokenCount;
            var target = fraction * seen;
            foreach (var s in order)
            {
                if (taken + (sequences[s].TokenCount / 2.0) > target) break;
                planned[s] = true;
                taken += sequences[s].TokenCount;
            }
        }

        // Both parts must be usable: move the smallest sequence (lowest index) into an empty one.
        if (Array.TrueForAll(planned, p => p) || Array.TrueForAll(planned, p => !p))
        {
            var smallest = 0;
            for (var s = 1; s < sequences.Count; s++)
                if (sequences[s].TokenCount < sequences[smallest].TokenCount)
                    smallest = s;
            planned[smallest] = !planned[smallest];
        }

        return (
            new SequenceSubsetTrace(trace, [.. sequences.Where((_, s) => planned[s])]),
            new SequenceSubsetTrace(trace, [.. sequences.Where((_, s) => !planned[s])]));
    }

    private static (RoutingTrace Planning, RoutingTrace HeldOut) CutTokens(RoutingTrace trace, TokenSequence only, double fraction)
    {
        var cut = Math.Clamp((int)Math.Round(fraction * trace.TokenCount), 1, trace.TokenCount - 1);
        return (
            new SequenceSubsetTrace(trace, [only with { TokenCount = cut }]),
            new SequenceSubsetTrace(trace, [only with { FirstToken = cut, TokenCount = trace.TokenCount - cut }]));
    }

    private static List<List<int>> DomainsInOrder(IReadOnlyList<TokenSequence> sequences)
    {
        var index = new Dictionary<string, int>();
        var domains = new List<List<int>>();
        for (var s = 0; s < sequences.Count; s++)
        {
            if (!index.TryGetValue(sequences[s].Domain, out var d))
            {
                d = domains.Count;
                index.Add(sequences[s].Domain, d);
                domains.Add([]);
            }

            domains[d].Add(s);
        }

        return domains;
    }
}
