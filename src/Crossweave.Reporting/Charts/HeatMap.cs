using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>
/// Rows x columns of values as colours, with a colour bar and the largest cell framed. Up to <see cref="TooltipCellLimit"/> cells
/// every cell has a tooltip; larger maps have one per row, which keeps 58 x 256 under 150 kB.
/// </summary>
public sealed record HeatMap
{
    /// <summary>Most cells that get a tooltip each.</summary>
    public const int TooltipCellLimit = 1_100;

    public required string Title { get; init; }

    /// <summary>[row][column]; all rows equally long; NaN is drawn as empty.</summary>
    public required IReadOnlyList<double[]> Values { get; init; }

    /// <summary>For example "layer".</summary>
    public required string RowName { get; init; }

    /// <summary>For example "expert".</summary>
    public required string ColumnName { get; init; }

    /// <summary>Row labels; 0, 1, ... when null.</summary>
    public IReadOnlyList<string>? RowLabels { get; init; }

    /// <summary>Column labels; 0, 1, ... when null.</summary>
    public IReadOnlyList<string>? ColumnLabels { get; init; }

    /// <summary>What the colour bar counts, for example "× the layer's mean".</summary>
    public required string Unit { get; init; }

    public ColorScaleKind Scale { get; init; }

    /// <summary>Value of the strongest colour; the largest value (or ratio) when null.</summary>
    public double? Maximum { get; init; }

    /// <summary>Total width in pixels.</summary>
    public int Width { get; init; } = 960;

    /// <summary>Smallest ratio range of a diverging bar, so that noise does not look like structure.</summary>
    private const double LeastRatio = 1.25;

    public SvgImage Render()
    {
        var rows = Values.Count;
        var columns = rows == 0 ? 0 : Values[0].Length;
        var rowLabels = Labels(RowLabels, rows);
        var columnLabels = Labels(ColumnLabels, columns);
        var left = 30 + Math.Max(18, Axis.WidestLabel(rowLabels));
        var cellWidth = CellSize(Width - left - 12, columns, 28);
        var cellHeight = rows <= 4 ? 22 : Math.Clamp(Math.Floor(520.0 / rows), 5, 18);
        const double Top = 44;
        var bottom = Top + (rows * cellHeight);

        var (largest, maxRow, maxColumn) = FindLargest();
        var scaleEnd = ScaleEnd(largest);
        var levels = new int[rows * columns];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
                levels[(r * columns) + c] = LevelOf(Values[r][c], scaleEnd);

        var svg = new SvgWriter();
        ColorBar(svg, left, scaleEnd);
        if (maxRow >= 0) svg.Text(Width - 12, 20, "most: " + CellText(maxRow, maxColumn, rowLabels, columnLabels), "t e b");
        if (columns > 0) CellRuns.Draw(svg, levels, columns, left, Top, cellWidth, cellHeight, Scale);
        svg.Rect(left, Top, columns * cellWidth, rows * cellHeight, "frame");
        DrawLabels(svg, rowLabels, columnLabels, left, Top, cellWidth, cellHeight);
        if (maxRow >= 0)
            svg.Rect(left + (maxColumn * cellWidth) - 2, Top + (maxRow * cellHeight) - 2, cellWidth + 4, cellHeight + 4, "mark");
        Tooltips(svg, rowLabels, columnLabels, left, Top, cellWidth, cellHeight);
        svg.Text(left + (columns * cellWidth / 2), bottom + 32, ColumnName, "t m");
        svg.UpwardText(12, Top + (rows * cellHeight / 2), RowName);
        var description = maxRow < 0
            ? "No values."
            : $"{rows} by {columns} values; most: {CellText(maxRow, maxColumn, rowLabels, columnLabels)}.";
        return svg.Finish(Width, bottom + 42, Title, description);
    }

    internal static double CellSize(double room, int count, double most)
    {
        var size = Math.Min(most, room / Math.Max(1, count));
        return size >= 2 ? Math.Floor(size) : Math.Max(0.05, Math.Floor(size * 20) / 20);
    }

    private static string[] Labels(IReadOnlyList<string>? given, int count)
    {
        var labels = new string[count];
        for (var i = 0; i < count; i++) labels[i] = given is not null && i < given.Count ? given[i] : ReportText.Count(i);
        return labels;
    }

    private (double Value, int Row, int Column) FindLargest()
    {
        var best = (Value: double.NegativeInfinity, Row: -1, Column: -1);
        for (var r = 0; r < Values.Count; r++)
            for (var c = 0; c < Values[r].Length; c++)
                if (double.IsFinite(Values[r][c]) && Values[r][c] > best.Value)
                    best = (Values[r][c], r, c);
        return best;
    }

    private double ScaleEnd(double largest)
    {
        if (Maximum is { } fixedEnd) return fixedEnd;
        if (Scale == ColorScaleKind.Sequential) return largest > 0 ? largest : 1;
        var ratio = LeastRatio;
        foreach (var row in Values)
            foreach (var v in row)
                if (double.IsFinite(v) && v > 0)
                    ratio = Math.Max(ratio, Math.Max(v, 1 / v));
        return Math.Min(ratio, 8); // beyond a factor of eight the colours would only show the outlier
    }

    private int LevelOf(double value, double scaleEnd)
    {
        if (!double.IsFinite(value)) return CellRuns.Void;
        if (Scale == ColorScaleKind.Sequential) return ColorScale.Level(value / scaleEnd);
        return ColorScale.Level(value <= 0 ? 0 : 0.5 + (0.5 * Math.Log(value) / Math.Log(scaleEnd)));
    }

    private void ColorBar(SvgWriter svg, double left, double scaleEnd)
    {
        var low = Scale == ColorScaleKind.Sequential ? "0" : ReportText.Short(1 / scaleEnd);
        var x = left + (low.Length * SvgWriter.CharWidth) + 6;
        svg.Text(left, 20, low);
        CellRuns.DrawBar(svg, x, 11, 165, 10, Scale);
        svg.Rect(x, 11, 165, 10, "frame");
        svg.Text(x + 171, 20, $"{ReportText.Short(scaleEnd)} {Unit}");
    }

    private static void DrawLabels(SvgWriter svg, string[] rowLabels, string[] columnLabels, double left, double top, double width, double height)
    {
        var stride = Axis.LabelStride(rowLabels.Length, height, 12);
        for (var r = 0; r < rowLabels.Length; r += stride) svg.Text(left - 6, top + ((r + 0.5) * height) + 4, rowLabels[r], "t e");
        stride = Axis.LabelStride(columnLabels.Length, width, Axis.WidestLabel(columnLabels) + 6);
        var y = top + (rowLabels.Length * height) + 15;
        for (var c = 0; c < columnLabels.Length; c += stride) svg.Text(left + ((c + 0.5) * width), y, columnLabels[c], "t m");
    }

    private void Tooltips(SvgWriter svg, string[] rowLabels, string[] columnLabels, double left, double top, double width, double height)
    {
        var isPerCell = Values.Count * columnLabels.Length <= TooltipCellLimit;
        for (var r = 0; r < Values.Count; r++)
        {
            var y = top + (r * height);
            if (!isPerCell)
            {
                var most = 0;
                for (var c = 1; c < Values[r].Length; c++)
                    if (Values[r][c] > Values[r][most] || double.IsNaN(Values[r][most]))
                        most = c;
                svg.Rect(left, y, width * Values[r].Length, height, "hit", "most in row: " + CellText(r, most, rowLabels, columnLabels));
                continue;
            }

            for (var c = 0; c < Values[r].Length; c++)
                svg.Rect(left + (c * width), y, width, height, "hit", CellText(r, c, rowLabels, columnLabels));
        }
    }

    private string CellText(int row, int column, string[] rowLabels, string[] columnLabels) =>
        $"{RowName} {rowLabels[row]}, {ColumnName} {columnLabels[column]}: {ReportText.Short(Values[row][column])} {Unit}";
}
