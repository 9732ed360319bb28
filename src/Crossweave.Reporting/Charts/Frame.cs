using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>Plot area with a value axis on the left and named positions below; shared by bars and lines.</summary>
internal sealed class Frame
{
    private const double Top = 40;

    private readonly SvgWriter _svg;

    public Frame(SvgWriter svg, int width, int height, Axis values, string valueTitle)
    {
        _svg = svg;
        Values = values;
        Left = 30 + Math.Max(24, Axis.WidestLabel(values.Ticks.Select(ReportText.Short)));
        Right = width - 14;
        Bottom = height - 44;
        foreach (var tick in values.Ticks)
        {
            svg.Line(Left, Y(tick), Right, Y(tick), "grid");
            svg.Text(Left - 6, Y(tick) + 4, ReportText.Short(tick), "t e");
        }

        svg.UpwardText(12, (Top + Bottom) / 2, valueTitle);
    }

    public Axis Values { get; }

    public double Left { get; }

    public double Right { get; }

    public double Bottom { get; }

    public double Y(double value) => Bottom - (Values.Position(value) * (Bottom - Top));

    /// <summary>Baseline, position labels (thinned to fit) and the axis title.</summary>
    public void Positions(IReadOnlyList<string> labels, string title)
    {
        _svg.Line(Left, Bottom, Right, Bottom, "axis");
        var cell = (Right - Left) / Math.Max(1, labels.Count);
        var stride = Axis.LabelStride(labels.Count, cell, Axis.WidestLabel(labels) + 6);
        for (var i = 0; i < labels.Count; i += stride) _svg.Text(Left + ((i + 0.5) * cell), Bottom + 15, labels[i], "t m");
        _svg.Text((Left + Right) / 2, Bottom + 34, title, "t m");
    }

    /// <summary>Coloured names above the plot, wrapped before the right edge.</summary>
    public void Legend(IReadOnlyList<ChartSeries> series, bool isFilled)
    {
        var x = Left;
        var y = 12.0;
        for (var i = 0; i < series.Count; i++)
        {
            var width = 30 + (series[i].Name.Length * SvgWriter.CharWidth);
            if (x + width > Right && x > Left)
            {
                x = Left;
                y += 14;
            }

            if (isFilled) _svg.Rect(x, y - 8, 12, 9, $"f{i % ChartStyle.SeriesColorCount}");
            else _svg.Line(x, y - 4, x + 16, y - 4, LineStyle(i));
            _svg.Text(x + (isFilled ? 16 : 20), y, series[i].Name);
            x += width;
        }
    }

    /// <summary>Colour by index, then another dash: never colour alone beyond the first round.</summary>
    public static string LineStyle(int index)
    {
        var dash = (index % 3) switch { 0 => string.Empty, 1 => " dash", _ => " dot" };
        return $"line k{index % ChartStyle.SeriesColorCount}{dash}";
    }

    public static double Largest(IReadOnlyList<ChartSeries> series)
    {
        var largest = 0.0;
        foreach (var s in series)
            foreach (var v in s.Values)
                if (double.IsFinite(v))
                    largest = Math.Max(largest, v);
        return largest;
    }
}
