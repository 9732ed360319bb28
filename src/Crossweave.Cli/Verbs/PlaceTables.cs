using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Planning.Locality;
using Crossweave.Planning.Placement;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>What one planner made of a problem.</summary>
internal sealed record Placed(string Name, ExpertPlacement Placement, HeldOutLayer[]? HeldOut, PairLayer[]? Pairs, CopyBound[]? Bounds);

/// <summary>Placements as tables.</summary>
internal static class PlaceTables
{
    public static void Print(Terminal terminal, PlacementProblem problem, IReadOnlyList<Placed> results, IReadOnlyList<IPlacementPlanner> skipped)
    {
        var table = new Table(
            $"{problem.Load.LayerCount} layers x {problem.ExpertCount} experts, {problem.SlotCount} slots on {problem.RankCount} ranks",
            [
                new("planner", true), new("balancedness"), new("ratio of sums"), new("excess"), new("worst layer max/mean"), new("duplicate slots"),
                .. problem.Previous is null ? (Column[])[] : [new("fetched"), new("of slots")],
            ]);
        foreach (var (name, placement, _, _, _) in results)
        {
            var b = PlacementMetrics.Balancedness(placement, problem.Load);
            var cells = new List<Cell>
            {
                name, ReportText.Fixed(b.MeanOfRatios, 4), ReportText.Fixed(b.RatioOfSums, 4), ReportText.Fixed(b.Excess, 4),
                ReportText.Fixed(PlacementMetrics.WorstLayer(placement, problem.Load).MaxOverMean, 4),
                $"{placement.Layers.Sum(PlacementMetrics.DuplicateSlots)}",
            };
            if (problem.Previous is not null)
            {
                var fetched = PlacementMetrics.Fetched(problem.Previous, placement);
                cells.AddRange([$"{fetched}", ReportText.Percent((double)fetched / problem.SlotCount / problem.Load.LayerCount, 2)]);
            }

            table.Add([.. cells]);
        }

        foreach (var planner in skipped) table.Add([planner.Name, .. Enumerable.Repeat((Cell)"-", table.Columns.Count - 1)]);
        terminal.Write(table);
        if (skipped.Count > 0) terminal.Out.WriteLine("-: skipped, it needs the same number of slots on every rank");
        PlaceBound.Print(terminal, problem, [.. results.Select(r => (r.Name, r.Placement))]);
        PlaceBound.PrintDistinctRanks(terminal, problem, results);
        if (results[0].HeldOut is not null) PrintHeldOut(terminal, problem, results);
        if (problem.Pairs is not null) PairOptions.Print(terminal, problem, [.. results.Select(r => (r.Name, r.Pairs!))]);
        if (new IncrementalPlanner().Front(problem) is not { } front) return;
        var trade = new Table("What fetched experts buy (incremental)", [new("fetched"), new("of slots"), new("balancedness")]);
        foreach (var step in front)
            trade.Add($"{step.Fetched}", ReportText.Percent((double)step.Fetched / problem.SlotCount / problem.Load.LayerCount, 2), ReportText.Fixed(step.Balance, 4));
        terminal.Write(trade);
    }

    private static void PrintHeldOut(Terminal terminal, PlacementProblem problem, IReadOnlyList<Placed> results)
    {
        var judged = new Table("Judged on held-out tokens, mean over layers", [new("planner", true), new("distinctRanksPerToken"), new("remote"), new("maxOverMeanRank"), new("bytes per layer"), new("cross-node")]);
        foreach (var (name, _, heldOut, _, _) in results)
        {
            var (bytes, across) = (heldOut!.Average(l => (double)l.WireBytes), heldOut!.Average(l => (double)l.CrossNodeBytes));
            judged.Add(name, ReportText.Fixed(heldOut!.Average(l => l.DistinctRanks), 4), ReportText.Fixed(heldOut!.Average(l => l.RemoteRanks), 4),
                ReportText.Fixed(heldOut!.Average(l => l.MaxOverMeanRank), 3), ReportText.Size((long)bytes), bytes == 0 ? "0.0 %" : $"{ReportText.Fixed(100 * across / bytes, 1)} %");
        }

        terminal.Write(judged);
        if (results.Count > 1) return;
        var layers = new Table("Layers, held out", [new("layer"), new("distinctRanksPerToken"), new("remote"), new("maxOverMeanRank"), new("bytes")]);
        for (var l = 0; l < results[0].HeldOut!.Length; l++)
        {
            var held = results[0].HeldOut![l];
            layers.Add($"{problem.Load.LayerIds[l]}", ReportText.Fixed(held.DistinctRanks, 4), ReportText.Fixed(held.RemoteRanks, 4), ReportText.Fixed(held.MaxOverMeanRank, 3), ReportText.Size(held.WireBytes));
        }

        terminal.Write(layers);
    }
}
