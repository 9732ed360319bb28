using Crossweave.Core.Traffic;
using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>A traffic matrix and what to call it.</summary>
public sealed record TrafficPanel(string Name, TrafficMatrix Traffic);

/// <summary>
/// Traffic matrices side by side on one colour scale (the largest entry that needs a port), with node boundaries, the hottest
/// pair framed, and the shares that stay local or cross nodes. Local traffic (the diagonal) is grey: it is not on the wire.
/// </summary>
public sealed record TrafficHeatMap
{
    private const double PanelTop = 78;

    public required string Title { get; init; }

    public required IReadOnlyList<TrafficPanel> Panels { get; init; }

    /// <summary>Servers; rank r is on node r / (ranks / nodes).</summary>
    public int NodeCount { get; init; } = 1;

    public int Width { get; init; } = 960;

    public SvgImage Render()
    {
        var svg = new SvgWriter();
        var n = Panels.Max(p => p.Traffic.RankCount);
        var pitch = (double)Width / Math.Max(2, Panels.Count);
        var cell = HeatMap.CellSize(pitch - 66, n, 44);
        var largest = 1L;
        foreach (var panel in Panels) largest = Math.Max(largest, Hottest(panel.Traffic).Tokens);
        svg.Text(36, 20, "0");
        CellRuns.DrawBar(svg, 46, 11, 165, 10, ColorScaleKind.Sequential);
        svg.Rect(46, 11, 165, 10, "frame").Text(217, 20, $"{ReportText.Short(largest)} tokens per pair");
        svg.Rect(400, 11, 10, 10, "localbox").Text(415, 20, "stays on its rank (no wire)");
        var sentences = new List<string>();
        for (var p = 0; p < Panels.Count; p++) sentences.Add(Draw(svg, Panels[p], (p * pitch) + 46, cell, largest));
        return svg.Finish(Width, PanelTop + (n * cell) + 40, Title, string.Join(' ', sentences));
    }

    private string Draw(SvgWriter svg, TrafficPanel panel, double left, double cell, long largest)
    {
        var traffic = panel.Traffic;
        var n = traffic.RankCount;
        var levels = new int[n * n];
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                levels[(s * n) + t] = s == t ? CellRuns.Local : ColorScale.Level((double)traffic[s, t] / largest);
        var hot = Hottest(traffic);
        var total = Math.Max(1, traffic.Total());
        var hotText = hot.Tokens == 0 ? "nothing on the wire" : $"hottest pair {hot.Source} → {hot.Target}: {ReportText.Count(hot.Tokens)} tokens";
        var shares = $"{ReportText.Percent((double)traffic.LocalTotal() / total)} local, {ReportText.Percent(CrossNodeShare(traffic, NodeCount))} across nodes";
        svg.Text(left, 46, panel.Name, "t b l");
        svg.Text(left, 62, $"{hotText} · {shares}");
        CellRuns.Draw(svg, levels, n, left, PanelTop, cell, cell, ColorScaleKind.Sequential);
        svg.Rect(left, PanelTop, n * cell, n * cell, "frame");
        NodeBoundaries(svg, n, left, cell);
        var stride = Axis.LabelStride(n, cell, Axis.WidestLabel([ReportText.Count(n - 1)]) + 4);
        for (var i = 0; i < n; i += stride)
        {
            svg.Text(left - 5, PanelTop + ((i + 0.5) * cell) + 4, ReportText.Count(i), "t e");
            svg.Text(left + ((i + 0.5) * cell), PanelTop + (n * cell) + 14, ReportText.Count(i), "t m");
        }

        svg.UpwardText(left - 30, PanelTop + (n * cell / 2), "from rank");
        svg.Text(left + (n * cell / 2), PanelTop + (n * cell) + 32, "to rank", "t m");
        if (hot.Tokens > 0) svg.Rect(left + (hot.Target * cell) - 1, PanelTop + (hot.Source * cell) - 1, cell + 2, cell + 2, "mark");
        Tooltips(svg, traffic, left, cell);
        return $"{panel.Name}: {hotText}; {shares}.";
    }

    private void NodeBoundaries(SvgWriter svg, int n, double left, double cell)
    {
        if (NodeCount <= 1 || n % NodeCount != 0) return;
        var perNode = n / NodeCount;
        for (var node = 1; node < NodeCount; node++)
        {
            var at = node * perNode * cell;
            svg.Line(left + at, PanelTop, left + at, PanelTop + (n * cell), "node");
            svg.Line(left, PanelTop + at, left + (n * cell), PanelTop + at, "node");
        }
    }

    private static void Tooltips(SvgWriter svg, TrafficMatrix traffic, double left, double cell)
    {
        var n = traffic.RankCount;
        for (var s = 0; s < n; s++)
        {
            var y = PanelTop + (s * cell);
            if (n * n > HeatMap.TooltipCellLimit)
            {
                svg.Rect(left, y, n * cell, cell, "hit", $"rank {s} sends {ReportText.Count(traffic.Sent(s))} tokens, receives {ReportText.Count(traffic.Received(s))}");
                continue;
            }

            for (var t = 0; t < n; t++)
            {
                var way = s == t ? $"{s} (local)" : $"{s} → {t}";
                svg.Rect(left + (t * cell), y, cell, cell, "hit", $"{way}: {ReportText.Count(traffic[s, t])}");
            }
        }
    }

    /// <summary>The largest off-diagonal entry; the first in row order on ties.</summary>
    internal static (int Source, int Target, long Tokens) Hottest(TrafficMatrix traffic)
    {
        var best = (Source: 0, Target: 0, Tokens: 0L);
        for (var s = 0; s < traffic.RankCount; s++)
            for (var t = 0; t < traffic.RankCount; t++)
                if (s != t && traffic[s, t] > best.Tokens)
                    best = (s, t, traffic[s, t]);
        return best;
    }

    /// <summary>Share of all tokens, local ones included, whose source and target are on different nodes.</summary>
    internal static double CrossNodeShare(TrafficMatrix traffic, int nodeCount)
    {
        var n = traffic.RankCount;
        if (nodeCount <= 1 || n % nodeCount != 0) return 0;
        var perNode = n / nodeCount;
        var crossing = 0L;
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                if (s / perNode != t / perNode)
                    crossing += traffic[s, t];
        return (double)crossing / Math.Max(1, traffic.Total());
    }
}
