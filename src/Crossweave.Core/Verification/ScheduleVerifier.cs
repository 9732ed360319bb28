using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Verification;

/// <summary>
/// Checks a timed schedule of one exchange from scratch, as scheduling spec section 8 lists for a certificate: every off-diagonal
/// entry of the matrix is carried exactly, steps are one-to-one where circuits are, they follow one another with the
/// reconfiguration delay between different configurations, no port exceeds its bandwidth, the makespan is the last end, the
/// claimed bounds are bounds and the gap is what it says. Uses no code of schedulers, timing or bounds. O(transfers + ranks^2 log).
/// </summary>
public static class ScheduleVerifier
{
    public static Certificate Verify(ScheduleDocument document, TrafficMatrix matrix)
    {
        var findings = new FindingList();
        var subject = $"schedule by {document.Scheduler} on {document.FabricKind}";
        var n = matrix.RankCount;
        findings.Check(document.RankCount == n, "shape", "ranks", n, document.RankCount);
        findings.Check(document.BandwidthOfRank.Count == document.RankCount && document.BandwidthOfRank.All(b => b > 0), "shape", "fabric.bandwidth", $"{document.RankCount} positive rates", $"{document.BandwidthOfRank.Count}");
        findings.Check(document.TokenBytes > 0, "shape", "tokenBytes", "at least 1", document.TokenBytes);
        Fabric(document, findings);
        if (!findings.ToCertificate(subject, []).IsValid) return findings.ToCertificate(subject, ["nothing more could be checked: the problem itself is not stated correctly"]);
        var whole = Demand(document, matrix, findings);
        Steps(document, findings);
        var end = document.Steps.Count == 0 ? 0 : document.Steps.Max(s => s.EndPs);
        findings.Check(document.CommunicationPs == end, "communication time", "communicationPs", $"{end} (last end of a step)", document.CommunicationPs);
        findings.Check(document.MakespanPs == end, "makespan", "makespanPs", $"{end} (last end of a step)", document.MakespanPs);
        Bounds(document, matrix, whole, findings);
        var transfers = document.Steps.Sum(s => s.Transfers.Count);
        string[] summary =
        [
            $"{matrix.RemoteTotal()} tokens between different ranks carried exactly, in {transfers} transfers",
            document.ReconfigurationPs is { } delay
                ? $"{document.Steps.Count} steps, each one-to-one, in order, {delay} ps between different configurations"
                : $"{document.Steps.Count} steps in order, no port above its bandwidth",
            $"makespan {end} ps is the last end; no claimed bound exceeds it; gap {JsonOutput.Number(document.Gap)}",
        ];
        return findings.ToCertificate(subject, summary);
    }

    // The delay decides which rules hold, so it must be there exactly when the named fabric has circuits.
    private static void Fabric(ScheduleDocument document, FindingList findings)
    {
        var known = FabricKinds.All.Any(f => f.Name == document.FabricKind);
        findings.Check(known, "fabric", "fabric.kind", $"one of {string.Join(", ", FabricKinds.All.Select(f => f.Name))}", document.FabricKind);
        if (!known) return;
        var circuits = document.FabricKind == new CircuitSwitch().Name;
        findings.Check(
            circuits == document.ReconfigurationPs is not null, "fabric", "fabric.reconfigurationPs",
            circuits ? $"a delay on a {document.FabricKind}" : $"null on a {document.FabricKind}", document.ReconfigurationPs is { } ps ? $"{ps}" : "null");
    }

    // True when every pair is carried by one transfer.
    private static bool Demand(ScheduleDocument document, TrafficMatrix matrix, FindingList findings)
    {
        var n = matrix.RankCount;
        var carried = new Int128[n, n];
        var pieces = new int[n, n];
        for (var m = 0; m < document.Steps.Count; m++)
        {
            foreach (var t in document.Steps[m].Transfers)
            {
                var where = $"step {m}, transfer {t.Source} -> {t.Target}";
                if (t.Source < 0 || t.Source >= n || t.Target < 0 || t.Target >= n)
                {
                    findings.Add("rank", where, $"ranks 0 to {n - 1}", $"{t.Source} -> {t.Target}");
                    continue;
                }

                findings.Check(t.Source != t.Target, "local traffic", where, "no transfer from a rank to itself", $"{t.Tokens} tokens");
                findings.Check(t.Tokens > 0, "tokens", where, "at least 1", t.Tokens);
                carried[t.Source, t.Target] += t.Tokens;
                pieces[t.Source, t.Target]++;
            }
        }

        var whole = true;
        for (var s = 0; s < n; s++)
        {
            for (var t = 0; t < n; t++)
            {
                whole &= pieces[s, t] <= 1;
                if (s != t) findings.Check(carried[s, t] == matrix[s, t], "demand", $"pair {s} -> {t}", $"{matrix[s, t]} tokens", carried[s, t]);
            }
        }

        return whole;
    }

    private static void Steps(ScheduleDocument document, FindingList findings)
    {
        var connected = new HashSet<(int, int)>(); // circuits that are up
        var before = 0L;
        for (var m = 0; m < document.Steps.Count; m++)
        {
            var step = document.Steps[m];
            var where = $"step {m}";
            findings.Check(step.EndPs >= step.StartPs, "step time", where, $"an end of at least {step.StartPs}", step.EndPs);
            findings.Check(step.StartPs >= before, "step order", where, $"a start of at least {before}, the end of the step before", step.StartPs);
            if (document.ReconfigurationPs is { } delay)
            {
                OneToOne(step, where, findings);
                var pairs = step.Transfers.Select(t => (t.Source, t.Target)).ToHashSet();
                if (!pairs.IsSubsetOf(connected))
                {
                    findings.Check((Int128)step.StartPs >= (Int128)before + delay, "reconfiguration delay", where, $"a start of at least {(Int128)before + delay}", step.StartPs);
                    connected = pairs;
                }
            }

            Bandwidth(document, step, where, findings);
            before = Math.Max(before, step.EndPs);
        }
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

    // In a step every transfer proceeds at its own constant rate, so a port holds its bandwidth at every instant of the step
    // exactly when its bytes fit into the step.
    private static void Bandwidth(ScheduleDocument document, TimedStep step, string where, FindingList findings)
    {
        var sent = new Int128[document.RankCount];
        var received = new Int128[document.RankCount];
        foreach (var t in step.Transfers)
        {
            if ((uint)t.Source >= (uint)sent.Length || (uint)t.Target >= (uint)sent.Length) continue;
            sent[t.Source] += (Int128)t.Tokens * document.TokenBytes;
            received[t.Target] += (Int128)t.Tokens * document.TokenBytes;
        }

        for (var rank = 0; rank < sent.Length; rank++)
        {
            var need = Wire.LeastPs(sent[rank], document.BandwidthOfRank[rank]);
            findings.Check(step.EndPs - step.StartPs >= need, "bandwidth", $"{where}, send port of rank {rank}", $"at least {need} ps", step.EndPs - step.StartPs);
            need = Wire.LeastPs(received[rank], document.BandwidthOfRank[rank]);
            findings.Check(step.EndPs - step.StartPs >= need, "bandwidth", $"{where}, receive port of rank {rank}", $"at least {need} ps", step.EndPs - step.StartPs);
        }
    }

    private static void Bounds(ScheduleDocument document, TrafficMatrix matrix, bool whole, FindingList findings)
    {
        var best = 0L;
        foreach (var (name, ps) in document.LowerBounds)
        {
            best = Math.Max(best, ps);
            findings.Check(ps <= document.MakespanPs, "lower bound", name, $"at most the makespan {document.MakespanPs}", ps);
            Int128? most = name switch
            {
                "port" => LineBound(document, matrix, 0),
                "reconfiguration" => LineBound(document, matrix, document.ReconfigurationPs ?? 0),
                "whole-entry" => WholeEntryBound(document, matrix),
                _ => null,
            };
            if (most is { } limit) findings.Check(ps <= limit, "lower bound", name, $"at most {limit}, which its definition gives", ps);
            else findings.Add("lower bound", name, "a bound that can be recomputed: port, reconfiguration, whole-entry", $"{ps}");
            if (name == "whole-entry") findings.Check(document.ReconfigurationPs is not null, "lower bound", name, "no such bound on a packet fabric", $"{ps}");
            if (name == "whole-entry") findings.Check(whole, "lower bound", name, "no such bound, because some entry is split", ps);
        }

        var gap = document.MakespanPs == 0 ? 1 : document.MakespanPs / (double)Math.Max(1, best);
        findings.Check(Wire.Same(gap, document.Gap), "gap", "gap", JsonOutput.Number(gap), JsonOutput.Number(document.Gap));
    }

    // Scheduling spec 7.2 and 7.3 for one switch: the busiest line, with one delay per non-zero of that line.
    private static Int128 LineBound(ScheduleDocument document, TrafficMatrix matrix, long delayPs)
    {
        Int128 best = 0;
        for (var r = 0; r < matrix.RankCount; r++)
        {
            Int128 row = 0, column = 0;
            int rowPeers = 0, columnPeers = 0;
            for (var p = 0; p < matrix.RankCount; p++)
            {
                if (p == r) continue;
                row += matrix[r, p];
                column += matrix[p, r];
                rowPeers += matrix[r, p] > 0 ? 1 : 0;
                columnPeers += matrix[p, r] > 0 ? 1 : 0;
            }

            var rate = document.BandwidthOfRank[r];
            best = Int128.Max(best, Wire.LeastPs(row * document.TokenBytes, rate) + ((Int128)delayPs * rowPeers));
            best = Int128.Max(best, Wire.LeastPs(column * document.TokenBytes, rate) + ((Int128)delayPs * columnPeers));
        }

        return best;
    }

    // Scheduling spec 7.4: the t-th longest step lasts at least as long as the t-th largest entry of any line.
    private static Int128 WholeEntryBound(ScheduleDocument document, TrafficMatrix matrix)
    {
        var n = matrix.RankCount;
        var longest = new Int128[n];
        var entries = new List<Int128>();
        for (var line = 0; line < 2 * n; line++)
        {
            entries.Clear();
            for (var p = 0; p < n; p++)
            {
                var (s, t) = line < n ? (line, p) : (p, line - n);
                if (s != t && matrix[s, t] > 0)
                    entries.Add(Wire.LeastPs((Int128)matrix[s, t] * document.TokenBytes, Math.Min(document.BandwidthOfRank[s], document.BandwidthOfRank[t])));
            }

            entries.Sort((a, b) => b.CompareTo(a));
            for (var k = 0; k < entries.Count; k++) longest[k] = Int128.Max(longest[k], entries[k]);
        }

        Int128 sum = 0;
        foreach (var ps in longest)
            if (ps > 0)
                sum += ps + (document.ReconfigurationPs ?? 0);
        return sum;
    }
}
