using System.CommandLine;
using System.CommandLine.Parsing;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.IO;
using Crossweave.Core.Models;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Routing;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Reporting.Plans;

namespace Crossweave.Cli.Verbs;

/// <summary>Runs the main job, prints its tables and writes its files.</summary>
internal static class PlanRunner
{
    /// <summary>What the timelines leave out; shown in every report (details in docs/models.md).</summary>
    private static readonly string[] Assumptions =
    [
        "Only ports limit: no congestion inside the switch, no per-message latency, no packet headers.",
        "One launch per rank and step covers all experts of the rank; the compute profile is the same for every rank.",
        "Attention, gating and shared experts are not part of the layer time.",
        "Every number is from held-out sequences unless it says 'planned on'.",
    ];

    /// <summary>Rows of the method table on the console.</summary>
    private const int ShownMethods = 12;

    public static int Run(
        Terminal terminal, PlanOptions options, ParseResult parsed, RoutingTrace trace, string title, ModelDescription? model, string verb, IReadOnlyList<string> paths)
    {
        using var progress = TerminalProgress.ForStandardError();
        var request = options.Request(parsed, trace, title, model);
        var plan = PlanJob.Run(request, progress);
        var folder = parsed.GetValue(options.Out);
        if (folder is not null) WriteFiles(folder, plan, RepeatableCommand(options, parsed, verb, paths));
        var json = parsed.GetValue(options.Json) is null ? null : PlanDocument.ToJson(plan);
        if (terminal.WriteJsonText(parsed.GetValue(options.Json), json)) Print(terminal, plan, folder);
        return CommandLine.Done;
    }

    /// <summary>What was typed, without what never changes a result (where to write, threads) and without folders.</summary>
    private static string RepeatableCommand(PlanOptions options, ParseResult parsed, string verb, IReadOnlyList<string> paths)
    {
        var words = new List<string> { "crossweave", verb };
        words.AddRange(paths.Select(p => Path.GetFileName(p)));
        foreach (var result in parsed.CommandResult.Children.OfType<OptionResult>())
            if (!result.Implicit && !options.LeavesResultAlone(result.Option))
                words.AddRange([result.Option.Name, .. result.Tokens.Select(t => File.Exists(t.Value) ? Path.GetFileName(t.Value) : t.Value)]);
        return string.Join(' ', words);
    }

    private static void Print(Terminal terminal, PlanResult plan, string? folder)
    {
        terminal.Out.WriteLine($"{plan.TraceName}: {plan.ModelName}, {plan.LayerIds.Count} MoE layers, {plan.ExpertCount} experts, top-{plan.TopK}");
        terminal.Out.WriteLine($"{plan.RankCount} ranks on {plan.NodeCount} nodes, {plan.FabricName}, {plan.FabricText}; compute {plan.ComputeText}");
        terminal.Out.WriteLine($"planned on {plan.PlanningTokens} tokens, judged on {plan.HeldOutTokens} others, batches of {plan.BatchTokens}");
        terminal.Out.WriteLine();
        terminal.Write(PlanTables.Planners(plan).Keep("planner", "max / mean, held out", "max / mean, planned on", "C_T", "C_R", "wire bytes", "cross-node", "fetched experts"));
        terminal.Out.WriteLine();
        if (PlanTables.Moves(plan) is { } moves)
        {
            terminal.Write(moves);
            terminal.Out.WriteLine($"  {PlanWords.Terms(plan.Migration!)}");
            terminal.Out.WriteLine();
        }

        var methods = PlanTables.Methods(plan).Keep("planner", "scheduler", "evaluator", "makespan / bound", "layer time", "vs. first", "steps");
        terminal.Write(methods.Head(ShownMethods));
        if (methods.Rows.Count > ShownMethods) terminal.Out.WriteLine($"  ... {methods.Rows.Count - ShownMethods} more in {(folder is null ? "the files that --out writes" : "plan.json and report.html")}");
        if (PlanWords.References(plan) is { } references) terminal.Out.WriteLine($"  {references}");
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(PlanWords.Headline(new PlanFacts(plan)));
        if (folder is not null) terminal.Out.WriteLine($"Written: {Path.Combine(folder, "report.html")}, plan.json, placement.json, schedules/");
    }

    private static void WriteFiles(string folder, PlanResult plan, string commandLine)
    {
        var chosen = plan.Planners.First(p => p.Planner == plan.Chosen.Planner);
        var schedules = Path.Combine(folder, "schedules");
        var written = new HashSet<string>();
        for (var l = 0; l < plan.ChosenLayers.Count; l++)
        {
            var (problem, schedule, outcome) = plan.ChosenLayers[l];
            var name = Path.Combine(schedules, $"layer-{plan.LayerIds[l]:000}");
            if (problem.Traffic.Dispatch is [var dispatch])
            {
                Write(written, name, LayerScheduleDocument.From(problem, schedule, outcome, problem.ComputeOfRank[0].Text) with { Scheduler = plan.Chosen.Scheduler }, dispatch.Copies);
                TrafficMatrixFile.Write(dispatch.Work, $"{name}.rows.csv");
                written.Add($"{name}.rows.csv");
            }

            WriteSchedules(written, $"{name}.dispatch", problem.Traffic.Dispatch, schedule.Dispatch, problem.Fabric, problem.Traffic.DispatchCopyBytes);
            WriteSchedules(written, $"{name}.combine", problem.Traffic.Combine, schedule.Combine, problem.Fabric, problem.Traffic.CombineCopyBytes);
        }

        // What an earlier plan left in the folder does not belong to this one.
        foreach (var file in Directory.GetFiles(schedules, "layer-*").Where(file => !written.Contains(file))) File.Delete(file);
        PlacementFormats.Find("crossweave", "--out").Write(chosen.Placement, Path.Combine(folder, "placement.json"));
        AtomicFile.WriteAllText(Path.Combine(folder, "plan.json"), PlanDocument.ToJson(plan));
        AtomicFile.WriteAllText(Path.Combine(folder, "report.html"), PlanReport.Render(plan, new ReportContext(commandLine, ProgramVersion.Text) { Assumptions = Assumptions }));
    }

    /// <summary>Each exchange alone beside the matrix it carries, so that 'crossweave verify' can check it.</summary>
    private static void WriteSchedules(HashSet<string> written, string name, IReadOnlyList<Exchange> exchanges, IReadOnlyList<Schedule> schedules, Fabric fabric, Bytes copyBytes)
    {
        for (var x = 0; x < exchanges.Count; x++)
        {
            var problem = new SchedulingProblem(exchanges[x].Copies, copyBytes, fabric);
            var hop = exchanges.Count == 1 ? "" : $".hop{x + 1}";
            // Layer planners cut the transfers of whole-entry schedulers where launches begin.
            var whole = Schedulers.All.Any(s => s.Name == schedules[x].Scheduler && s.KeepsEntriesWhole) && PlannedExchange.IsWhole(schedules[x]);
            Write(written, $"{name}{hop}", PlannedExchange.Document(schedules[x], problem, whole), exchanges[x].Copies);
        }
    }

    private static void Write(HashSet<string> written, string name, ScheduleDocument document, TrafficMatrix matrix)
    {
        document.Write($"{name}.json");
        TrafficMatrixFile.Write(matrix, $"{name}.csv");
        written.UnionWith([$"{name}.json", $"{name}.csv"]);
    }
}
