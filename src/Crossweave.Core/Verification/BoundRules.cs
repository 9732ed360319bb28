using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Verification;

/// <summary>
/// Recomputes every claimed bound from its definition (scheduling spec section 7, deployment spec 2.4) and refuses what exceeds it, what
/// does not apply to the schedule at hand, and what has no definition here, such as the flow-shop bounds of one list of launches.
/// </summary>
internal static class BoundRules
{
    private static readonly string[] ExchangeNames = ["port", "pair", "reconfiguration", "reconfiguration-split", "whole-entry", "node", "ring"];
    private static readonly string[] LayerNames = ["network", "compute", "sequential", "critical-path", "combine-tail-send", "combine-tail-receive", "shared-ports"];

    public static void Check(ClaimFacts facts, FindingList findings)
    {
        var document = facts.Document;
        var names = document.Layer is null ? ExchangeNames : LayerNames;
        var best = 0L;
        foreach (var (name, ps) in document.LowerBounds)
        {
            best = Math.Max(best, ps);
            findings.Check(ps <= document.MakespanPs, "lower bound", name, $"at most the makespan {document.MakespanPs}", ps);
            if (!names.Contains(name)) findings.Add("lower bound", name, $"a bound that can be recomputed: {string.Join(", ", names)}", $"{ps}");
            else if (Unfit(facts, name) is { } reason) findings.Add("lower bound", name, $"no such bound, because {reason}", $"{ps}");
            else if (document.Layer is null || facts.Profile is not null)
            {
                var limit = document.Layer is null ? OfExchange(facts, name) : LayerBoundRules.Most(facts, name);
                findings.Check(ps <= limit, "lower bound", name, $"at most {limit}, which its definition gives", ps);
            }
        }

        var gap = document.MakespanPs == 0 ? 1 : document.MakespanPs / (double)Math.Max(1, best);
        findings.Check(Wire.Same(gap, document.Gap), "gap", "gap", JsonOutput.Number(gap), JsonOutput.Number(document.Gap));
    }

    private static string? Unfit(ClaimFacts facts, string name)
    {
        var document = facts.Document;
        var isPacket = document.ReconfigurationPs is null;
        return name switch
        {
            "pair" or "reconfiguration" or "reconfiguration-split" or "whole-entry" when isPacket => "ports of a packet fabric serve several peers at once",
            "node" when !Rates.HasTiers(document) => "there is one tier",
            "ring" when !Rates.IsRing(document) => "there is no ring",
            "ring" when document.RingPrices?.Count != document.RateOfLink!.Count => $"it needs ringPrices, one for each of the {document.RateOfLink.Count} links",
            "whole-entry" when !facts.IsWhole => "some entry is split",
            "whole-entry" when document.ReconfiguresPartially => "steps do not wait for each other",
            "network" when !facts.IsSeparate => "dispatch and combine interleave",
            "sequential" when !facts.IsSequential => "the phases are not strictly one after another with one launch per rank",
            _ => null,
        };
    }

    private static Int128 OfExchange(ClaimFacts facts, string name)
    {
        var (document, lines) = (facts.Document, facts.Dispatch);
        return name switch
        {
            "port" => Int128.Max(lines.Longest(0) * (IsUneven(document) ? 0 : 1), new PortUse(document, PortUse.Bytes(document, facts.Matrix, isCombine: false), asPackets: true).Longest(0)),
            "pair" => lines.Longest(0),
            "reconfiguration" => lines.Longest(document.ReconfigurationPs ?? 0),
            "reconfiguration-split" => Split(facts),
            "node" => lines.Nodes(),
            "ring" => RingRules.Bound(facts),
            _ => WholeEntry(facts),
        };
    }

    // With equal ports the sum of the transfers, each rounded up, is a port bound too.
    private static bool IsUneven(ScheduleDocument document) => document.BandwidthOfRank.Any(b => b != document.BandwidthOfRank[0]);

    // LB2 of scheduling spec 7.3, for lines with as many entries as there are switches; LB1 for all others.
    private static Int128 Split(ClaimFacts facts)
    {
        var (document, delay, s) = (facts.Document, (Int128)(facts.Document.ReconfigurationPs ?? 0), facts.Document.PlaneCount);
        var best = facts.Dispatch.Longest((long)delay);
        foreach (var x in Lines(facts).Where(l => l.Count == s))
        {
            var load = x.Aggregate((Int128)0, (sum, ps) => sum + ps);
            var least = Int128.Min(At(1), Max(At(2), Share(1), At(s) + delay));
            for (var m = 2; m <= s * s; m++) least = Int128.Min(least, Int128.Max(At(m + 1), Share(m)));
            best = Int128.Max(best, delay + least);

            Int128 At(int t) => t <= x.Count ? x[t - 1] : 0;
            Int128 Share(int m) => (load + (m * delay) + document.PlaneCount - 1) / document.PlaneCount;
        }

        return best;

        static Int128 Max(Int128 a, Int128 b, Int128 c) => Int128.Max(a, Int128.Max(b, c));
    }

    // Scheduling spec 7.4: the t-th longest step lasts at least as long as the t-th largest entry of any line; switches share the sum.
    private static Int128 WholeEntry(ClaimFacts facts)
    {
        var document = facts.Document;
        var longest = new Int128[facts.RankCount];
        foreach (var line in Lines(facts))
            for (var t = 0; t < line.Count; t++)
                longest[t] = Int128.Max(longest[t], line[t]);
        var sum = longest.Where(ps => ps > 0).Aggregate((Int128)0, (total, ps) => total + ps + (document.ReconfigurationPs ?? 0));
        return (sum + document.PlaneCount - 1) / document.PlaneCount;
    }

    // The entries of every row and column as transfer times, largest first.
    private static IEnumerable<List<Int128>> Lines(ClaimFacts facts)
    {
        var n = facts.RankCount;
        for (var line = 0; line < 2 * n; line++)
        {
            var entries = new List<Int128>();
            for (var p = 0; p < n; p++)
            {
                var (s, t) = line < n ? (line, p) : (p, line - n);
                if (s != t && facts.Matrix[s, t] > 0) entries.Add(NetworkRules.PairPs(facts.Document, s, t, facts.Matrix[s, t], isCombine: false));
            }

            entries.Sort((a, b) => b.CompareTo(a));
            yield return entries;
        }
    }
}
