using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Planning;
using Crossweave.Planning.Placement;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Expert loads in, a placement out.</summary>
internal static class PlaceVerb
{
    private const int ShownSteps = 12;

    public static Command Create(Terminal terminal)
    {
        var loads = new Option<string?>("--loads") { Description = "Loads: {\"weight\": [[...]]} (layers x experts), or any recording 'crossweave import --list' names.", HelpName = "W.json" };
        var planner = new Option<string>("--planner") { Description = $"Method: {string.Join(", ", Planners.All.Select(p => p.Name))}; 'all' compares them.", DefaultValueFactory = _ => "eplb", HelpName = "NAME" };
        var slots = new Option<int?>("--slots") { Description = "Slots per layer (experts plus redundant ones). Default: the experts, rounded up to a multiple of the ranks.", HelpName = "N" };
        var ranks = new Option<int?>("--ranks") { Description = "Ranks of the expert-parallel group.", HelpName = "N" };
        var nodes = new Option<int>("--nodes") { Description = "Servers.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var groups = new Option<int>("--groups") { Description = "Expert groups of group-limited routing.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Also write the placement as a Crossweave placement file (input of 'export' and 'verify').", HelpName = "FILE" };
        var previous = new Option<string?>("--previous") { Description = "The running placement (written by 'place --out', 'place --json' or 'plan'): planners that limit migration start from it, and fetched experts are counted.", HelpName = "P.json" };
        var maxMoves = new Option<long?>("--max-moves") { Description = "With --previous: at most this many experts fetched, all layers together; the best balance within it.", HelpName = "N" };
        var balance = new Option<double?>("--balance") { Description = $"With --previous: balancedness that is enough, with the fewest fetches. Default: {IncrementalPlanner.DefaultBalance} without --max-moves.", HelpName = "B" };
        var reading = new TraceOptions(withPath: false);
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("planners");
        var command = new Command("place", "Place experts on ranks from recorded loads.") { loads, planner, slots, ranks, nodes, groups, output, previous, maxMoves, balance };
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
            problem = WithRunning(problem, parsed.GetValue(previous), parsed.GetValue(maxMoves), parsed.GetValue(balance));
            var chosen = VerbText.Choose(parsed.GetValue(planner), Planners.All, p => p.Name, [], "--planner");
            var prng = new Prng(parsed.GetValue(seed));
            var results = chosen.Select(p => (p.Name, Placement: p.Plan(problem, prng.Split(p.Name)))).ToList();
            if (results.Count > 1 && (parsed.GetValue(json) ?? parsed.GetValue(output)) is not null)
                throw Core.InputException.At("--json and --out", "several planners", "one --planner");
            if (parsed.GetValue(output) is { } path) Core.Formats.Placements.PlacementFormats.Find("crossweave", "--out").Write(results[0].Placement, path);
            var document = parsed.GetValue(json) is null ? null : (PlaceDocument.From(results[0].Name, results[0].Placement, load) with { Front = Front(problem)?.Select(f => (f.Fetched, f.Balance)).ToList() }).ToJson();
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
                .. problem.Previous is null ? (Column[])[] : [new("fetched"), new("of slots")],
            ]);
        foreach (var (name, placement) in results)
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

        terminal.Write(table);
        if (Front(problem) is not { } front) return;
        var trade = new Table("What fetched experts buy (incremental)", [new("fetched"), new("of slots"), new("balancedness")]);
        foreach (var step in front)
            trade.Add($"{step.Fetched}", ReportText.Percent((double)step.Fetched / problem.SlotCount / problem.Load.LayerCount, 2), ReportText.Fixed(step.Balance, 4));
        terminal.Write(trade);
    }

    private static List<MigrationStep>? Front(PlacementProblem problem) =>
        MigrationFront.Of(problem) is { } front ? [.. front.Spread(ShownSteps).Select(i => front.Steps[i])] : null;

    private static PlacementProblem WithRunning(PlacementProblem problem, string? path, long? maxMoves, double? balance)
    {
        if (maxMoves is < 0) throw Core.InputException.At("--max-moves", $"{maxMoves}", "0 or more");
        if (balance is not (null or (> 0 and <= 1))) throw Core.InputException.At("--balance", $"{balance}", "a number above 0 and at most 1");
        if (path is null)
        {
            if (maxMoves is not null || balance is not null) throw Core.InputException.At(maxMoves is null ? "--balance" : "--max-moves", "no --previous", "the running placement");
            return problem;
        }

        var running = ReadRunning(path, problem);
        problem = problem with { Previous = running, MaxMoves = maxMoves, WantedBalance = balance };
        RunningPlacement.Of(problem); // refuses another shape before any planner runs
        return problem;
    }

    private static ExpertPlacement ReadRunning(string path, PlacementProblem problem)
    {
        using (var file = JsonInput.Open(path))
            if (file.Root.IsObject && file.Root.Find("planner") is not null)
                return PlaceDocument.Read(path).ToPlacement(path);
        return Core.Formats.Placements.PlacementFormats.Find("crossweave", "--previous")
            .Read(path, new Core.Formats.Placements.PlacementReadOptions(problem.RankCount, problem.ExpertCount));
    }
}
