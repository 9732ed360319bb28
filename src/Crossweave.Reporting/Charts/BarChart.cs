using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>Grouped bars from zero, one group per category, with an optional reference line such as the mean.</summary>
public sealed record BarChart
{
    public required string Title { get; init; }

    /// <summary>One per group, for example rank numbers.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>One bar per series and category; negative values are drawn as zero.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    public required string CategoryTitle { get; init; }

    public required string ValueTitle { get; init; }

    /// <summary>Height of the dashed line; none when null.</summary>
    public double? Reference { get; init; }

    /// <summary>For example "mean".</summary>
    public string ReferenceName { get; init; } = "mean";

    public int Width { get; init; } = 960;

    public int Height { get; init; } = 300;

    public SvgImage Render()
    {
        var svg = new SvgWriter();
        var axis = Axis.Cover(0, Math.Max(Frame.Largest(Series), Reference ?? 0), 5);
        var frame = new Frame(svg, Width, Height, axis, ValueTitle);
        var cell = (frame.Right - frame.Left) / Math.Max(1, Categories.Count);
        var bar = cell * 0.8 / Math.Max(1, Series.Count);
        for (var s = 0; s < Series.Count; s++)
        {
            for (var i = 0; i < Math.Min(Categories.Count, Series[s].Values.Count); i++)
            {
                var value = Series[s].Values[i];
                if (!double.IsFinite(value)) continue;
                var y = frame.Y(Math.Max(0, value));
                var x = frame.Left + ((i + 0.1) * cell) + (s * bar);
                var text = $"{CategoryTitle} {Categories[i]}, {Series[s].Name}: {ReportText.Short(value)}";
                svg.Rect(x, y, Math.Max(0.5, bar - Math.Min(1, bar * 0.1)), frame.Bottom - y, $"f{s % ChartStyle.SeriesColorCount}", text);
            }
        }

        frame.Positions(Categories, CategoryTitle);
        frame.Legend(Series, isFilled: true);
        if (Reference is { } level && double.IsFinite(level))
        {
            svg.Line(frame.Left, frame.Y(level), frame.Right, frame.Y(level), "mean");
            svg.Text(frame.Right, 12, $"- - {ReferenceName} {ReportText.Short(level)}", "t e b");
        }

        return svg.Finish(Width, Height, Title, $"Bars for {Categories.Count} x {CategoryTitle}; largest value {ReportText.Short(Frame.Largest(Series))}.");
    }
}
