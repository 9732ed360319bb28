using Crossweave.Core.Formats.Documents;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Schedules;

/// <summary>The tables of one schedule document, and of several beside each other; makespan over the best bound first.</summary>
public static class ScheduleTables
{
    /// <summary>The answer in one line.</summary>
    public static string Headline(ScheduleDocument document)
    {
        var (name, ps) = Best(document);
        var ideal = document.Layer is { } layer ? $"; {ReportText.Fixed(layer.MakespanOverIdeal, 4)} x the non-overlapped ideal {ReportText.Time(layer.IdealPs)}" : "";
        var how = document.Layer is null ? document.Scheduler : $"{document.Scheduler} under {document.Layer.Mode}";
        return $"makespan / best bound {ReportText.Fixed(document.Gap, 4)}: {how} on {document.FabricKind} takes {ReportText.Time(document.MakespanPs)}, no schedule less than {ReportText.Time(ps)} ({name}){ideal}";
    }

    public static Table Comparison(IReadOnlyList<ScheduleDocument> documents)
    {
        var hasLayers = documents.Any(d => d.Layer is not null);
        List<Column> columns = [new("scheduler", true), new("makespan / bound"), new("makespan"), new("steps"), new("best bound", true), new("fabric", true)];
        if (hasLayers) columns.InsertRange(3, [new("makespan / ideal"), new("launches")]);
        var table = new Table("Schedules", columns);
        foreach (var d in documents)
        {
            var (name, ps) = Best(d);
            List<Cell> cells = [d.Scheduler, ReportText.Fixed(d.Gap, 4), ReportText.Time(d.MakespanPs), $"{d.Steps.Count}", $"{name} {ReportText.Time(ps)}", d.FabricKind];
            if (hasLayers) cells.InsertRange(3, [ReportText.Fixed(d.Layer?.MakespanOverIdeal ?? double.NaN, 4), $"{d.Layer?.Launches.Count}"]);
            table.Add([.. cells]);
        }

        return table;
    }

    /// <summary>Every bound that applies, largest first.</summary>
    public static Table Bounds(ScheduleDocument document)
    {
        var table = new Table("Lower bounds", [new("bound", true), new("makespan / bound"), new("time")]);
        foreach (var (name, ps) in document.LowerBounds.OrderByDescending(b => b.Ps))
            table.Add(name, ReportText.Fixed(document.MakespanPs == 0 ? 1 : document.MakespanPs / (double)Math.Max(1, ps), 4), ReportText.Time(ps));
        return table;
    }

    public static Table Steps(string title, IReadOnlyList<TimedStep> steps, int planeCount)
    {
        List<Column> columns = [new("step"), new("start"), new("end"), new("transfers"), new("tokens"), new("longest"), new("pairs", true)];
        if (planeCount > 1) columns.Insert(1, new("plane"));
        var table = new Table(title, columns);
        for (var m = 0; m < steps.Count; m++)
        {
            var step = steps[m];
            var pairs = string.Join(' ', step.Transfers.Take(8).Select(t => $"{t.Source}>{t.Target}")) + (step.Transfers.Count > 8 ? " ..." : "");
            List<Cell> cells =
            [
                $"{m + 1}", ReportText.Time(step.StartPs), ReportText.Time(step.EndPs), $"{step.Transfers.Count}", $"{step.Transfers.Sum(t => t.Tokens)}",
                $"{step.Transfers.Select(t => t.Tokens).DefaultIfEmpty().Max()}", pairs,
            ];
            if (planeCount > 1) cells.Insert(1, $"{step.Plane}");
            table.Add([.. cells]);
        }

        return table;
    }

    /// <summary>What every rank computes: launches, rows, busy time.</summary>
    public static Table Launches(ScheduleDocument document)
    {
        var table = new Table("Launches", [new("rank"), new("launches"), new("rows"), new("first start"), new("last end"), new("busy")]);
        foreach (var rank in document.Layer!.Launches.GroupBy(l => l.Rank).OrderBy(g => g.Key))
            table.Add($"{rank.Key}", $"{rank.Count()}", $"{rank.Sum(l => l.Tokens)}", ReportText.Time(rank.Min(l => l.StartPs)), ReportText.Time(rank.Max(l => l.EndPs)), ReportText.Time(rank.Sum(l => l.EndPs - l.StartPs)));
        return table;
    }

    private static (string Name, long Ps) Best(ScheduleDocument document) => document.LowerBounds.Count == 0 ? ("none", 0) : document.LowerBounds.MaxBy(b => b.Ps);
}
