using Crossweave.Core.Bounds;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Html;
using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Schedules;

/// <summary>Timeline of a schedule document, as a drawing and as a page: from the document only.</summary>
public static class ScheduleReport
{
    public static SvgImage Chart(ScheduleDocument document) =>
        new GanttChart { Title = $"Timeline of {document.Scheduler}", Outcome = Outcome(document), RankCount = document.RankCount }.Render();

    public static string Render(ScheduleDocument document, ReportContext context)
    {
        var report = new HtmlReport($"Schedule by {document.Scheduler}") { Headline = ScheduleTables.Headline(document) };
        report.Card("makespan / best bound", ReportText.Fixed(document.Gap, 4), "1 is optimal");
        report.Card("makespan", ReportText.Time(document.MakespanPs), $"{document.RankCount} ranks, {document.FabricKind}");
        if (document.Layer is { } l) report.Card("makespan / ideal", ReportText.Fixed(l.MakespanOverIdeal, 4), $"non-overlapped ideal {ReportText.Time(l.IdealPs)}");
        report.Section("Timeline").Figure(
            Chart(document), "Ports and launches in time",
            "Filled is busy, the pale lane is idle. Good: the busiest row is filled from end to end and the solid line stands at the dashed one.");
        report.Section("Lower bounds").Table(ScheduleTables.Bounds(document), "The largest bound counts.");
        report.Section("Steps").Table(ScheduleTables.Steps(document.Layer is null ? "Steps" : "Dispatch steps", document.Steps, document.PlaneCount), openRows: 20);
        if (document.Layer is { } layer)
            report.Table(ScheduleTables.Launches(document), openRows: 20).Table(ScheduleTables.Steps("Combine steps", layer.CombineSteps, document.PlaneCount), openRows: 20);
        return report.Section("Provenance").Facts([("Command", context.CommandLine), ("Crossweave", context.Version), .. context.Facts]).Render();
    }

    /// <summary>The document as a timeline. Reconfigurations are drawn where a step follows the one before it on its plane by at least the delay.</summary>
    public static LayerOutcome Outcome(ScheduleDocument document)
    {
        var activities = new List<Activity>();
        Add(document, document.Steps, ActivityKind.Dispatch, activities);
        Add(document, document.Layer?.CombineSteps ?? [], ActivityKind.Combine, activities);
        Reconfigurations(document, activities);
        var index = 0;
        foreach (var l in document.Layer?.Launches ?? []) activities.Add(new Activity(ActivityKind.Launch, l.Rank, -1, l.StartPs, l.EndPs, l.Tokens, index++));
        return new LayerOutcome(
            document.Layer?.Mode ?? document.Scheduler,
            new SimTime(document.MakespanPs),
            new SimTime(document.Steps.Select(s => s.EndPs).DefaultIfEmpty().Max()),
            new SimTime((document.Layer?.Launches ?? []).Select(l => l.EndPs).DefaultIfEmpty().Max()),
            [.. document.LowerBounds.Select(b => new LowerBound(b.Name, new SimTime(b.Ps), b.Name))],
            [.. activities.OrderBy(a => a.StartPs).ThenBy(a => a.Rank).ThenBy(a => a.Kind).ThenBy(a => a.Peer)]);
    }

    private static void Add(ScheduleDocument document, IReadOnlyList<TimedStep> steps, ActivityKind kind, List<Activity> activities)
    {
        for (var m = 0; m < steps.Count; m++)
        {
            var step = steps[m];
            var shares = step.Times is null && document.ArriveTogether(step);
            for (var i = 0; i < step.Transfers.Count; i++)
            {
                var t = step.Transfers[i];
                var (start, end) = step.Times?[i] ?? new StepTime(step.StartPs, shares ? step.EndPs : step.StartPs + WirePs(t, document.TokenBytesOf(kind == ActivityKind.Combine)));
                activities.Add(new Activity(kind, t.Source, t.Target, start, end, t.Tokens, m, step.Plane));
            }
        }

        long WirePs(Transfer t, long tokenBytes) =>
            new Bandwidth(Math.Min(document.BandwidthOfRank[t.Source], document.BandwidthOfRank[t.Target])).TransferPs(checked(t.Tokens * tokenBytes));
    }

    // The pause before a step of a plane; with partial reconfiguration before a transfer whose sender talked to somebody else.
    private static void Reconfigurations(ScheduleDocument document, List<Activity> activities)
    {
        if (document.ReconfigurationPs is not (> 0 and var delay)) return;
        var pauses = new List<Activity>();
        var free = new Dictionary<(int, int), (long Ps, int Peer)>();
        foreach (var a in activities.OrderBy(a => a.StartPs).ThenBy(a => a.EndPs))
        {
            var rank = document.ReconfiguresPartially ? a.Rank : -1;
            var (until, peer) = free.GetValueOrDefault((a.Plane, rank), (0, -1));
            if (a.StartPs - until >= delay && (rank < 0 || peer != a.Peer))
                pauses.Add(new Activity(ActivityKind.Reconfigure, rank, -1, a.StartPs - delay, a.StartPs, 0, a.Step, a.Plane));
            free[(a.Plane, rank)] = (Math.Max(until, a.EndPs), a.Peer);
        }

        activities.AddRange(pauses);
    }
}
