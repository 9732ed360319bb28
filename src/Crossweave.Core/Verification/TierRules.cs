using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Verification;

/// <summary>
/// The rules of two tiers. What leaves a node goes through NICs while its step has them: first, if it starts elsewhere, inside its node to
/// the NIC, and afterwards, if it ends elsewhere, inside the other node from the NIC. NICs serve one step at a time, at constant rates, so
/// no NIC exceeds its bandwidth exactly when its bytes fit into the step's turn.
/// </summary>
/// <remarks>
/// The scale-up network is proven feasible by serving one phase at a time, each (to the NICs, from the NICs, inside the nodes) for as long as
/// its busiest port needs: every phase has a release and a deadline in the document, and interruptible work with the earliest deadline first meets all
/// deadlines if any order does. Phases with the same release and deadline share the ports. O(transfers log).
/// </remarks>
internal static class TierRules
{
    public static void Check(ScheduleDocument document, FindingList findings)
    {
        var nics = new Dictionary<(long Start, long End), Phase>();
        var insides = new Dictionary<(long Start, long End), Phase>();
        foreach (var (phase, steps) in new[] { ("", document.Steps), ("combine ", document.Layer?.CombineSteps ?? []) })
            for (var m = 0; m < steps.Count; m++)
                Step(document, steps[m], phase.Length > 0, $"{phase}step {m}", nics, insides, findings);
        Nics(document, nics, findings);
        ScaleUp(document, insides, findings);
    }

    private sealed class Phase(string where, int ranks)
    {
        public string Where { get; } = where;

        public Int128[] Up { get; } = new Int128[ranks];

        public Int128[] Down { get; } = new Int128[ranks];

        public void Add(int from, int to, Int128 bytes)
        {
            Up[from] += bytes;
            Down[to] += bytes;
        }

        public Int128 LeastPs(IReadOnlyList<long> rates)
        {
            Int128 longest = 0;
            for (var r = 0; r < Up.Length; r++) longest = Int128.Max(longest, Wire.LeastPs(Int128.Max(Up[r], Down[r]), rates[r]));
            return longest;
        }
    }

    private static void Step(
        ScheduleDocument document, TimedStep step, bool isCombine, string where, Dictionary<(long, long), Phase> nics, Dictionary<(long, long), Phase> insides, FindingList findings)
    {
        var perNode = document.RankCount / document.NodeCount;
        if (step.Times is not { } times)
        {
            findings.Check(step.Transfers.Count == 0, "shape", where, "startPs and endPs on every transfer, because hops follow one another", "none");
            return;
        }

        if (step.Nic is { } n)
            findings.Check(n.StartPs >= step.StartPs && n.EndPs <= step.EndPs && n.StartPs <= n.EndPs, "step time", $"{where}, NICs", $"within {step.StartPs} to {step.EndPs}", $"{n.StartPs} to {n.EndPs}");
        // The phases of a step are released when the last of their transfers may start, and due when the first of them is said to be there.
        var (toNic, fromNic, inside) = (new Hops(), new Hops(), new Hops());
        for (var i = 0; i < step.Transfers.Count; i++)
        {
            var t = step.Transfers[i];
            if ((uint)t.Source >= (uint)document.RankCount || (uint)t.Target >= (uint)document.RankCount) continue;
            var (start, end) = times[i];
            var bytes = (Int128)Math.Max(0, t.Tokens) * document.TokenBytesOf(isCombine);
            var transfer = $"{where}, transfer {t.Source} -> {t.Target}";
            if (Rates.NodeOf(document, t.Source) == Rates.NodeOf(document, t.Target))
            {
                findings.Check(t.Via < 0, "relay", transfer, "no via inside a node", t.Via);
                inside.Add(t.Source, t.Target, bytes, start, end);
                continue;
            }

            findings.Check(t.Via < perNode, "relay", transfer, $"a via of 0 to {perNode - 1}, the index of a NIC in its node", t.Via);
            if (step.Nic is not { } nic) findings.Add("relay", where, "nicStartPs and nicEndPs, because traffic leaves a node", "none");
            else if (t.Via < perNode)
            {
                var (sender, receiver) = t.Via < 0 ? (t.Source, t.Target) : ((t.Source / perNode * perNode) + t.Via, (t.Target / perNode * perNode) + t.Via);
                findings.Check(start <= nic.StartPs, "relay order", transfer, $"a start of at most {nic.StartPs}, when its NIC begins", start);
                findings.Check(end >= nic.EndPs, "relay order", transfer, $"an end of at least {nic.EndPs}, when its NIC is done", end);
                Of(nics, (nic.StartPs, nic.EndPs)).Add(sender, receiver, bytes);
                if (sender != t.Source) toNic.Add(t.Source, sender, bytes, start, nic.StartPs);
                if (receiver != t.Target) fromNic.Add(receiver, t.Target, bytes, nic.EndPs, end);
            }
        }

        foreach (var hops in new[] { toNic, fromNic, inside })
            foreach (var (from, to, bytes) in hops.Moves)
                Of(insides, (hops.ReleasePs, hops.DuePs)).Add(from, to, bytes);

        Phase Of(Dictionary<(long, long), Phase> phases, (long, long) span)
        {
            if (!phases.TryGetValue(span, out var found)) phases[span] = found = new Phase(where, document.RankCount);
            return found;
        }
    }

    private sealed class Hops
    {
        public List<(int From, int To, Int128 Bytes)> Moves { get; } = [];

        public long ReleasePs { get; private set; }

        public long DuePs { get; private set; } = long.MaxValue;

        public void Add(int from, int to, Int128 bytes, long releasePs, long duePs)
        {
            Moves.Add((from, to, bytes));
            (ReleasePs, DuePs) = (Math.Max(ReleasePs, releasePs), Math.Min(DuePs, duePs));
        }
    }

    private static void Nics(ScheduleDocument document, Dictionary<(long Start, long End), Phase> nics, FindingList findings)
    {
        var (busyUntil, by) = (0L, "");
        foreach (var ((start, end), phase) in nics.OrderBy(p => p.Key))
        {
            findings.Check(start >= busyUntil, "one step at a time", $"{phase.Where}, NICs", $"a start of at least {busyUntil}, when {by} leaves them", start);
            var need = phase.LeastPs(document.BandwidthOfRank);
            findings.Check(end - start >= need, "bandwidth", $"{phase.Where}, NICs", $"at least {need} ps", end - start);
            if (end > busyUntil) (busyUntil, by) = (end, phase.Where);
        }
    }

    // Earliest deadline first, interrupted by what is released meanwhile.
    private static void ScaleUp(ScheduleDocument document, Dictionary<(long Release, long Due), Phase> phases, FindingList findings)
    {
        var jobs = phases.OrderBy(p => p.Key).Select(p => (p.Key.Release, p.Key.Due, p.Value.Where, WorkPs: p.Value.LeastPs(document.ScaleUpOfRank!))).ToArray();
        var waiting = new PriorityQueue<(int Job, Int128 LeftPs), long>();
        Int128 now = 0;
        for (var next = 0; next < jobs.Length || waiting.Count > 0;)
        {
            if (waiting.Count == 0) now = Int128.Max(now, jobs[next].Release);
            for (; next < jobs.Length && jobs[next].Release <= now; next++) waiting.Enqueue((next, jobs[next].WorkPs), jobs[next].Due);
            var (job, left) = waiting.Dequeue();
            var until = next < jobs.Length ? Int128.Min(now + left, jobs[next].Release) : now + left;
            left -= until - now;
            now = until;
            if (left > 0) waiting.Enqueue((job, left), jobs[job].Due);
            else findings.Check(now <= jobs[job].Due, "scale-up bandwidth", jobs[job].Where, $"{jobs[job].WorkPs} ps inside nodes between {jobs[job].Release} and {jobs[job].Due} beside other phases, which are done at {now}", jobs[job].Due);
        }
    }
}
