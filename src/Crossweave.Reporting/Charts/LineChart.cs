using System.Text;
using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>One line per series over named positions (layers, windows); gaps where a value is not finite.</summary>
public sealed record LineChart
{
    public required string Title { get; init; }

    public required IReadOnlyList<string> Positions { get; init; }

    public required IReadOnlyList<ChartSeries> Series { get; init; }

    public required string PositionTitle { get; init; }

    public required string ValueTitle { get; init; }

    /// <summary>Lower end of the value axis: 0 for amounts, 1 for ratios that cannot fall below 1.</summary>
    public double ValuesFrom { get; init; }

    public int Width { get; init; } = 960;

    public int Height { get; init; } = 280;

    public SvgImage Render()
    {
        var svg = new SvgWriter();
        var from = ValuesFrom;
        foreach (var s in Series)
            foreach (var v in s.Values)
                if (double.IsFinite(v))
                    from = Math.Min(from, v);
        var frame = new Frame(svg, Width, Height, Axis.Cover(from, Frame.Largest(Series), 5), ValueTitle);
        var cell = (frame.Right - frame.Left) / Math.Max(1, Positions.Count);
        for (var s = 0; s < Series.Count; s++) Draw(svg, frame, s, cell);
        frame.Positions(Positions, PositionTitle);
        frame.Legend(Series, isFilled: false);
        return svg.Finish(Width, Height, Title, $"{Series.Count} lines over {Positions.Count} x {PositionTitle}; largest value {ReportText.Short(Frame.Largest(Series))}.");
    }

    private void Draw(SvgWriter svg, Frame frame, int index, double cell)
    {
        var values = Series[index].Values;
        var path = new StringBuilder();
        var isOpen = false;
        for (var i = 0; i < Math.Min(values.Count, Positions.Count); i++)
        {
            if (!double.IsFinite(values[i]))
            {
                isOpen = false;
                continue;
            }

            var x = Markup.Number(frame.Left + ((i + 0.5) * cell));
            path.Append(isOpen ? 'L' : 'M').Append(x).Append(' ').Append(Markup.Number(frame.Y(values[i])));
            isOpen = true;
        }

        if (path.Length > 0) svg.Path(Frame.LineStyle(index), path.ToString());
        for (var i = 0; i < Math.Min(values.Count, Positions.Count); i++)
        {
            if (!double.IsFinite(values[i])) continue;
            var text = $"{PositionTitle} {Positions[i]}, {Series[index].Name}: {ReportText.Short(values[i])}";
            svg.Circle(frame.Left + ((i + 0.5) * cell), frame.Y(values[i]), Positions.Count > 80 ? 1.5 : 2.6, $"f{index % ChartStyle.SeriesColorCount}", text);
        }
    }
}
