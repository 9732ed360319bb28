using System.Globalization;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Html;
using Crossweave.Reporting.Svg;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Inspections;

/// <summary>The report on a trace: skew, pair structure, locality, drift.</summary>
public static class InspectReport
{
    /// <returns>A self-contained HTML page.</returns>
    public static string Render(InspectView view, ReportContext context)
    {
        var experts = view.Load.Count == 0 ? 0 : view.Load[0].Length;
        var skew = Known(view.Layers.Select(l => l.MaxOverMeanExpert));
        var report = new HtmlReport($"Routing of {view.TraceName}")
        {
            Subtitle = $"{ReportText.Count(view.Tokens)} tokens · {view.LayerIds.Count} MoE layers × {experts} experts, top-{view.TopK}",
            Headline = $"The hottest expert of a layer gets {ReportText.Times(skew)} the mean load on average.",
        };
        report.Card("Hottest expert, max / mean", ReportText.Times(skew), "mean over layers; 1.00× is even");
        report.Card("Busiest rank, max / mean", ReportText.Times(Known(view.Layers.Select(l => l.MaxOverMeanRank))), "under the stated placement");
        report.Card("Gini", ReportText.Fixed(Known(view.Layers.Select(l => l.Gini)), 3), "0 is even, 1 is one expert");
        report.Card("Hottest tenth takes", ReportText.Percent(Known(view.Layers.Select(l => l.Top10Share))), "of all choices; 10 % is even");
        foreach (var d in view.DistinctRanks)
            report.Card($"Ranks per token, EP {d.RankCount}", ReportText.Fixed(Known(d.PerLayer)), $"random choice gives {ReportText.Fixed(d.Uniform)}");
        var positions = view.LayerIds.Select(id => ReportText.Fixed(id, 0)).ToArray();
        Load(report, view, positions);
        Locality(report, view, positions);
        Drift(report, view);
        report.Section("Numbers").Table(Layers(view));
        foreach (var table in view.Tables) report.Table(table);
        report.Section("Provenance").List(context.Assumptions);
        report.Facts([("Command", context.CommandLine), ("Crossweave", context.Version), ("Trace", view.TraceName), .. context.Facts]);
        return report.Render();
    }

    /// <summary>One row per layer, for console and files as well.</summary>
    public static Table Layers(InspectView view)
    {
        var columns = new List<Column>
        {
            new("layer"), new("max / mean expert"), new("max / mean rank"), new("Gini"), new("top 10 %"), new("co-activation"),
        };
        foreach (var d in view.DistinctRanks) columns.Add(new Column($"C_T, EP {d.RankCount}", Hint: $"uniform choice: {ReportText.Fixed(d.Uniform, 3)}"));
        var table = new Table("Layers", columns);
        for (var l = 0; l < view.Layers.Count; l++)
        {
            var layer = view.Layers[l];
            var cells = new List<Cell>
            {
                ReportText.Fixed(view.LayerIds[l], 0), Value(layer.MaxOverMeanExpert), Value(layer.MaxOverMeanRank), Value(layer.Gini),
                new(ReportText.Percent(layer.Top10Share), Raw(layer.Top10Share)), Value(layer.CoActivation),
            };
            foreach (var d in view.DistinctRanks) cells.Add(Value(d.PerLayer[l]));
            table.Add([.. cells]);
        }

        return table;
    }

    private static void Load(HtmlReport report, InspectView view, string[] positions)
    {
        report.Section("Load");
        report.Figure(ExpertLoadMap.Draw(view.Load, view.LayerIds), "Expert load, relative to the mean expert of its layer",
            "An even colour is good. A strong cell is a hot expert; when it alone exceeds the mean load of a rank, only replicas can balance the layer.");
        var series = new List<ChartSeries>
        {
            new("hottest expert", [.. view.Layers.Select(l => l.MaxOverMeanExpert)]),
            new("busiest rank", [.. view.Layers.Select(l => l.MaxOverMeanRank)]),
        };
        report.Figure(
            new LineChart { Title = "Load skew per layer", Positions = positions, Series = series, PositionTitle = "layer", ValueTitle = "max / mean", ValuesFrom = 1 }.Render(),
            "Load skew per layer", "1 is even. The distance between the lines is what packing experts onto ranks averages out by itself.");
    }

    private static void Locality(HtmlReport report, InspectView view, string[] positions)
    {
        if (view.DistinctRanks.Count == 0 && view.CoActivation is null) return;
        report.Section("Locality");
        if (view.DistinctRanks.Count > 0)
        {
            var series = new List<ChartSeries>();
            foreach (var d in view.DistinctRanks)
            {
                series.Add(new ChartSeries($"EP {d.RankCount}", d.PerLayer));
                series.Add(new ChartSeries($"EP {d.RankCount}, random choice", [.. d.PerLayer.Select(_ => d.Uniform)]));
            }

            report.Figure(
                new LineChart { Title = "Distinct ranks per token", Positions = positions, Series = series, PositionTitle = "layer", ValueTitle = "C_T" }.Render(),
                "Distinct ranks per token (C_T) beside the exact value for random choice",
                "A measured line well below its random line means that experts chosen together already sit together. On the line, nothing is local by accident.");
        }

        if (view.CoActivation is not { } pairs) return;
        report.Figure(
            new HeatMap
            {
                Title = $"Co-activation in layer {pairs.LayerId}",
                Values = pairs.Ratio,
                RowName = "expert",
                ColumnName = "expert",
                Unit = "× independence",
                Scale = ColorScaleKind.Diverging,
                Width = 720,
            }.Render(),
            $"Layer {pairs.LayerId}: how often two experts are chosen together, relative to independent choice",
            "Orange pairs are chosen together more often than chance: put them on one rank to save copies. Blue pairs avoid each other. A pale map has no structure to use.");
    }

    private static void Drift(HtmlReport report, InspectView view)
    {
        if (view.Drift.Count == 0) return;
        report.Section("Drift");
        report.Figure(
            new LineChart
            {
                Title = "Drift over the trace",
                Positions = view.DriftWindows,
                Series = view.Drift,
                PositionTitle = "window",
                ValueTitle = view.DriftMeasure,
            }.Render(),
            $"Drift: {view.DriftMeasure}", "Flat and low is good: a placement planned once stays good. A rising line asks for replanning.");
    }

    private static double Known(IEnumerable<double> values)
    {
        var known = values.Where(double.IsFinite).ToList();
        return known.Count == 0 ? double.NaN : known.Average();
    }

    private static Cell Value(double value) => new(ReportText.Fixed(value, 3), Raw(value));

    private static string Raw(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
