using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Verification;

/// <summary>
/// Checks a predicted layer timeline from scratch against the traffic and the schedules it claims to execute: every copy is
/// delivered, every row is computed exactly once, no rank computes rows that have not arrived, a rank runs one launch at a time
/// and none faster than its profile, no result leaves before it is computed, ports keep their bandwidth (and one peer at a time
/// with the delay between peers on circuit switches), and the makespan is the last end. Uses no code of simulators, schedulers or
/// timing. O(a log a) for a activities; on packet fabrics O(b^2) for b activities of one port that overlap in one chain.
/// </summary>
/// <remarks>
/// A launch does not list its rows, so arrival-before-launch and launch-before-combine are checked by counting: at every start,
/// what has begun may not exceed what can have been ready. A transfer that carries part of a pair's copies brings the same share of
/// the pair's rows, rounded in favour of the timeline. Forwarding order in two-stage exchanges is checked by stage totals only.
/// Pass the packet twin of a circuit fabric when the timeline was made on it.
/// </remarks>
public static class LayerTimelineVerifier
{
    public static Certificate Verify(LayerOutcome outcome, LayerProblem problem, LayerSchedule schedule)
    {
        var findings = new FindingList();
        var ranks = problem.Traffic.RankCount;
        var activities = outcome.Activities.Where(a => Sane(a, ranks, findings)).OrderBy(a => a.StartPs).ThenBy(a => a.EndPs).ToArray();
        ScheduleCarries(problem.Traffic.Dispatch, schedule.Dispatch, "dispatch", findings);
        ScheduleCarries(problem.Traffic.Combine, schedule.Combine, "combine", findings);
        var dispatch = Ledger(activities, ActivityKind.Dispatch, problem.Traffic.Dispatch, findings);
        var combine = Ledger(activities, ActivityKind.Combine, problem.Traffic.Combine, findings);
        for (var rank = 0; rank < ranks; rank++) LaunchRules.Check(rank, activities, dispatch, combine, problem, findings);
        PortRules.Check(activities, problem, findings);
        Times(outcome, activities, findings);
        string[] summary =
        [
            $"{dispatch.Moved.Sum(m => m.Activity.Tokens)} copies dispatched and {combine.Moved.Sum(m => m.Activity.Tokens)} combined, every pair exactly",
            $"{activities.Count(a => a.Kind == ActivityKind.Launch)} launches compute {dispatch.Rows.Sum(r => r.Sum())} rows, each once, after arrival and one at a time per rank",
            $"ports of {problem.Fabric.Kind} respected; makespan {outcome.Makespan.Picoseconds} ps is the last end; no bound exceeds it",
        ];
        return findings.ToCertificate($"layer timeline by {outcome.Evaluator}", summary);
    }

    private static bool Sane(Activity a, int ranks, FindingList findings)
    {
        var where = $"{a.Kind} of rank {a.Rank} at {a.StartPs}";
        var moves = a.Kind is ActivityKind.Dispatch or ActivityKind.Combine;
        var sane = true;
        Require(a.StartPs >= 0 && a.EndPs >= a.StartPs, "interval", "0 <= start <= end", $"{a.StartPs} to {a.EndPs}");
        if (a.Kind == ActivityKind.Reconfigure)
        {
            Require(a.Rank >= -1 && a.Rank < ranks, "rank", $"-1 to {ranks - 1}", $"{a.Rank}");
            return sane;
        }

        Require(a.Rank >= 0 && a.Rank < ranks, "rank", $"0 to {ranks - 1}", $"{a.Rank}");
        if (moves) Require(a.Peer >= 0 && a.Peer < ranks && a.Peer != a.Rank, "peer", $"another rank, 0 to {ranks - 1}", $"{a.Peer}");
        Require(a.Tokens > 0, "tokens", "at least 1", $"{a.Tokens}");
        return sane;

        void Require(bool holds, string what, string expected, string found)
        {
            sane &= holds;
            findings.Check(holds, what, where, expected, found);
        }
    }

    private static void ScheduleCarries(IReadOnlyList<Exchange> exchanges, IReadOnlyList<Schedule> schedules, string phase, FindingList findings)
    {
        findings.Check(schedules.Count == exchanges.Count, "schedule", phase, $"{exchanges.Count} schedules", schedules.Count);
        for (var x = 0; x < Math.Min(schedules.Count, exchanges.Count); x++)
        {
            var copies = exchanges[x].Copies;
            var n = copies.RankCount;
            var carried = new Int128[n, n];
            foreach (var t in schedules[x].Steps.SelectMany(s => s.Transfers))
            {
                if ((uint)t.Source < (uint)n && (uint)t.Target < (uint)n) carried[t.Source, t.Target] += t.Tokens;
                else findings.Add("schedule", $"{phase} exchange {x}", $"ranks 0 to {n - 1}", $"{t.Source} -> {t.Target}");
            }

            for (var s = 0; s < n; s++)
                for (var t = 0; t < n; t++)
                    if (s != t)
                        findings.Check(carried[s, t] == copies[s, t], "schedule", $"{phase} exchange {x}, pair {s} -> {t}", $"{copies[s, t]} copies", carried[s, t]);
        }
    }

    // Attributes every transfer to its exchange (a pair's copies fill the exchanges in order) and to rows, and checks delivery.
    private static TransferLedger Ledger(Activity[] activities, ActivityKind kind, IReadOnlyList<Exchange> exchanges, FindingList findings)
    {
        var n = exchanges[0].Copies.RankCount;
        var done = new long[n, n];
        var moved = new List<MovedRows>();
        foreach (var a in activities.Where(a => a.Kind == kind))
        {
            var before = done[a.Rank, a.Peer];
            done[a.Rank, a.Peer] += a.Tokens;
            moved.Add(new MovedRows(a, Rows(exchanges, a.Rank, a.Peer, before), Rows(exchanges, a.Rank, a.Peer, before + a.Tokens)));
        }

        var rows = new long[n][];
        for (var s = 0; s < n; s++)
        {
            rows[s] = new long[n];
            for (var t = 0; t < n; t++)
            {
                var expected = s == t ? 0 : exchanges.Sum(x => x.Copies[s, t]);
                findings.Check(done[s, t] == expected, "delivery", $"{kind} {s} -> {t}", $"{expected} copies", done[s, t]);
                rows[s][t] = exchanges.Sum(x => x.Work[s, t]);
            }
        }

        return new TransferLedger(moved, rows);
    }

    // Least and most rows that the first c copies of a pair stand for.
    private static (long Least, long Most) Rows(IReadOnlyList<Exchange> exchanges, int source, int target, long copies)
    {
        long least = 0, most = 0;
        foreach (var x in exchanges)
        {
            var all = x.Copies[source, target];
            if (all == 0) continue;
            var part = Math.Min(copies, all);
            copies -= part;
            var product = (Int128)part * x.Work[source, target];
            least += (long)(product / all);
            most += (long)((product + all - 1) / all);
        }

        return (least, most);
    }

    private static void Times(LayerOutcome outcome, Activity[] activities, FindingList findings)
    {
        Last("makespan", outcome.Makespan.Picoseconds, _ => true);
        Last("dispatch end", outcome.DispatchEnd.Picoseconds, a => a.Kind == ActivityKind.Dispatch);
        Last("compute end", outcome.ComputeEnd.Picoseconds, a => a.Kind == ActivityKind.Launch);
        foreach (var bound in outcome.Bounds)
            findings.Check(bound.Value <= outcome.Makespan, "lower bound", bound.Name, $"at most the makespan {outcome.Makespan.Picoseconds}", bound.Value.Picoseconds);

        void Last(string what, long claimed, Func<Activity, bool> counts)
        {
            var end = activities.Where(a => a.Kind != ActivityKind.Reconfigure && counts(a)).Select(a => a.EndPs).DefaultIfEmpty(0).Max();
            findings.Check(claimed == end, what, "outcome", $"{end} (last end)", claimed);
        }
    }
}

/// <summary>A transfer with the rows its pair has moved before and after it (least and most, see <see cref="LayerTimelineVerifier"/>).</summary>
internal sealed record MovedRows(Activity Activity, (long Least, long Most) Before, (long Least, long Most) After);

/// <summary>Transfers of one phase by start, and the rows of every pair, [source][target]; the diagonal stays local.</summary>
internal sealed record TransferLedger(IReadOnlyList<MovedRows> Moved, long[][] Rows);
