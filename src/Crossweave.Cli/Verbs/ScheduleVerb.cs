using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Reporting;
using Crossweave.Reporting.Schedules;

namespace Crossweave.Cli.Verbs;

/// <summary>One traffic matrix in, one timed schedule out: of the exchange, or with --compute and --combine of the whole layer.</summary>
internal static class ScheduleVerb
{
    public static Command Create(Terminal terminal)
    {
        var matrix = new Option<string?>("--matrix") { Description = "Traffic matrix: n lines of n comma-separated whole numbers (tokens; row = source, the diagonal is local).", HelpName = "M.csv" };
        var instance = new Option<string?>("--instance") { Description = "Instead of --matrix: an instance with one matrix and integer port costs (docs/formats.md); one unit is 1 ps of the output.", HelpName = "I.json" };
        var name = new Option<string?>("--name") { Description = "Its id, when the file holds several.", HelpName = "ID" };
        var sendOrders = new Option<bool>("--send-orders") { Description = "Instead of a schedule, exact times in port-cost units when senders keep an order and receivers share (SJF, LJF, ring, random), beside the bounds PORT, PAIR and LANE." };
        var scheduler = new Option<string>("--scheduler") { Description = $"Method: {string.Join(", ", Schedulers.All.Select(s => s.Name))}; 'all' compares them.", DefaultValueFactory = _ => "greedy-max-weight", HelpName = "NAME" };
        var tokenBytes = new Option<string?>("--token-bytes") { Description = "Bytes of one token on the wire: a plain number of bytes, or with a unit (12KiB). Default 14336.", HelpName = "BYTES" };
        var preset = new Option<string?>("--preset") { Description = $"Effort of the schedulers hybrid and auto and of the --modes that plan launches: {string.Join(", ", LayerEffort.All.Select(e => e.Name))}. Default {LayerEffort.Fast.Name}.", HelpName = "NAME" };
        var previous = new Option<string?>("--previous") { Description = "Patch the schedule in this file (of 'schedule --json', same ranks) for the matrix instead of planning afresh; --scheduler, by default its maker, plans where patching does not do.", HelpName = "S.json" };
        var combine = new Option<bool>("--combine") { Description = "The whole layer: dispatch, launches at the speed of --compute, combine." };
        var mode = new Option<string?>("--mode") { Description = $"With --combine, how the layer runs: {string.Join(", ", LayerModes.All.Select(m => m.Name))}. Default {LayerModes.Default}.", HelpName = "NAME" };
        var svg = new Option<string?>("--svg") { Description = "Draw the timeline of ports and launches into FILE.", HelpName = "FILE" };
        var html = new Option<string?>("--html") { Description = "Write a page with the timeline, the bounds and the steps to FILE.", HelpName = "FILE" };
        var cluster = new ClusterOptions();
        var costs = new PortCosts();
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("schedulers");
        var command = new Command("schedule", "Schedule one all-to-all, or a whole layer with --compute and --combine: matchings, times, lower bounds and the gap to them.") { matrix, instance, name, scheduler, previous, tokenBytes };
        cluster.AddTo(command);
        foreach (var option in new Option[] { costs.Option, sendOrders, combine, mode, preset, svg, html, json, seed, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list)) return VerbText.List(terminal, Schedulers.All.Select(s => (s.Name, s.Summary)));
            var given = parsed.GetValue(instance) is { } path ? SendOrders.ReadInstance(parsed, path, parsed.GetValue(name), matrix, costs) : ((TrafficMatrix Demand, long[] Costs)?)null;
            if (given is null && parsed.GetValue(name) is not null) throw InputException.At("--name", "it without --instance", "--instance FILE");
            var demand = given?.Demand ?? TrafficMatrixFile.Read(VerbText.Need(parsed, matrix));
            var portCosts = given?.Costs ?? costs.Read(parsed, demand.RankCount);
            if (parsed.GetValue(sendOrders))
            {
                SendOrders.Write(terminal, parsed.GetValue(json), demand, portCosts, new Prng(parsed.GetValue(seed)));
                return CommandLine.Done;
            }

            var description = cluster.Read(parsed, demand.RankCount);
            if (description.Ranks != demand.RankCount) throw InputException.At("--ranks", $"{description.Ranks}", $"the {demand.RankCount} ranks of the matrix");
            var bytes = parsed.GetValue(tokenBytes);
            (Cluster Cluster, Bytes TokenBytes)? unequal = portCosts is null ? null : PortCosts.Apply(portCosts, given is null ? PortCosts.Where : instance.Name, description, cluster.HasBandwidth(parsed) || bytes is not null);
            var problem = new SchedulingProblem(demand, unequal?.TokenBytes ?? TokenBytes(bytes ?? "14336"), (unequal?.Cluster ?? description).BuildFabric());
            var before = parsed.GetValue(previous) is { } file ? PlannedExchange.ReadPrevious(file, demand.RankCount) : null;
            var asked = before is not null && parsed.GetResult(scheduler) is not { Implicit: false } && Schedulers.All.Any(s => s.Name == before.Scheduler) ? before.Scheduler : parsed.GetValue(scheduler);
            var compute = Compute(parsed.GetValue(combine), parsed.GetValue(mode), cluster.HasCompute(parsed), description.Compute);
            var (chosen, layerMode) = WithPreset(VerbText.Choose(asked, Schedulers.All, s => s.Name, [], "--scheduler"), parsed.GetValue(mode) ?? LayerModes.Default, compute is not null, parsed.GetValue(preset));
            if (before is not null && (chosen.Count > 1 || parsed.GetValue(combine))) throw InputException.At("--previous", chosen.Count > 1 ? "it beside several schedulers" : "it beside --combine", "the schedule of one exchange and one --scheduler");
            foreach (var (option, target) in new[] { ("--json", parsed.GetValue(json)), ("--svg", parsed.GetValue(svg)), ("--html", parsed.GetValue(html)) })
                if (target is not null && chosen.Count > 1)
                    throw InputException.At(option, "several schedulers", "one --scheduler");
            var prng = new Prng(parsed.GetValue(seed));
            var floor = parsed.GetValue(preset) is { } effort ? [.. Schedulers.All.Select(HybridPreset.Find(effort, "--preset").Apply)] : Schedulers.All;
            List<ScheduleDocument> documents = before is not null ? [PlannedExchange.Again(before.ToSchedule(), chosen[0], problem, prng)]
                : compute is null ? [.. PlannedExchange.Fresh(chosen, floor, problem, prng)]
                : [.. chosen.Select(s => Layer(s, problem, compute, layerMode, prng.Split(s.Name)))];
            if (parsed.GetValue(svg) is { } drawing) AtomicFile.WriteAllText(drawing, ScheduleReport.Chart(documents[0]).Standalone());
            if (parsed.GetValue(html) is { } page)
                AtomicFile.WriteAllText(page, ScheduleReport.Render(documents[0], new ReportContext($"crossweave {string.Join(' ', parsed.Tokens.Select(t => t.Value))}", ProgramVersion.Text)));
            if (terminal.WriteJsonText(parsed.GetValue(json), documents.Count == 1 ? documents[0].ToJson() : null)) Print(terminal, documents);
            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>The profile text of a whole layer, null for one exchange.</summary>
    private static string? Compute(bool combine, string? mode, bool hasFlag, string? compute)
    {
        if (combine) return compute ?? throw InputException.At("--compute", "nothing beside --combine", "a compute profile, for example photonic-rtx-pro-6000");
        if (hasFlag) throw InputException.At("--combine", "nothing beside --compute", "--combine, to schedule the whole layer");
        return mode is null ? null : throw InputException.At("--mode", $"'{mode}' without --combine", "--compute PROFILE --combine beside it");
    }

    /// <summary>Schedulers and mode with the effort asked for, where they have one.</summary>
    private static (IReadOnlyList<IScheduler> Chosen, LayerMode Mode) WithPreset(IReadOnlyList<IScheduler> chosen, string mode, bool isLayer, string? preset)
    {
        if (preset is null) return (chosen, LayerModes.Find(mode, LayerEffort.Fast, "--mode"));
        var (effort, search) = (LayerEffort.Find(preset, "--preset"), HybridPreset.Find(preset, "--preset"));
        var found = LayerModes.Find(mode, effort, "--mode");
        return (isLayer && LayerModes.HasEffort(mode)) || chosen.Any(s => s is HybridScheduler or AutoScheduler)
            ? ([.. chosen.Select(search.Apply)], found)
            : throw InputException.At(
                "--preset",
                $"'{preset}' beside --scheduler {string.Join(',', chosen.Select(s => s.Name))}{(isLayer ? $" --mode {mode}" : "")}",
                $"--scheduler hybrid or auto, or a --mode that plans launches (--compute PROFILE --combine --mode {LayerModes.Auto})");
    }

    private static ScheduleDocument Layer(IScheduler scheduler, SchedulingProblem exchange, string compute, LayerMode mode, Prng prng)
    {
        var profile = ComputeProfiles.Parse(compute, "--compute");
        var (there, back) = (exchange.Demand, exchange.Demand.Transpose());
        var traffic = new LayerTraffic([new Exchange(there, there)], [new Exchange(back, back)], exchange.TokenBytes, exchange.TokenBytes);
        var problem = LayerSchedules.ProblemFor(scheduler, new LayerProblem(traffic, exchange.Fabric, [.. Enumerable.Repeat(profile, there.RankCount)]));
        var run = mode.Run(problem, scheduler, prng);
        return LayerScheduleDocument.From(problem, run.Schedule, run.Outcome with { Evaluator = mode.Name }, compute.Trim()) with { Scheduler = scheduler.Name, Chosen = run.Chosen, Reason = run.Reason };
    }

    /// <summary>A plain number is bytes.</summary>
    internal static Bytes TokenBytes(string text) =>
        (long.TryParse(text, out var plain) ? new Bytes(plain) : UnitParser.Bytes(text, "--token-bytes")) is { Value: > 0 } bytes ? bytes : throw InputException.At("--token-bytes", $"'{text}'", "at least 1 byte");

    private static void Print(Terminal terminal, IReadOnlyList<ScheduleDocument> documents)
    {
        if (documents.Count > 1)
        {
            terminal.Write(ScheduleTables.Comparison(documents));
            return;
        }

        terminal.Out.WriteLine(ScheduleTables.Headline(documents[0]));
        if (documents[0].Reason is { } reason) terminal.Out.WriteLine(reason);
        terminal.Write(ScheduleTables.Bounds(documents[0]));
        terminal.Write(ScheduleTables.Steps(documents[0].Layer is null ? "Steps" : "Dispatch steps", documents[0].Steps, documents[0].PlaneCount));
        if (documents[0].Layer is not { } layer) return;
        terminal.Write(ScheduleTables.Launches(documents[0]));
        terminal.Write(ScheduleTables.Steps("Combine steps", layer.CombineSteps, documents[0].PlaneCount));
    }
}
