using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>One bar of a <see cref="PhaseChart"/>.</summary>
/// <param name="Row">What it is written beside.</param>
/// <param name="Name">The phase.</param>
/// <param name="Start">On the time axis.</param>
/// <param name="End">Not before the start.</param>
/// <param name="Series">Colour, for example one per model.</param>
public readonly record struct PhaseBar(string Row, string Name, long Start, long End, int Series);

/// <summary>Phases over time: a row each, in the order given, with start and end in the tooltip.</summary>
public sealed record PhaseChart
{
    private const double Top = 30;
    private const double RowHeight = 18;

    public required string Title { get; init; }

    public required IReadOnlyList<PhaseBar> Bars { get; init; }

    /// <summary>Writes a time.</summary>
    public required Func<long, string> Time { get; init; }

    public int Width { get; init; } = 960;

    public SvgImage Render()
    {
        var svg = new SvgWriter();
        var end = Bars.Count == 0 ? 0 : Bars.Max(b => b.End);
        var axis = Axis.Cover(0, end, 8, keepEnd: true);
        var (left, right) = (Axis.WidestLabel(Bars.Select(b => $"{b.Row} {b.Name}")) + 20, Width - 60.0);
        var bottom = Top + (Bars.Count * RowHeight);
        double X(double time) => left + ((right - left) * axis.Position(time));
        foreach (var tick in axis.Ticks) svg.Line(X(tick), Top, X(tick), bottom, "grid").Text(X(tick), bottom + 16, Time((long)tick), "t m");
        for (var k = 0; k < Bars.Count; k++)
        {
            var (bar, y) = (Bars[k], Top + (k * RowHeight));
            svg.Text(left - 6, y + 12, $"{bar.Row} {bar.Name}", "t e");
            svg.Rect(X(bar.Start), y + 2, X(bar.End) - X(bar.Start), RowHeight - 4, $"f{bar.Series % ChartStyle.SeriesColorCount}", $"{bar.Row} {bar.Name}: {Time(bar.Start)} to {Time(bar.End)}");
        }

        svg.Text(left, 16, Title, "t b").Text(right, 16, Time(end), "t e b");
        return svg.Finish(Width, bottom + 28, Title, $"{Bars.Count} phases; the last ends at {Time(end)}.");
    }
}
