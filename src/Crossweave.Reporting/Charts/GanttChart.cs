using System.Text;
using Crossweave.Core.Layers;
using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>
/// The timeline of one layer: a lane per rank with a row each for its send port, its receive port (up to
/// <see cref="ReceiveRowLimit"/> ranks) and its compute. Whatever is not filled is idle, and each lane states its idle shares.
/// Reconfigurations are marks above the lanes; the best lower bound is dashed, the makespan solid.
/// </summary>
public sealed record GanttChart
{
    /// <summary>Most ranks whose receive ports get a row of their own.</summary>
    public const int ReceiveRowLimit = 32;

    /// <summary>Most intervals that get a tooltip each; above, one tooltip per lane.</summary>
    private const int TooltipLimit = 1_500;

    private const double Top = 66;

    public required string Title { get; init; }

    public required LayerOutcome Outcome { get; init; }

    /// <summary>Lanes; ranks without an activity stay empty.</summary>
    public required int RankCount { get; init; }

    /// <summary>End of the time axis, to draw several timelines on one scale; the makespan when null.</summary>
    public long? AxisEndPs { get; init; }

    public int Width { get; init; } = 960;

    public SvgImage Render()
    {
        var svg = new SvgWriter();
        var lanes = GanttLanes.Build(Outcome.Activities, RankCount);
        var makespan = Outcome.Makespan.Picoseconds;
        var span = Math.Max(1, Math.Max(AxisEndPs ?? 0, Math.Max(makespan, lanes.EndPs)));
        var hasReceive = RankCount <= ReceiveRowLimit;
        var rowCount = hasReceive ? 3 : 2;
        var rowHeight = Math.Clamp(Math.Floor(((620.0 / RankCount) - 4) / rowCount), 3, 11);
        var pitch = (rowHeight * rowCount) + (RankCount <= 16 ? 6 : 3);
        var left = 46.0;
        var right = Width - 132.0;
        var bottom = Top + (RankCount * pitch);
        double X(long ps) => left + ((right - left) * ps / span);

        TimeAxis(svg, span, left, right, bottom);
        Legend(svg, left, hasReceive);
        var isDetailed = lanes.IntervalCount <= TooltipLimit;
        var labelStride = Axis.LabelStride(RankCount, pitch, 11);
        for (var rank = 0; rank < RankCount; rank++)
        {
            var y = Top + (rank * pitch);
            if (rank % labelStride == 0) svg.Text(left - 6, y + (pitch / 2) + 2, ReportText.Count(rank), "t e");
            var rows = hasReceive
                ? [lanes.Send[rank], lanes.Receive[rank], lanes.Compute[rank]]
                : new[] { lanes.Send[rank], lanes.Compute[rank] };
            for (var r = 0; r < rows.Length; r++) svg.Rect(left, y + (r * rowHeight), X(makespan) - left, rowHeight - 1, "lane");
            for (var r = 0; r < rows.Length; r++) DrawRow(svg, rows[r], y + (r * rowHeight), rowHeight - 1, X, isDetailed);
            var idle = $"{Idle(lanes.Send[rank], makespan)}  {Idle(lanes.Receive[rank], makespan)}  {Idle(lanes.Compute[rank], makespan)}";
            if (rank % labelStride == 0) svg.Text(Width - 12, y + (pitch / 2) + 2, idle, "t e");
            if (!isDetailed) svg.Rect(left, y, X(makespan) - left, rowHeight * rowCount, "hit", LaneText(rank, lanes, makespan));
        }

        svg.Text(Width - 12, Top - 18, "idle %", "t e b").Text(Width - 12, Top - 6, "send  recv  comp", "t e x");
        svg.UpwardText(12, (Top + bottom) / 2, "rank");
        Reconfigurations(svg, lanes, X, bottom);
        var summary = Limits(svg, lanes, X, bottom, makespan);
        return svg.Finish(Width, bottom + 58, Title, summary);
    }

    private static string Idle(List<Interval> row, long makespan) =>
        ReportText.Fixed(makespan <= 0 ? 0 : 100.0 * (makespan - GanttLanes.BusyPs(row)) / makespan, 0).PadLeft(3, '\u2007');

    private static string LaneText(int rank, GanttLanes lanes, long makespan) =>
        $"rank {rank}: idle send {Idle(lanes.Send[rank], makespan).Trim('\u2007')} %, receive {Idle(lanes.Receive[rank], makespan).Trim('\u2007')} %, " +
        $"compute {Idle(lanes.Compute[rank], makespan).Trim('\u2007')} %";

    private static string StyleOf(ActivityKind kind) => kind switch
    {
        ActivityKind.Dispatch => "send",
        ActivityKind.Combine => "back",
        ActivityKind.Reconfigure => "setup",
        _ => "work",
    };

    // One stroke per visible interval and one path per kind; intervals that no pixel separates have been joined.
    private static void DrawRow(SvgWriter svg, List<Interval> row, double y, double height, Func<long, double> x, bool isDetailed)
    {
        foreach (var kind in new[] { ActivityKind.Dispatch, ActivityKind.Launch, ActivityKind.Combine, ActivityKind.Reconfigure })
        {
            var path = new StringBuilder();
            var pen = 0.0;
            double from = -1, to = -1;
            foreach (var interval in row)
            {
                if (interval.Kind != kind) continue;
                var start = Math.Round(x(interval.StartPs), 1);
                var end = Math.Max(start + 0.3, Math.Round(x(interval.EndPs), 1));
                if (from >= 0 && start - to < 0.4 && (end - start < 3 || to - from < 3)) // too small to be told apart
                {
                    to = end;
                    continue;
                }

                if (from >= 0) pen = Stroke(path, from, to, y + (height / 2), pen);
                (from, to) = (start, end);
            }

            if (from >= 0) Stroke(path, from, to, y + (height / 2), pen);
            if (path.Length > 0) svg.Path(StyleOf(kind), path.ToString(), height);
        }

        if (!isDetailed) return;
        foreach (var interval in row) svg.Rect(x(interval.StartPs), y, x(interval.EndPs) - x(interval.StartPs), height, "hit", interval.Text);
    }

    private static double Stroke(StringBuilder path, double from, double to, double y, double pen)
    {
        var end = to - from > 3 ? to - 0.6 : to; // a hair line between neighbours
        if (path.Length == 0) path.Append('M').Append(Markup.Number(from)).Append(' ').Append(Markup.Number(y));
        else path.Append('m').Append(Markup.Number(from - pen)).Append(" 0");
        path.Append('h').Append(Markup.Number(end - from));
        return end;
    }

    private static void TimeAxis(SvgWriter svg, long span, double left, double right, double bottom)
    {
        var (unitPs, unit) = span switch
        {
            < 10_000 => (1.0, "ps"),
            < 10_000_000 => (1e3, "ns"),
            < 10_000_000_000 => (1e6, "µs"),
            < 10_000_000_000_000 => (1e9, "ms"),
            _ => (1e12, "s"),
        };
        var axis = Axis.Cover(0, span / unitPs, 8, keepEnd: true);
        foreach (var tick in axis.Ticks)
        {
            var x = left + ((right - left) * axis.Position(tick));
            svg.Line(x, Top - 4, x, bottom + 4, "grid").Text(x, bottom + 18, ReportText.Short(tick), "t m");
        }

        svg.Text((left + right) / 2, bottom + 38, $"time ({unit})", "t m");
    }

    private static void Legend(SvgWriter svg, double left, bool hasReceive)
    {
        var x = left;
        foreach (var (style, name) in new[] { ("send", "dispatch"), ("work", "expert compute"), ("back", "combine"), ("setup", "reconfigure") })
        {
            svg.Path(style, $"M{Markup.Number(x)} 8h12", 9).Text(x + 16, 12, name);
            x += 30 + (name.Length * SvgWriter.CharWidth);
        }

        svg.Rect(x, 4, 12, 9, "lane").Text(x + 16, 12, "idle");
        svg.Text(x + 54, 12, hasReceive ? "rows per rank: send port, receive port, compute" : "rows per rank: send port, compute");
    }

    private static void Reconfigurations(SvgWriter svg, GanttLanes lanes, Func<long, double> x, double bottom)
    {
        if (lanes.Fabric.Count == 0) return;
        var marks = new StringBuilder();
        var last = double.NegativeInfinity;
        foreach (var interval in lanes.Fabric)
        {
            var start = Math.Round(x(interval.StartPs), 1);
            var width = Math.Max(0.7, Math.Round(x(interval.EndPs) - start, 1));
            if (start + width - last < 0.4) continue;
            marks.Append('M').Append(Markup.Number(start)).Append(' ').Append(Markup.Number(Top - 5)).Append('h').Append(Markup.Number(width));
            if (width >= 2.5) svg.Rect(start, Top, width, bottom - Top, "hit", interval.Text);
            last = start + width;
        }

        svg.Path("setup", marks.ToString(), 6);
    }

    private string Limits(SvgWriter svg, GanttLanes lanes, Func<long, double> x, double bottom, long makespan)
    {
        var bound = Outcome.BestBound;
        var boundX = x(bound.Value.Picoseconds);
        svg.Line(boundX, Top - 12, boundX, bottom + 2, "bound").Line(x(makespan), Top - 24, x(makespan), bottom + 2, "end");
        Label(svg, x(makespan), 36, $"finished {ReportText.Time(makespan)}");
        Label(svg, boundX, 50, $"lower bound {ReportText.Time(bound.Value.Picoseconds)} ({bound.Name}), gap {ReportText.Times(Outcome.Gap, 3)}");
        var idle = $"Idle on average: send ports {Average(lanes.Send, makespan)}, receive ports {Average(lanes.Receive, makespan)}, compute {Average(lanes.Compute, makespan)}";
        svg.Text(46, bottom + 54, $"{idle} of {ReportText.Time(makespan)}. Bottleneck of the bound: {bound.Bottleneck}.", "t b");
        return $"{RankCount} ranks, {ReportText.Time(makespan)}, lower bound {ReportText.Time(bound.Value.Picoseconds)} ({bound.Bottleneck}). {idle}.";
    }

    private void Label(SvgWriter svg, double x, double y, string text)
    {
        var isLeft = x > Width / 2.0;
        svg.Text(isLeft ? x - 5 : x + 5, y, text, isLeft ? "t b e" : "t b");
    }

    private static string Average(List<Interval>[] rows, long makespan)
    {
        if (makespan <= 0) return ReportText.Percent(0, 0);
        var busy = 0.0;
        foreach (var row in rows) busy += GanttLanes.BusyPs(row);
        return ReportText.Percent(1 - (busy / makespan / rows.Length), 0);
    }
}
