using System.Numerics;
using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Verification;

/// <summary>
/// The rules of a static ring. A step is a flow at constant rates, so its links hold their bandwidth at every instant exactly when the bytes
/// that it sends over each fit into it; which part of a transfer goes clockwise the document says. Steps that overlap (a dispatch and a
/// combine step) must have the same times and share the links. The bound "ring" is recomputed from the prices of the links.
/// </summary>
internal static class RingRules
{
    public static void Check(ScheduleDocument document, FindingList findings)
    {
        var steps = document.Steps.Select((s, m) => (Where: $"step {m}", Step: s, IsCombine: false)).Concat((document.Layer?.CombineSteps ?? []).Select((s, m) => (Where: $"combine step {m}", Step: s, IsCombine: true)))
            .Where(s => s.Step.Transfers.Count > 0).OrderBy(s => s.Step.StartPs).ThenBy(s => s.Step.EndPs).ToArray();
        for (var i = 0; i < steps.Length; i++)
        {
            if (i > 0 && steps[i].Step.StartPs == steps[i - 1].Step.StartPs && steps[i].Step.EndPs == steps[i - 1].Step.EndPs) continue;
            if (i > 0) findings.Check(steps[i].Step.StartPs >= steps[i - 1].Step.EndPs, "one step at a time", steps[i].Where, $"a start of at least {steps[i - 1].Step.EndPs}, when {steps[i - 1].Where} ends", steps[i].Step.StartPs);
            var together = steps.Skip(i).TakeWhile(s => s.Step.StartPs == steps[i].Step.StartPs && s.Step.EndPs == steps[i].Step.EndPs).ToArray();
            var isSplit = true;
            foreach (var (where, step, _) in together) isSplit &= Split(document, step, where, findings);
            if (isSplit) Links(document, [.. together.Select(s => (s.Step, s.IsCombine))], steps[i].Where, findings);
        }
    }

    /// <summary>
    /// The least time that the prices prove: in time T the links carry at most rate x T, a transfer pays at least the cheaper of its ways for
    /// every byte, so T is at least the sum of the payments over the sum of rate x price; whole picoseconds. 0 with wrong prices.
    /// </summary>
    public static Int128 Bound(ClaimFacts facts)
    {
        var (document, n) = (facts.Document, facts.RankCount);
        if (document.RingPrices is not { } price || price.Count != document.RateOfLink!.Count || price.Any(p => p < 0)) return 0;
        var (paid, capacity) = (BigInteger.Zero, BigInteger.Zero);
        for (var e = 0; e < price.Count; e++) capacity += (BigInteger)price[e] * document.RateOfLink[e];
        for (var s = 0; s < n; s++)
        {
            BigInteger there = 0, back = 0;
            for (var k = n; k < price.Count; k++) back += price[k];
            for (var t = (s + 1) % n; t != s; t = (t + 1) % n)
            {
                var link = (t + n - 1) % n;
                there += price[link];
                if (IsTwoWay(document)) back -= price[n + link];
                paid += facts.Matrix[s, t] * (IsTwoWay(document) ? BigInteger.Min(there, back) : there);
            }
        }

        if (capacity.IsZero) return 0;
        var value = ((paid * document.TokenBytes * 8_000_000_000_000) + capacity - 1) / capacity;
        return value > (BigInteger)Int128.MaxValue ? Int128.MaxValue : (Int128)value;
    }

    private static bool IsTwoWay(ScheduleDocument document) => document.FabricKind == "ring";

    private static bool Split(ScheduleDocument document, TimedStep step, string where, FindingList findings)
    {
        findings.Check(step.Times is null, "shape", where, "no times of single transfers on a ring, where a step flows as a whole", "some");
        if (!IsTwoWay(document))
        {
            findings.Check(step.Split is null, "ring split", where, "no partsPerToken on a ring with one way", "some");
            return step.Split is null;
        }

        if (step.Split is not { } split || split.Clockwise.Count != step.Transfers.Count || split.PartsPerToken < 1)
        {
            findings.Add("ring split", where, "partsPerToken, and clockwise for every transfer", "none");
            return false;
        }

        var isRight = true;
        for (var i = 0; i < step.Transfers.Count; i++)
        {
            var t = step.Transfers[i];
            var most = (Int128)t.Tokens * split.PartsPerToken;
            if (split.Clockwise[i] >= 0 && split.Clockwise[i] <= most) continue;
            findings.Add("ring split", $"{where}, transfer {t.Source} -> {t.Target}", $"0 to {most} parts clockwise", $"{split.Clockwise[i]}");
            isRight = false;
        }

        return isRight;
    }

    private static void Links(ScheduleDocument document, (TimedStep Step, bool IsCombine)[] steps, string where, FindingList findings)
    {
        var n = document.RankCount;
        var unit = steps.Select(s => s.Step.Split?.PartsPerToken ?? 1).Distinct().Aggregate(BigInteger.One, (product, parts) => product * parts);
        var change = new BigInteger[document.RateOfLink!.Count]; // of the load from the link before, in units of 1 / unit byte
        foreach (var (step, isCombine) in steps)
        {
            for (var i = 0; i < step.Transfers.Count; i++)
            {
                var t = step.Transfers[i];
                if ((uint)t.Source >= (uint)n || (uint)t.Target >= (uint)n || t.Source == t.Target) continue;
                var bytes = document.TokenBytesOf(isCombine);
                var all = t.Tokens * unit * bytes;
                var clockwise = step.Split is { } split ? split.Clockwise[i] * (unit / split.PartsPerToken) * bytes : all;
                Add(0, t.Source, t.Target, clockwise);
                if (IsTwoWay(document)) Add(n, t.Target, t.Source, all - clockwise);
            }
        }

        var duration = steps[0].Step.EndPs - steps[0].Step.StartPs;
        BigInteger load = 0;
        for (var e = 0; e < change.Length; e++)
        {
            load = change[e] + (e % n == 0 ? 0 : load);
            var divisor = unit * document.RateOfLink[e];
            var need = ((load * 8_000_000_000_000) + divisor - 1) / divisor;
            var (from, to) = e < n ? (e, (e + 1) % n) : ((e - n + 1) % n, e - n);
            findings.Check(duration >= need, "bandwidth", $"{where}, link {from} to {to}", $"at least {need} ps", duration);
        }

        // Links first, first + 1, .., end - 1 of one direction, around the ring.
        void Add(int way, int first, int end, BigInteger parts)
        {
            change[way + first] += parts;
            change[way + end] -= parts;
            if (end < first) change[way] += parts;
        }
    }
}
