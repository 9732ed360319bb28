using Crossweave.Core.Layers;

namespace Crossweave.Reporting.Charts;

/// <summary>One filled stretch of a row.</summary>
internal readonly record struct Interval(ActivityKind Kind, long StartPs, long EndPs, string Text);

/// <summary>Activities sorted into rows, ordered by start, then end.</summary>
internal sealed class GanttLanes
{
    private GanttLanes(int rankCount)
    {
        Send = Rows(rankCount);
        Receive = Rows(rankCount);
        Compute = Rows(rankCount);
    }

    public List<Interval>[] Send { get; }

    public List<Interval>[] Receive { get; }

    public List<Interval>[] Compute { get; }

    /// <summary>Reconfigurations of the whole fabric.</summary>
    public List<Interval> Fabric { get; } = [];

    public long EndPs { get; private set; }

    public int IntervalCount { get; private set; }

    /// <summary>O(activities log activities). Activities of ranks outside the chart are left out.</summary>
    public static GanttLanes Build(IReadOnlyList<Activity> activities, int rankCount)
    {
        var lanes = new GanttLanes(rankCount);
        foreach (var a in activities)
        {
            lanes.EndPs = Math.Max(lanes.EndPs, a.EndPs);
            var isOnRank = (uint)a.Rank < (uint)rankCount;
            var text = Describe(a);
            if (a.Kind == ActivityKind.Reconfigure && !isOnRank) lanes.Fabric.Add(new Interval(a.Kind, a.StartPs, a.EndPs, text));
            if (isOnRank) lanes.Add(a.Kind == ActivityKind.Launch ? lanes.Compute[a.Rank] : lanes.Send[a.Rank], a, text);
            if (a.Kind is ActivityKind.Dispatch or ActivityKind.Combine && (uint)a.Peer < (uint)rankCount) lanes.Add(lanes.Receive[a.Peer], a, text);
        }

        foreach (var rows in new[] { lanes.Send, lanes.Receive, lanes.Compute })
            foreach (var row in rows)
                Sort(row);
        Sort(lanes.Fabric);
        return lanes;
    }

    /// <summary>Time covered by at least one transfer or launch; reconfigurations are not work.</summary>
    public static long BusyPs(List<Interval> row)
    {
        var busy = 0L;
        var end = long.MinValue;
        foreach (var interval in row)
        {
            if (interval.Kind == ActivityKind.Reconfigure || interval.EndPs <= end) continue;
            busy += interval.EndPs - Math.Max(end, interval.StartPs);
            end = interval.EndPs;
        }

        return busy;
    }

    private void Add(List<Interval> row, Activity a, string text)
    {
        row.Add(new Interval(a.Kind, a.StartPs, a.EndPs, text));
        IntervalCount++;
    }

    private static string Describe(Activity a)
    {
        var when = $"{ReportText.Time(a.StartPs)} – {ReportText.Time(a.EndPs)}";
        return a.Kind switch
        {
            ActivityKind.Reconfigure => $"reconfigure before step {a.Step}: {when}",
            ActivityKind.Launch => $"launch {a.Step} on rank {a.Rank}: {ReportText.Count(a.Tokens)} rows, {when}",
            _ => $"{(a.Kind == ActivityKind.Dispatch ? "dispatch" : "combine")} step {a.Step}, {a.Rank} → {a.Peer}: {ReportText.Count(a.Tokens)} tokens, {when}",
        };
    }

    private static void Sort(List<Interval> row) =>
        row.Sort(static (a, b) => a.StartPs != b.StartPs ? a.StartPs.CompareTo(b.StartPs) : a.EndPs.CompareTo(b.EndPs));

    private static List<Interval>[] Rows(int count)
    {
        var rows = new List<Interval>[count];
        for (var i = 0; i < count; i++) rows[i] = [];
        return rows;
    }
}
