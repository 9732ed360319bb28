using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Planning.Placement;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>What no placement of the shape can beat, beside the results of <c>place</c>.</summary>
internal static class PlaceBound
{
    /// <summary>
    /// One line: the balancedness that the bound allows, and for how many layers each planner is within one token of it, hence optimal. Printed when one of
    /// the refined planners is among them, which plan for the same rule about groups and nodes; a planner that gets below the bound ignores that rule and is left out.
    /// </summary>
    public static void Print(Terminal terminal, PlacementProblem problem, IReadOnlyList<(string Name, ExpertPlacement Placement)> placed)
    {
        RefinedPlanner[] refined = [new(allowDuplicates: true), new(allowDuplicates: false)];
        if (!placed.Any(p => refined.Any(r => r.Name == p.Name))) return;
        var (_, bound) = refined[0].PlanWithBounds(problem);
        var layers = bound.Length;
        var ratios = 0.0;
        for (var l = 0; l < layers; l++) ratios += bound[l] == 0 ? 1 : PlacementMetrics.MeanAndMax(placed[0].Placement.Layers[l], problem.Load.Layer(l)).Mean / bound[l];
        var proven = new List<string>();
        foreach (var (name, placement) in placed)
        {
            double[] max = [.. Enumerable.Range(0, layers).Select(l => PlacementMetrics.MeanAndMax(placement.Layers[l], problem.Load.Layer(l)).Max)];
            if (max.Zip(bound).All(m => m.First >= m.Second * (1 - 1e-9))) proven.Add($"{name} {max.Zip(bound).Count(m => m.First < m.Second + 1)} of {layers}");
        }

        var (nodes, groups) = EplbShape.Levels(problem.ExpertCount, problem.RankCount, problem.NodeCount, problem.GroupCount);
        var rule = nodes > 1 && problem.StraddlingGroups == 0 ? " with groups on one node each" : "";
        if (nodes > 1) terminal.Out.WriteLine($"groups on more than one node, mean over layers: {string.Join(", ", placed.Select(p => $"{p.Name} {ReportText.Fixed(p.Placement.Layers.Average(l => PlacementMetrics.StraddlingGroups(l, groups, nodes)), 2)}"))} of {groups}");
        terminal.Out.WriteLine($"bound: balancedness of no placement{rule} above {ReportText.Fixed(ratios / layers, 5)}; layers within one token of it, hence optimal: {string.Join(", ", proven)}");
    }

    /// <summary>Per layer, distinct ranks per token planned on and the fewest possible; null without single tokens or a bound for every layer.</summary>
    public static PlannedRanks[]? DistinctRanks(PlacementProblem problem, Placed placed) =>
        problem.Routing is null || placed.Bounds?.All(b => b.Bound > 0) != true ? null
        : [.. placed.Bounds.Select(b => new PlannedRanks((double)b.Copies / Math.Max(1, b.Tokens), (double)b.Bound / Math.Max(1, b.Tokens)))];

    /// <summary>One line for every planner that knows how few distinct ranks its load cap allows.</summary>
    public static void PrintDistinctRanks(Terminal terminal, PlacementProblem problem, IReadOnlyList<Placed> results)
    {
        foreach (var placed in results)
        {
            if (problem.Prove && placed.Bounds?.Count(b => b.Bound == 0) is > 0 and var unknown)
                terminal.Out.WriteLine($"{placed.Name}: a proof would take too long for {unknown} of {placed.Bounds.Length} layers; more ranks, and so fewer experts on one, are easier");
            if (DistinctRanks(problem, placed) is not { } layers) continue;
            terminal.Out.WriteLine($"{placed.Name}: {ReportText.Fixed(layers.Average(l => l.DistinctRanks), 4)} ranks per token planned on; no placement under its load cap has fewer than "
                + $"{ReportText.Fixed(layers.Average(l => l.Fewest), 4)}; optimal, hence proven: {placed.Bounds!.Count(b => b.IsProven)} of {layers.Length} layers");
        }
    }
}
