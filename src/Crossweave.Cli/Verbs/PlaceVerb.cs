using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Expert loads in, a placement out.</summary>
internal static class PlaceVerb
{
    public static Command Create(Terminal terminal)
    {
        var loads = new Option<string?>("--loads") { Description = "Loads: {\"weight\": [[...]]} (layers x experts), or any recording 'crossweave import --list' names.", HelpName = "W.json" };
        var planner = new Option<string>("--planner") { Description = $"Method: {string.Join(", ", Planners.All.Select(p => p.Name))}; 'all' compares them.", DefaultValueFactory = _ => "eplb", HelpName = "NAME" };
        var slots = new Option<int?>("--slots") { Description = "Slots per layer (experts plus redundant ones). Default: the experts, rounded up to a multiple of the ranks.", HelpName = "N" };
        var ranks = new Option<int?>("--ranks") { Description = "Ranks of the expert-parallel group.", HelpName = "N" };
        var nodes = new Option<int>("--nodes") { Description = "Servers.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var groups = new Option<int>("--groups") { Description = "Expert groups of group-limited routing.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Also write the placement as a Crossweave placement file (input of 'export' and 'verify').", HelpName = "FILE" };
        var reading = new TraceOptions(withPath: false);
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("planners");
        var command = new Command("place", "Place experts on ranks from recorded loads.") { loads, planner, slots, ranks, nodes, groups, output };
        reading.AddTo(command);
        foreach (var option in new Option[] { json, seed, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list)) return VerbText.List(terminal, Planners.All.Select(p => (p.Name, p.Summary)));
            var load = reading.ReadLoads(parsed, VerbText.Need(parsed, loads));
            var rankCount = parsed.GetValue(ranks) ?? throw Core.InputException.At("--ranks", "nothing", "the number of ranks");
            VerbText.InRange(rankCount, 1, 1 << 20, "--ranks");
            var problem = new PlacementProblem(
                load, parsed.GetValue(slots) ?? (load.ExpertCount + rankCount - 1) / rankCount * rankCount, rankCount, parsed.GetValue(nodes), parsed.GetValue(groups));
            problem.Validate();
            var chosen = VerbText.Choose(parsed.GetValue(planner), Planners.All, p => p.Name, [], "--planner");
            var prng = new Prng(parsed.GetValue(seed));
            var results = chosen.Select(p => (p.Name, Placement: p.Plan(problem, prng.Split(p.Name)))).ToList();
            if (results.Count > 1 && (parsed.GetValue(json) ?? parsed.GetValue(output)) is not null)
                throw Core.InputException.At("--json and --out", "several planners", "one --planner");
            if (parsed.GetValue(output) is { } path) Core.Formats.Placements.PlacementFormats.Find("crossweave", "--out").Write(results[0].Placement, path);
            var document = parsed.GetValue(json) is null ? null : PlaceDocument.From(results[0].Name, results[0].Placement, load).ToJson();
            if (terminal.WriteJsonText(parsed.GetValue(json), document)) Print(terminal, problem, results);
            return CommandLine.Done;
        });
        return command;
    }

    private static void Print(Terminal terminal, PlacementProblem problem, IReadOnlyList<(string Name, ExpertPlacement Placement)> results)
    {
        var table = new Table(
            $"{problem.Load.LayerCount} layers x {problem.ExpertCount} experts, {problem.SlotCount} slots on {problem.RankCount} ranks",
            [
                new("planner", true), new("balancedness"), new("ratio of sums"), new("excess"), new("worst layer max/mean"), new("duplicate slots"),
            ]);
        foreach (var (name, placement) in results)
        {
            var b = PlacementMetrics.Balancedness(placement, problem.Load);
            table.Add(name, ReportText.Fixed(b.MeanOfRatios, 4), ReportText.Fixed(b.RatioOfSums, 4), ReportText.Fixed(b.Excess, 4),
                ReportText.Fixed(PlacementMetrics.WorstLayer(placement, problem.Load).MaxOverMean, 4),
                $"{placement.Layers.Sum(PlacementMetrics.DuplicateSlots)}");
        }

        terminal.Write(table);
    }
}
