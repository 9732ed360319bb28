using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Units;
using Crossweave.Planning.Balancing;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>Recorded traffic in windows: when should experts move, how should batches be split, and what do both cost?</summary>
internal static class ReplayVerb
{
    /// <summary>Policies by name; the trigger is filled in for a run.</summary>
    private static readonly IReadOnlyList<string> PolicyNames = [.. DriftReplay.Policies(new MigrationTrigger(new BalanceCosts(new MigrationCosts()), new MigrationHorizon())).Select(p => p.Name)];

    public static Command Create(Terminal terminal)
    {
        var reading = new TraceOptions();
        var model = new Option<string?>("--model") { Description = "Preset ('crossweave models') or a Hugging Face config.json: experts of the trace and bytes of an expert.", HelpName = "M" };
        var ranks = new Option<int?>("--ranks") { Description = "Ranks of the expert-parallel group.", HelpName = "N" };
        var slots = new Option<int?>("--slots") { Description = "Slots per layer. Default: the experts, rounded up to a multiple of the ranks.", HelpName = "N" };
        var window = new Option<int>("--window") { Description = "Tokens of the recording between two decisions.", DefaultValueFactory = _ => 2048, HelpName = "N" };
        var batch = new Option<int?>("--batch-tokens") { Description = "Tokens of one batch; a window's counts are scaled to it. Default: the window.", HelpName = "N" };
        var iterations = new Option<int>("--iterations") { Description = "Batches between two decisions, and so the horizon of the trigger.", DefaultValueFactory = _ => 1000, HelpName = "N" };
        var tokenTime = new Option<string>("--time-per-token") { Description = "Time of one token of one expert on one rank, with unit.", DefaultValueFactory = _ => "10ns", HelpName = "TIME" };
        var memory = new Option<double>("--memory") { Description = "Weight of the older estimate against the last window, 0 to below 1.", DefaultValueFactory = _ => 0, HelpName = "F" };
        var policies = new Option<string>("--policies") { Description = $"When the placement changes: 'all' or names from {string.Join(", ", PolicyNames)}.", DefaultValueFactory = _ => "all", HelpName = "A,B" };
        var dispatch = new Option<string>("--dispatch") { Description = $"How a batch is split among replicas: 'all' or names from {string.Join(", ", BatchDispatches.All.Select(d => d.Name))}.", DefaultValueFactory = _ => "even,lp", HelpName = "A,B" };
        var moving = new MigrationOptions("");
        var html = new Option<string?>("--html") { Description = "Write a page with the table and the course over the windows to FILE.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var command = new Command("replay", "Replay a trace in windows: never move experts, plan anew every window, or move when it pays, with every way to split a batch, under one cost model.");
        reading.AddTo(command);
        foreach (var option in new Option[] { model, ranks, slots, window, batch, iterations, tokenTime, memory, policies, dispatch }) command.Options.Add(option);
        moving.AddTo(command, withHorizon: false);
        foreach (var option in new Option[] { html, json, seed }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var shape = parsed.GetValue(model) is { } name ? Core.Models.ModelPresets.Load(name) : null;
            using var trace = reading.ReadTrace(parsed, shape);
            using var progress = TerminalProgress.ForStandardError();
            var rankCount = VerbText.InRange(parsed.GetValue(ranks) ?? throw InputException.At("--ranks", "nothing", "the number of ranks"), 1, 1 << 16, "--ranks");
            var slotCount = parsed.GetValue(slots) ?? (trace.ExpertCount + rankCount - 1) / rankCount * rankCount;
            var tokens = VerbText.InRange(parsed.GetValue(window), 1, int.MaxValue, "--window");
            var batchTokens = VerbText.InRange(parsed.GetValue(batch) ?? tokens, 1, int.MaxValue, "--batch-tokens");
            var between = VerbText.InRange(parsed.GetValue(iterations), 1, int.MaxValue, "--iterations");
            if (parsed.GetValue(memory) is not (>= 0 and < 1)) throw InputException.At("--memory", FormattableString.Invariant($"{parsed.GetValue(memory)}"), "a number from 0 to below 1");
            var perToken = UnitParser.Time(parsed.GetValue(tokenTime)!, "--time-per-token").Picoseconds * 1e-12;
            if (perToken <= 0) throw InputException.At("--time-per-token", $"'{parsed.GetValue(tokenTime)}'", "a time above 0");
            var costs = new BalanceCosts(moving.Costs(parsed, shape is null ? new MigrationCosts().ExpertBytes : shape.ExpertParameters * 2.0, new Bandwidth(400_000_000_000)), perToken);
            var horizon = new MigrationHorizon(between, moving.Confidence(parsed));
            var replay = new DriftReplay(LoadWindows.Count(trace, tokens, (double)batchTokens / tokens), slotCount, rankCount, between, costs, parsed.GetValue(memory));
            new PlacementProblem(replay.Windows[0], slotCount, rankCount).Validate();
            var chosen = VerbText.Choose(parsed.GetValue(policies), DriftReplay.Policies(new MigrationTrigger(costs, horizon, TokensPerSample: (double)batchTokens / tokens)), p => p.Name, [], "--policies");
            var splits = VerbText.Choose(parsed.GetValue(dispatch), BatchDispatches.All, d => d.Name, [], "--dispatch");
            var rows = new List<Replayed>();
            foreach (var policy in chosen)
                foreach (var split in splits)
                {
                    progress.Report("replaying", rows.Count, (long)chosen.Count * splits.Count);
                    rows.Add(new Replayed(policy.Name, split.Name, replay.Run(policy, split, new Prng(parsed.GetValue(seed)))));
                }

            var result = new Replay(
                $"{reading.Title(parsed)}: {replay.Windows.Count} windows of {tokens} tokens, {trace.LayerCount} layers x {trace.ExpertCount} experts, {slotCount} slots on {rankCount} ranks",
                $"{between} batches of {batchTokens} tokens between two decisions; {parsed.GetValue(tokenTime)} a token; experts of {ReportText.Size((long)costs.Moving.ExpertBytes)} at {ReportText.Fixed(costs.Moving.BytesPerSecond * 8e-9, 0)} Gbps into a rank, "
                    + $"{ReportText.Time((long)(costs.Moving.SecondsPerRearrangement * 1e12))} stop per change; the trigger believes {ReportText.Percent(horizon.Confidence, 0)} of a saving. The first window only plans, and every policy starts from EPLB's placement of it.",
                replay.PerfectSeconds(),
                rows);
            if (parsed.GetValue(html) is { } page) AtomicFile.WriteAllText(page, ReplayReport.Page(result, $"crossweave {string.Join(' ', parsed.Tokens.Select(t => t.Value))}"));
            if (!terminal.WriteJsonText(parsed.GetValue(json), parsed.GetValue(json) is null ? null : ReplayReport.Json(result))) return CommandLine.Done;
            terminal.Write(ReplayReport.TableOf(result));
            terminal.Out.WriteLine($"  {result.Terms}");
            return CommandLine.Done;
        });
        return command;
    }
}
