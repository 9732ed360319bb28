using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Planning;
using Crossweave.Planning.Locality;
using Crossweave.Planning.Placement;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>Expert loads in, a placement out.</summary>
internal static class PlaceVerb
{
    public static Command Create(Terminal terminal)
    {
        var loads = new Option<string?>("--loads") { Description = "Loads: {\"weight\": [[...]]} (layers x experts), or any recording 'crossweave import --list' names.", HelpName = "W.json" };
        var trace = new Option<string?>("--trace") { Description = "Single tokens instead of --loads: planned on one part of the sequences, judged on the other.", HelpName = "TRACE" };
        var pairs = new PairOptions();
        var layer = new Option<string>("--layer") { Description = "With --trace: 'all', or layers of the recording by position (0,5,11).", DefaultValueFactory = _ => "all", HelpName = "LIST" };
        var fraction = new Option<double>("--train-fraction") { Description = "With --trace: share of the tokens to plan on.", DefaultValueFactory = _ => 0.5, HelpName = "F" };
        var replicas = new Option<string>("--replicas") { Description = $"With --trace, choice among replicas when judging: {string.Join(", ", ReplicaRules.All.Select(r => r.Name))}.", DefaultValueFactory = _ => new LocalityFirstReplicas().Name, HelpName = "RULE" };
        var tokenBytes = new Option<string>("--token-bytes") { Description = "With --trace: bytes of one copy of a token.", DefaultValueFactory = _ => "14336", HelpName = "BYTES" };
        var maxLoad = new Option<double?>("--max-load") { Description = "Largest rank load over the mean that locality planners may use. Default: the planner's own.", HelpName = "X" };
        var prove = new Option<bool>("--prove") { Description = "With locality: search on for the fewest ranks per token under the load cap and print what no placement goes below (seconds per layer; up to eight experts per rank)." };
        var planner = new Option<string>("--planner") { Description = $"Method: {string.Join(", ", Planners.All.Select(p => p.Name))}; 'all' compares them.", DefaultValueFactory = _ => "eplb", HelpName = "NAME" };
        var slots = new Option<int?>("--slots") { Description = "Slots per layer (experts plus redundant ones). Default: the experts, rounded up to a multiple of the ranks.", HelpName = "N" };
        var ranks = new Option<int?>("--ranks") { Description = "Ranks of the expert-parallel group.", HelpName = "N" };
        var nodes = new Option<int>("--nodes") { Description = "Servers.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var groups = new Option<int>("--groups") { Description = "Expert groups of group-limited routing.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var straddling = new Option<int>("--straddling-groups") { Description = "With --nodes and --groups: groups per layer that refined planners may put on two nodes for balance.", HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Also write the placement as a Crossweave placement file (input of 'export' and 'verify').", HelpName = "FILE" };
        var previous = new PreviousOptions();
        var rankSlots = new RankSlotOptions();
        var reading = new TraceOptions(withPath: false);
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("planners");
        var command = new Command("place", "Place experts on ranks from recorded loads, single tokens (--trace) or pair counts (--pairs).") { loads, trace, layer, fraction, planner, slots, ranks, nodes, groups, straddling, maxLoad, prove, replicas, tokenBytes, output };
        previous.AddTo(command);
        rankSlots.AddTo(command);
        reading.AddTo(command);
        pairs.AddTo(command);
        foreach (var option in new Option[] { json, seed, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list)) return VerbText.List(terminal, Planners.All.Select(p => (p.Name, p.Summary)));
            var recording = parsed.GetValue(trace);
            if (recording is not null && parsed.GetValue(loads) is not null) throw Core.InputException.At("--trace", "also --loads", "one of the two");
            foreach (var option in new Option[] { layer, fraction, replicas, tokenBytes })
                if (recording is null && parsed.GetResult(option) is { Implicit: false })
                    throw Core.InputException.At(option.Name, "it without --trace", "--trace beside it");
            using var tokens = recording is null ? null : reading.ReadTrace(parsed, recording);
            var split = tokens is null ? default : Split(tokens, parsed.GetValue(layer)!, parsed.GetValue(fraction), parsed.GetValue(seed));
            using var progress = TerminalProgress.ForStandardError();
            var counts = pairs.Read(parsed, recording is not null || parsed.GetValue(loads) is not null);
            var load = split.Planning is not null ? LoadCounter.Count(split.Planning) : counts?.Load(pairs.TopK(parsed)) ?? reading.ReadLoads(parsed, VerbText.Need(parsed, loads));
            var limits = rankSlots.Read(parsed, load.LayerCount);
            if (limits is not null && parsed.GetValue(slots) is not null) throw Core.InputException.At("--slots", "it beside limits per rank", "--slots, --rank-slots or --rank-memory");
            var rankCount = parsed.GetValue(ranks) ?? limits?.Slots.Length ?? throw Core.InputException.At("--ranks", "nothing", "the number of ranks");
            VerbText.InRange(rankCount, 1, 1 << 20, "--ranks");
            var problem = new PlacementProblem(
                load, limits is { } given ? (int)Math.Min(int.MaxValue, given.Slots.Sum(n => (long)n)) : parsed.GetValue(slots) ?? (load.ExpertCount + rankCount - 1) / rankCount * rankCount, rankCount, parsed.GetValue(nodes), parsed.GetValue(groups))
            {
                Routing = split.Planning,
                Pairs = counts,
                MaxLoad = parsed.GetValue(maxLoad),
                Prove = parsed.GetValue(prove),
                RankSlots = limits?.Slots,
                StraddlingGroups = parsed.GetValue(straddling),
            };
            problem.Validate(unevenSlots: true);
            if (recording is not null && rankCount % problem.NodeCount != 0) throw Core.InputException.At("--nodes", $"{problem.NodeCount}", $"a divisor of the {rankCount} ranks, because traffic between nodes is counted");
            if (parsed.GetResult(straddling) is { Implicit: false } && (problem.NodeCount == 1 || problem.GroupCount == 1)) throw Core.InputException.At("--straddling-groups", "it without several --nodes and --groups", "--nodes and --groups beside it");
            problem = previous.AddTo(problem, parsed);
            var chosen = VerbText.Choose(parsed.GetValue(planner), parsed.GetValue(planner) == "all" ? [.. Planners.All.Where(p => p.Suits(problem))] : Planners.All, p => p.Name, [], "--planner");
            if (problem.Prove && !chosen.Any(p => p is LocalityPlanner)) throw Core.InputException.At("--prove", $"planner {parsed.GetValue(planner)}", "locality");
            if (problem.Prove) LocalityPlanner.RequireProvable(problem, "--prove");
            var (fitting, skipped) = RankSlotOptions.Fitting(chosen, problem.RankSlots, skips: parsed.GetValue(planner) == "all");
            var copies = ScheduleVerb.TokenBytes(parsed.GetValue(tokenBytes)!);
            var options = new TrafficOptions(SendMode.PerRank, SumBeforeCombine: true, copies, copies, problem.NodeCount, ReplicaRules.Find(parsed.GetValue(replicas)!, "--replicas"));
            var prng = new Prng(parsed.GetValue(seed));
            if (fitting.Count > 1 && (parsed.GetValue(json) ?? parsed.GetValue(output)) is not null)
                throw Core.InputException.At("--json and --out", "several planners", "one --planner");
            var results = new List<Placed>();
            foreach (var p in fitting)
            {
                progress.Report($"placing experts ({p.Name}), planners", results.Count, fitting.Count);
                results.Add(Result(p, problem, split.HeldOut, options, prng, pairs.TopK(parsed)));
            }

            if (parsed.GetValue(output) is { } path) Core.Formats.Placements.PlacementFormats.Find("crossweave", "--out").Write(results[0].Placement, path);
            var document = parsed.GetValue(json) is null ? null : (PlaceDocument.From(results[0].Name, results[0].Placement, load, results[0].HeldOut, problem.HasUnevenSlots ? problem.RankSlots : null, results[0].Pairs, PlaceBound.DistinctRanks(problem, results[0])) with { Front = new IncrementalPlanner().Front(problem)?.Select(f => (f.Fetched, f.Balance)).ToList() }).ToJson();
            if (terminal.WriteJsonText(parsed.GetValue(json), document)) PlaceTables.Print(terminal, problem, results, skipped);
            if (limits?.Derivation is { } derivation && parsed.GetValue(json) != "-") terminal.Out.WriteLine(derivation);
            return CommandLine.Done;
        });
        return command;
    }

    private static Placed Result(IPlacementPlanner planner, PlacementProblem problem, RoutingTrace? heldOut, TrafficOptions options, Prng prng, int topK)
    {
        var (placement, bounds) = planner is LocalityPlanner ? LocalityPlanner.PlanWithBounds(problem, prng.Split(planner.Name)) : (planner.Plan(problem, prng.Split(planner.Name)), null);
        if (problem.Previous is { } running) placement = SlotPreservation.Keep(running, placement);
        return new Placed(planner.Name, placement, heldOut is null ? null : HeldOutLayer.Judge(heldOut, placement, options, new SequenceSourceRanks()), PairOptions.Judge(placement, bounds, problem, topK), bounds);
    }

    private static (RoutingTrace? Planning, RoutingTrace? HeldOut) Split(RoutingTrace trace, string layers, double fraction, ulong seed)
    {
        if (fraction is not (> 0 and < 1)) throw Core.InputException.At("--train-fraction", FormattableString.Invariant($"{fraction}"), "a number above 0 and below 1");
        if (layers != "all")
        {
            var kept = Array.ConvertAll(layers.Split(','), text => int.TryParse(text, out var l) && l >= 0 && l < trace.LayerCount ? l
                : throw Core.InputException.At("--layer", $"'{text}'", $"'all' or numbers from 0 to {trace.LayerCount - 1}"));
            if (kept.GroupBy(l => l).FirstOrDefault(g => g.Count() > 1) is { } twice) throw Core.InputException.At("--layer", $"{twice.Key} twice", "every layer once");
            trace = new LayerSubsetTrace(trace, kept);
        }

        return TraceSplit.BySequence(trace, fraction, new Prng(seed));
    }
}
