using Crossweave.Core.Pipeline;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Html;

namespace Crossweave.Reporting.Plans;

/// <summary>The report of the main job: one page that answers what was chosen, what it gains, what limits it, and shows why.</summary>
public static class PlanReport
{
    /// <summary>Rows of the method table shown before it must be opened.</summary>
    private const int OpenRows = 12;

    /// <returns>A self-contained HTML page; the same result and context give the same bytes.</returns>
    public static string Render(PlanResult plan, ReportContext context)
    {
        var facts = new PlanFacts(plan);
        var report = new HtmlReport($"Expert placement and schedule for {plan.ModelName}")
        {
            Subtitle = $"{plan.TraceName} · {plan.LayerIds.Count} MoE layers × {plan.ExpertCount} experts, top-{plan.TopK} · " +
                $"{Many(plan.RankCount, "rank")} on {Many(plan.NodeCount, "node")}, {plan.SlotCount} slots per layer · {plan.FabricName}, {plan.FabricText}",
            Headline = PlanWords.Headline(facts),
        };
        Cards(report, facts);
        Methods(report, facts);
        Load(report, facts);
        Traffic(report, facts);
        Timeline(report, facts);
        Layers(report, facts);
        Provenance(report, plan, context);
        return report.Render();
    }

    internal static string Many(long count, string noun, string? plural = null) => $"{ReportText.Count(count)} {(count == 1 ? noun : plural ?? noun + "s")}";

    private static void Cards(HtmlReport report, PlanFacts facts)
    {
        var chosen = facts.ChosenSchedule;
        var (bottleneck, layers) = facts.CommonBottleneck();
        report.Card("Predicted time, all layers", ReportText.Time(chosen.TotalPs),
            facts.BaselineSchedule is { } before ? $"{facts.Baseline.Planner} before: {ReportText.Time(before.TotalPs)}" : "no baseline was run");
        report.Card("Gap to the lower bound", ReportText.Times(chosen.Gap, 3), $"1.000× is optimal for this placement and kind of schedule; bound {ReportText.Time(chosen.BoundPs.Sum())}");
        report.Card("Rank load, max / mean", ReportText.Times(PlanFacts.Mean(facts.Chosen.MaxOverMeanRank)),
            $"on held-out tokens; before: {ReportText.Times(PlanFacts.Mean(facts.Baseline.MaxOverMeanRank))}");
        report.Card("Ceiling of perfect balance", ReportText.Times(PlanFacts.BusiestOverMean(facts.Baseline)), PlanWords.Ceiling(facts));
        report.Card("Bytes on the wire", ReportText.Size(facts.Chosen.WireBytes.Sum()),
            $"before: {ReportText.Size(facts.Baseline.WireBytes.Sum())}; across nodes {ReportText.Percent(PlanFacts.CrossNodeShare(facts.Chosen))}, " +
            $"before {ReportText.Percent(PlanFacts.CrossNodeShare(facts.Baseline))}");
        report.Card("What limits it", bottleneck, $"named by the best bound of {layers} of {Many(chosen.Bottleneck.Length, "layer")}");
    }

    private static void Methods(HtmlReport report, PlanFacts facts)
    {
        var plan = facts.Plan;
        report.Section("Methods",
            $"Every placement was planned on {Many(plan.PlanningTokens, "token")} and is judged on {Many(plan.HeldOutTokens, "other token")} from other sequences. " +
            $"“First” is {facts.Baseline.Planner}, the placement that all comparisons start from.");
        report.Table(PlanTables.Methods(plan),
            "Rows are sorted by predicted time. A gap near 1 means that no schedule of that kind can do much better for that placement; a smaller time then " +
            "needs a better placement. Bold is the best of its column, the green row is the choice. The fetched experts are the price of moving there." +
            (PlanWords.References(plan) is { } references ? $" Last come rows of {references}" : ""),
            OpenRows);
        report.Table(PlanTables.Planners(plan),
            "Held-out balance well above the balance on the planning tokens means that the load drifted or the planner overfitted.");
        if (PlanTables.Moves(plan) is not { } moves) return;
        report.Table(moves, $"Terms: {PlanWords.Terms(plan.Migration!)}");
        if (plan.Front is not { Count: > 1 } front) return;
        report.Figure(
            new LineChart
            {
                Title = "Balance that fetched experts buy",
                Positions = [.. front.Select(step => ReportText.Count(step.Fetched))],
                Series = [new ChartSeries("incremental", [.. front.Select(step => step.Balance)])],
                PositionTitle = "experts fetched, all layers",
                ValueTitle = "mean / max rank load",
                ValuesFrom = Math.Floor(front[0].Balance * 10) / 10,
            }.Render(),
            "Pareto front of moves and balance (planning tokens)",
            "Every point is the best balance found for its number of fetched experts. Stop where the line flattens; --max-moves and --balance choose a point.");
    }

    private static void Load(HtmlReport report, PlanFacts facts)
    {
        var plan = facts.Plan;
        var layer = plan.Detail.LayerIndex;
        report.Section("Load");
        report.Figure(ExpertLoadMap.Draw(plan.HeldOutLoad, plan.LayerIds),
            "Expert load on held-out tokens, relative to the mean expert of its layer",
            "An even colour is good. A strong cell is a hot expert: alone on a rank it makes that rank the slowest, and only replicas can split it. " +
            "Strong cells in the same column of neighbouring layers are rarely the same expert: ids mean nothing across layers.");
        var before = facts.Baseline.RankLoad[layer];
        var after = facts.Chosen.RankLoad[layer];
        var series = new List<ChartSeries> { new(facts.Baseline.Planner, ToDouble(before)) };
        if (!facts.IsBaselineChosen) series.Add(new ChartSeries(facts.Chosen.Planner, ToDouble(after)));
        report.Figure(
            new BarChart
            {
                Title = $"Rows per rank in layer {plan.LayerIds[layer]}, before and after",
                Categories = Names(plan.RankCount),
                Series = series,
                CategoryTitle = "rank",
                ValueTitle = "rows computed",
                Reference = after.Length == 0 ? null : after.Average(v => (double)v),
            }.Render(),
            $"Rows per rank in layer {plan.LayerIds[layer]} (held-out tokens), the layer with the largest predicted time",
            "Bars at the dashed mean are good. The layer waits for the tallest bar; the room above the other bars is idle compute.");
    }

    private static void Traffic(HtmlReport report, PlanFacts facts)
    {
        var plan = facts.Plan;
        var panels = new List<TrafficPanel> { new($"before: {facts.Baseline.Planner}", plan.Detail.TrafficBefore) };
        if (!facts.IsBaselineChosen) panels.Add(new TrafficPanel($"after: {facts.Chosen.Planner}", plan.Detail.TrafficAfter));
        report.Section("Traffic");
        report.Figure(
            new TrafficHeatMap { Title = "Dispatch traffic between ranks, before and after", Panels = panels, NodeCount = plan.NodeCount }.Render(),
            $"Dispatch of layer {plan.LayerIds[plan.Detail.LayerIndex]}: token copies from each rank (row) to each rank (column)",
            "Good: little colour outside the grey diagonal and outside the node squares. A strong column is a rank that everyone sends to: its receive " +
            "port is the bottleneck whatever the schedule. A single framed cell much stronger than the rest forces one long step unless it is split.");
    }

    private static void Timeline(HtmlReport report, PlanFacts facts)
    {
        var plan = facts.Plan;
        var detail = plan.Detail;
        var end = Math.Max(detail.Outcome.Makespan.Picoseconds, facts.IsBaselineChosen ? 0 : detail.OutcomeBefore.Makespan.Picoseconds);
        var method = $"{facts.Chosen.Planner} with {plan.Chosen.Scheduler}";
        report.Section("Timeline",
            $"Layer {plan.LayerIds[detail.LayerIndex]} with a batch of {Many(plan.BatchTokens, "token")}: dispatch, expert compute, combine as the evaluator “{plan.Chosen.Evaluator}” predicts them.");
        report.Figure(
            new GanttChart { Title = $"Timeline of {method}", Outcome = detail.Outcome, RankCount = plan.RankCount, AxisEndPs = end }.Render(),
            $"Chosen: {method}",
            "Filled is busy, the pale lane is idle. Good: the busiest row is filled from end to end and the solid line stands at the dashed one. Gaps in " +
            "every row at once are barriers or reconfigurations; one full row among pale ones is imbalance, which no schedule can repair.");
        if (!facts.IsBaselineChosen)
        {
            report.Figure(
                new GanttChart { Title = $"Timeline of {facts.Baseline.Planner}", Outcome = detail.OutcomeBefore, RankCount = plan.RankCount, AxisEndPs = end }.Render(),
                $"Before: {facts.Baseline.Planner} with {plan.Chosen.Scheduler}, on the same time axis");
        }

        report.Table(PlanTables.Bounds(plan), "The largest bound counts. A bound that stands far below the makespan was not what limited this layer.");
    }

    private static void Layers(HtmlReport report, PlanFacts facts)
    {
        var plan = facts.Plan;
        var positions = plan.LayerIds.Select(id => ReportText.Fixed(id, 0)).ToArray();
        LineChart Chart(string title, string values, double from, Func<PlannerResult, IReadOnlyList<double>?> select) => new()
        {
            Title = title,
            Positions = positions,
            Series = [.. plan.Planners.Select(p => (p.Planner, Values: select(p))).Where(p => p.Values is not null).Select(p => new ChartSeries(p.Planner, p.Values!))],
            PositionTitle = "layer",
            ValueTitle = values,
            ValuesFrom = from,
        };
        var longest = plan.Planners.Select(facts.Find).Max(s => s is null || s.MakespanPs.Length == 0 ? 0 : s.MakespanPs.Max());
        var (unitPs, unit) = longest switch { < 10_000_000 => (1e3, "ns"), < 10_000_000_000 => (1e6, "µs"), _ => (1e9, "ms") };
        report.Section("Layers");
        report.Figure(
            Chart("Predicted layer time per planner", unit, 0, p => facts.Find(p)?.MakespanPs.Select(ps => ps / unitPs).ToArray()).Render(),
            $"Predicted layer time per planner, with {plan.Chosen.Scheduler} under {plan.Chosen.Evaluator}",
            "Lower is better. Peaks are layers whose hottest rank stands out; look them up in the load figure above.");
        report.Figure(
            Chart("Rank load max over mean per planner", "max / mean", 1, p => p.MaxOverMeanRank).Render(),
            "Rank load, max over mean, held-out tokens",
            "1 is perfect balance. A planner that is low everywhere except in a few layers met experts too hot for the slots it had.");
        report.Figure(
            Chart("Distinct ranks per token per planner", "C_T", 0, p => p.DistinctRanks).Render(),
            "Distinct ranks per token (C_T)",
            $"Lower means fewer copies on the wire. Top-{plan.TopK} routing cannot exceed {Math.Min(plan.TopK, plan.RankCount)}; balance and locality usually pull against each other.");
        report.Table(PlanTables.Layers(plan), openRows: 0);
    }

    private static void Provenance(HtmlReport report, PlanResult plan, ReportContext context)
    {
        report.Section("Assumptions and provenance");
        report.List([.. PlanWords.Assumptions(plan), .. context.Assumptions]);
        report.Facts(
        [
            ("Command", context.CommandLine),
            ("Crossweave", context.Version),
            ("Seed", $"{plan.Seed}"),
            ("Trace", plan.TraceName),
            ("Model", $"{plan.ModelName}, {plan.ExpertCount} experts, top-{plan.TopK}, layers {plan.LayerIds[0]} to {plan.LayerIds[^1]}"),
            ("Ranks", $"{plan.RankCount} on {Many(plan.NodeCount, "node")}, {plan.SlotCount} expert slots per layer"),
            ("Fabric", $"{plan.FabricName}, {plan.FabricText}"),
            ("Compute", plan.ComputeText),
            .. context.Facts,
        ]);
    }

    private static double[] ToDouble(long[] values) => Array.ConvertAll(values, v => (double)v);

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => ReportText.Count(i))];
}
