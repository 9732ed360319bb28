using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Verification;

/// <summary>One transfer with its own times, whatever phase it belongs to.</summary>
internal readonly record struct Flow(bool IsCombine, int Step, int Source, int Target, int Plane, long StartPs, long EndPs, long Tokens)
{
    public string Where => $"{(IsCombine ? "combine " : "")}step {Step}";
}

/// <summary>
/// The rules of the wires of a schedule document. Within a step: one-to-one on circuits, no port above its bandwidth. Over all steps of both
/// phases: one circuit per port and plane at any instant, and the delay before every change.
/// </summary>
internal static class NetworkRules
{
    private const int RoundingPs = 2; // both ends of a paced transfer are whole picoseconds

    /// <summary>Checks each step by itself and against the one before it, and returns its transfers with their times.</summary>
    public static List<Flow> Steps(ScheduleDocument document, IReadOnlyList<TimedStep> steps, bool isCombine, FindingList findings)
    {
        var flows = new List<Flow>();
        var before = new long[document.PlaneCount];
        for (var m = 0; m < steps.Count; m++)
        {
            var step = steps[m];
            var where = $"{(isCombine ? "combine " : "")}step {m}";
            findings.Check(step.EndPs >= step.StartPs, "step time", where, $"an end of at least {step.StartPs}", step.EndPs);
            if (!document.ReconfiguresPartially && !Rates.HasTiers(document))
                findings.Check(step.StartPs >= before[step.Plane], "step order", where, $"a start of at least {before[step.Plane]}, the end of the step before", step.StartPs);
            before[step.Plane] = Math.Max(before[step.Plane], step.EndPs);
            if (document.ReconfigurationPs is not null) OneToOne(step, where, findings);
            TransferTimes(step, where, findings);
            if (HasPorts(document)) Bandwidth(document, step, isCombine, where, findings);
            var shares = step.Times is null && (step.SharesPorts() || Rates.IsRing(document));
            for (var i = 0; i < step.Transfers.Count; i++)
            {
                var t = step.Transfers[i];
                if ((uint)t.Source >= (uint)document.RankCount || (uint)t.Target >= (uint)document.RankCount) continue;
                var (start, end) = step.Times?[i] ?? Derived(document, step, t, shares, isCombine);
                flows.Add(new Flow(isCombine, m, t.Source, t.Target, step.Plane, start, end, t.Tokens));
            }
        }

        return flows;
    }

    /// <summary>Least time of a transfer that has both its ports to itself.</summary>
    public static Int128 PairPs(ScheduleDocument document, int source, int target, Int128 tokens, bool isCombine) =>
        Wire.LeastPs(tokens * document.TokenBytesOf(isCombine), Rates.Pair(document, source, target));

    /// <summary>Whether a rank has one port at a switch for all its traffic, so that the rules of this file hold.</summary>
    private static bool HasPorts(ScheduleDocument document) => !Rates.HasTiers(document) && !Rates.IsRing(document);

    public static void Ports(ScheduleDocument document, List<Flow> flows, FindingList findings)
    {
        var inOrder = flows.OrderBy(f => f.StartPs).ThenBy(f => f.EndPs).ToArray();
        if (document.ReconfigurationPs is { } delay)
        {
            OnePeer(inOrder, f => (f.Plane, f.Source), f => f.Target, "send", document.ReconfiguresPartially ? delay : null, findings);
            OnePeer(inOrder, f => (f.Plane, f.Target), f => f.Source, "receive", document.ReconfiguresPartially ? delay : null, findings);
            if (document.ReconfiguresPartially) return;
            for (var plane = 0; plane < document.PlaneCount; plane++) Configurations(inOrder.Where(f => f.Plane == plane), delay, findings);
        }
        else if (HasPorts(document) && (document.Layer is not null || document.Steps.Any(s => s.Times is not null)))
        {
            Shared(document, inOrder.ToLookup(f => f.Source), "send", findings);
            Shared(document, inOrder.ToLookup(f => f.Target), "receive", findings);
        }
    }

    // Without times of its own a transfer starts with its step; it arrives after its time on the wire, or paced with all others.
    private static StepTime Derived(ScheduleDocument document, TimedStep step, Transfer t, bool shares, bool isCombine)
    {
        var ps = shares ? step.EndPs - step.StartPs : PairPs(document, t.Source, t.Target, Math.Max(0, t.Tokens), isCombine);
        return new StepTime(step.StartPs, (long)Int128.Min(long.MaxValue, step.StartPs + ps));
    }

    private static void OneToOne(TimedStep step, string where, FindingList findings)
    {
        var sources = new HashSet<int>();
        var targets = new HashSet<int>();
        foreach (var t in step.Transfers)
        {
            findings.Check(sources.Add(t.Source), "one-to-one", $"{where}, source {t.Source}", "at most one transfer", "a second one");
            findings.Check(targets.Add(t.Target), "one-to-one", $"{where}, target {t.Target}", "at most one transfer", "a second one");
        }
    }

    private static void TransferTimes(TimedStep step, string where, FindingList findings)
    {
        for (var i = 0; i < step.Times?.Count; i++)
        {
            var (start, end) = step.Times[i];
            findings.Check(start >= step.StartPs && end <= step.EndPs && start <= end, "step time", $"{where}, transfer {step.Transfers[i].Source} -> {step.Transfers[i].Target}", $"within {step.StartPs} to {step.EndPs}", $"{start} to {end}");
        }
    }

    // In a step every transfer proceeds at its own constant rate, so a port holds its bandwidth at every instant of the step
    // exactly when its bytes fit into the step. A transfer with its own times must fit into them at the rate of the slower port.
    private static void Bandwidth(ScheduleDocument document, TimedStep step, bool isCombine, string where, FindingList findings)
    {
        var sent = new Dictionary<int, Int128>();
        var received = new Dictionary<int, Int128>();
        for (var i = 0; i < step.Transfers.Count; i++)
        {
            var t = step.Transfers[i];
            if ((uint)t.Source >= (uint)document.RankCount || (uint)t.Target >= (uint)document.RankCount) continue;
            sent[t.Source] = sent.GetValueOrDefault(t.Source) + ((Int128)t.Tokens * document.TokenBytesOf(isCombine));
            received[t.Target] = received.GetValueOrDefault(t.Target) + ((Int128)t.Tokens * document.TokenBytesOf(isCombine));
            if (step.Times is null) continue;
            var (start, end) = step.Times[i];
            var transfer = $"{where}, transfer {t.Source} -> {t.Target}";
            var need = PairPs(document, t.Source, t.Target, t.Tokens, isCombine);
            findings.Check(end - start >= need, "bandwidth", transfer, $"at least {need} ps", end - start);
        }

        Fit(sent, "send");
        Fit(received, "receive");

        void Fit(Dictionary<int, Int128> bytesOfRank, string side)
        {
            foreach (var (rank, bytes) in bytesOfRank.OrderBy(b => b.Key))
            {
                var need = Wire.LeastPs(bytes, document.BandwidthOfRank[rank]);
                findings.Check(step.EndPs - step.StartPs >= need, "bandwidth", $"{where}, {side} port of rank {rank}", $"at least {need} ps", step.EndPs - step.StartPs);
            }
        }
    }

    // A port on a plane talks to one peer at a time; with partial reconfiguration it is dark for the delay before every other peer.
    private static void OnePeer(Flow[] inOrder, Func<Flow, (int, int)> portOf, Func<Flow, int> peerOf, string side, long? delayPs, FindingList findings)
    {
        foreach (var port in inOrder.GroupBy(portOf).OrderBy(g => g.Key))
        {
            var (free, peer) = (0L, -1);
            foreach (var flow in port)
            {
                var where = $"{flow.Where}, {side} port of rank {port.Key.Item2}";
                if (flow.StartPs < free) findings.Add("one circuit per port", where, $"a start of at least {free}, when its transfer before ends", $"{flow.StartPs}");
                else if (delayPs is { } delay && peerOf(flow) != peer) findings.Check((Int128)flow.StartPs >= (Int128)free + delay, "reconfiguration delay", where, $"a start of at least {(Int128)free + delay}", flow.StartPs);
                (free, peer) = (Math.Max(free, flow.EndPs), peerOf(flow));
            }
        }
    }

    // A full reconfiguration needs the plane idle for the delay. Between two such pauses there can have been none, so everything that
    // flows between them must fit one configuration. Switches begin dark.
    private static void Configurations(IEnumerable<Flow> inOrder, long delayPs, FindingList findings)
    {
        var (busyUntil, isUp) = (0L, false);
        var targetOf = new Dictionary<int, int>();
        var sourceOf = new Dictionary<int, int>();
        foreach (var flow in inOrder)
        {
            if ((Int128)flow.StartPs >= (Int128)busyUntil + delayPs) Forget();
            else if (!isUp || Differs(targetOf, flow.Source, flow.Target) || Differs(sourceOf, flow.Target, flow.Source))
            {
                findings.Add("reconfiguration delay", flow.Where, $"a start of at least {(Int128)busyUntil + delayPs}, {delayPs} ps after the plane was last busy with other circuits", $"{flow.StartPs}");
                Forget();
            }

            isUp = true;
            (targetOf[flow.Source], sourceOf[flow.Target]) = (flow.Target, flow.Source);
            busyUntil = Math.Max(busyUntil, flow.EndPs);
        }

        void Forget()
        {
            targetOf.Clear();
            sourceOf.Clear();
        }

        static bool Differs(Dictionary<int, int> peers, int rank, int peer) => peers.TryGetValue(rank, out var up) && up != peer;
    }

    // A port of constant rate can serve transfers with a start and an end exactly when, for all a <= b, the bytes of those that lie
    // within [a, b] fit. Only chains of overlapping transfers need the pairs of (a, b).
    private static void Shared(ScheduleDocument document, ILookup<int, Flow> flowsOfRank, string side, FindingList findings)
    {
        foreach (var port in flowsOfRank.OrderBy(g => g.Key))
        {
            var flows = port.ToArray();
            for (var first = 0; first < flows.Length;)
            {
                var end = flows[first].EndPs;
                var last = first + 1;
                for (; last < flows.Length && flows[last].StartPs < end; last++) end = Math.Max(end, flows[last].EndPs);
                Chain(document, flows[first..last], document.BandwidthOfRank[port.Key], $"{side} port of rank {port.Key}", findings);
                first = last;
            }
        }
    }

    private static void Chain(ScheduleDocument document, Flow[] chain, long rate, string port, FindingList findings)
    {
        var byEnd = chain.OrderBy(f => f.EndPs).ToArray();
        foreach (var start in chain.Select(f => f.StartPs).Distinct())
        {
            Int128 bytes = 0;
            foreach (var f in byEnd)
            {
                if (f.StartPs < start) continue;
                bytes += (Int128)f.Tokens * document.TokenBytesOf(f.IsCombine);
                var need = Wire.LeastPs(bytes, rate);
                if (f.EndPs - start + RoundingPs >= need) continue;
                findings.Add("bandwidth", $"{port} from {start} to {f.EndPs}", $"at least {need} ps for {bytes} bytes", $"{f.EndPs - start}");
                return;
            }
        }
    }
}
