using System.Globalization;
using System.Text;

namespace Crossweave.Reporting.Svg;

/// <summary>
/// Draws a grid of coloured cells as one path per colour: every horizontal run of equal colour is one stroke of width 1, in cell
/// units. About seven bytes per run instead of seventy per cell.
/// </summary>
internal static class CellRuns
{
    /// <summary>Level of a cell without a value.</summary>
    public const int Void = -1;

    /// <summary>Level of a cell that is not part of the scale (local traffic).</summary>
    public const int Local = -2;

    /// <param name="svg">Target.</param>
    /// <param name="levels">[row, column], row-major: a colour level, <see cref="Void"/> or <see cref="Local"/>.</param>
    /// <param name="columnCount">Cells per row.</param>
    /// <param name="x">Left edge of the grid.</param>
    /// <param name="y">Top edge of the grid.</param>
    /// <param name="cellWidth">Pixels.</param>
    /// <param name="cellHeight">Pixels.</param>
    /// <param name="kind">Scale of the levels.</param>
    public static void Draw(
        SvgWriter svg, ReadOnlySpan<int> levels, int columnCount, double x, double y, double cellWidth, double cellHeight, ColorScaleKind kind)
    {
        var paths = new StringBuilder?[ColorScale.LevelCount + 2];
        var lastRow = new int[paths.Length];
        var lastEnd = new int[paths.Length];
        Array.Fill(lastRow, -1);
        for (var start = 0; start < levels.Length;)
        {
            var row = start / columnCount;
            var rowEnd = (row + 1) * columnCount;
            var end = start + 1;
            while (end < rowEnd && levels[end] == levels[start]) end++;
            var slot = levels[start] + 2;
            var path = paths[slot] ??= new StringBuilder();
            var column = start - (row * columnCount);
            if (lastRow[slot] == row) path.Append(CultureInfo.InvariantCulture, $"m{column - lastEnd[slot]} 0");
            else path.Append(CultureInfo.InvariantCulture, $"M{column} {row}.5");
            path.Append(CultureInfo.InvariantCulture, $"h{end - start}");
            lastRow[slot] = row;
            lastEnd[slot] = end - (row * columnCount);
            start = end;
        }

        svg.BeginGroup(x, y, cellWidth, cellHeight, "cells");
        for (var slot = 0; slot < paths.Length; slot++)
        {
            if (paths[slot] is not { } path) continue;
            var style = slot switch { 0 => "local", 1 => "void", _ => $"{ColorScale.ClassPrefix(kind)}{slot - 2}" };
            svg.Path(style, path.ToString());
        }

        svg.EndGroup();
    }

    /// <summary>A horizontal bar with every colour of the scale, least on the left.</summary>
    public static void DrawBar(SvgWriter svg, double x, double y, double width, double height, ColorScaleKind kind)
    {
        Span<int> levels = stackalloc int[ColorScale.LevelCount];
        for (var i = 0; i < levels.Length; i++) levels[i] = i;
        Draw(svg, levels, levels.Length, x, y, width / levels.Length, height, kind);
    }
}
