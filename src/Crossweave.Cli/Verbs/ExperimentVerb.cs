using System.CommandLine;
using System.Text;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Models;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// Reruns a study of experiments/: scenario.json in, the tables of expected.md out, byte for byte. A study is a list of 'plan' command
/// lines or of 'synth --fit' recordings; it needs data that is not in the repository and says so when that is absent.
/// </summary>
internal static class ExperimentVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "Folder of the study, for example experiments/real-routing.", HelpName = "FOLDER" };
        var data = new Option<string>("--data") { Description = "Folder with the recordings that the study names.", DefaultValueFactory = _ => Path.Combine("..", "shared", "data"), HelpName = "DIR" };
        var check = new Option<bool>("--check") { Description = "Compare with expected.md instead of rewriting it; exit code 3 when they differ." };
        var command = new Command("experiment", "Rerun a study and write (or check) its expected.md.") { folder, data, check };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(folder)!;
            using var file = JsonInput.Open(Path.Combine(path, "scenario.json"));
            file.Root.AllowOnly("title", "about", "options", "plans", "fits");
            var root = parsed.GetValue(data)!;
            if (!Directory.Exists(root)) throw new InputException($"--data: {root} does not exist; this study reads recordings that are not part of the repository");
            var text = Run(file.Root, root);
            var expected = Path.Combine(path, "expected.md");
            if (!parsed.GetValue(check))
            {
                AtomicFile.WriteAllText(expected, text);
                terminal.Out.WriteLine($"{expected}: written");
                return CommandLine.Done;
            }

            var same = File.Exists(expected) && File.ReadAllText(expected) == text;
            terminal.Out.WriteLine($"{expected}: {(same ? "reproduced byte for byte" : "differs")}");
            return same ? CommandLine.Done : CommandLine.Infeasible;
        });
        return command;
    }

    private static string Run(JsonInput scenario, string data)
    {
        using var progress = TerminalProgress.ForStandardError();
        var text = new StringBuilder($"# {scenario["title"].Text()}\n\n{scenario["about"].Text()}\n");
        var options = scenario.Find("options")?.Items().Select(o => o.Text()).ToArray() ?? [];
        if (options.Length > 0) text.Append($"\nEvery run: `{string.Join(' ', options)}`.\n");
        foreach (var run in scenario.Find("plans")?.Items() ?? [])
        {
            run.AllowOnly("traces", "model", "ranks", "nodes", "options");
            var own = run.Find("options")?.Items().Select(o => o.Text()).ToArray() ?? [];
            var traces = Traces(run, data);
            foreach (var (ranks, nodes) in run["ranks"].Int32List().Zip(run["nodes"].Int32List()))
                text.Append('\n').Append(PlanTable(traces, run["model"].Text(), ranks, nodes, options, own, progress));
        }

        foreach (var run in scenario.Find("fits")?.Items() ?? [])
        {
            run.AllowOnly("traces", "model");
            text.Append('\n').Append(FitTable(Traces(run, data), run["model"].Text(), progress));
        }

        return text.ToString();
    }

    private static string[] Traces(JsonInput run, string data) => [.. run["traces"].Items().Select(t => Path.Combine(data, t.Text()))];

    private static string PlanTable(string[] traces, string model, int ranks, int nodes, string[] common, string[] own, IWorkProgress progress)
    {
        var reading = new TraceOptions();
        var options = new PlanOptions("all", "all", PlanOptions.DefaultEvaluators);
        var command = new Command("plan");
        reading.AddTo(command);
        options.AddTo(command);
        var parsed = command.Parse([.. traces, "--model", model, "--ranks", $"{ranks}", "--nodes", $"{nodes}", .. common, .. own]);
        if (parsed.Errors.Count > 0) throw new InputException($"scenario.json: options: {parsed.Errors[0].Message}");
        var description = options.Model(parsed);
        using var trace = reading.ReadTrace(parsed, description);
        var plan = PlanJob.Run(options.Request(parsed, trace, reading.Title(parsed), description), progress);
        var evaluators = plan.Planners[0].Schedules.Select(s => s.Evaluator).Distinct().ToList();
        var columns = new List<Column> { new("planner", true), new("scheduler", true), new("max/mean"), new("C_T"), new("C_R"), new("wire bytes"), new("fetched") };
        foreach (var e in evaluators) columns.AddRange([new($"{e}: all layers"), new("/ bound")]);
        var table = new Table("", columns);
        foreach (var p in plan.Planners)
        {
            foreach (var scheduler in p.Schedules.Select(s => s.Scheduler).Distinct())
            {
                var cells = new List<Cell>
                {
                    p.Planner, scheduler, ReportText.Fixed(p.MaxOverMeanRank.Average(), 3), ReportText.Fixed(p.DistinctRanks.Average(), 3), ReportText.Fixed(p.RemoteRanks.Average(), 3),
                    ReportText.Size(p.WireBytes.Sum()), $"{p.FetchedExperts}",
                };
                foreach (var e in evaluators)
                {
                    var s = p.Schedules.First(x => x.Scheduler == scheduler && x.Evaluator == e);
                    cells.AddRange([$"{ReportText.Fixed(s.TotalPs * 1e-9, 3)} ms", ReportText.Fixed(s.Gap, 3)]);
                }

                table.Add([.. cells]);
            }
        }

        return $"## {plan.ModelName}, EP {ranks} on {nodes} {(nodes == 1 ? "node" : "nodes")}: {plan.TraceName}\n\n"
            + (own.Length == 0 ? "" : $"With `{string.Join(' ', own)}`. ")
            + $"Planned on {plan.PlanningTokens} tokens, judged on {plan.HeldOutTokens} others; {plan.FabricName}, {plan.FabricText}; compute {plan.ComputeText}. "
            + $"Best executable: {plan.Chosen.Planner} + {plan.Chosen.Scheduler} ({plan.Chosen.Evaluator}).\n\n" + MarkdownTable.Write(table);
    }

    private static string FitTable(string[] traces, string model, IWorkProgress progress)
    {
        var description = ModelPresets.Load(model);
        using var real = TraceOptions.OpenTrace(traces, null, new ImportOptions(description.ExpertCount));
        var prng = new Prng(1);
        var parameters = SyntheticFit.Fit(real, prng.Split("fit"), new FitOptions { Groups = description.GroupCount, GroupTopK = description.GroupTopK }, progress);
        using var synthetic = SyntheticRouting.Generate(parameters, prng.Split("synth"), progress: progress);
        return $"## {model}: {string.Join(" + ", traces.Select(Path.GetFileName))} ({real.TokenCount} tokens, {real.LayerCount} layers)\n\n"
            + MarkdownTable.Write(SynthVerb.ComparisonTable(SyntheticComparison.Compare(real, synthetic)));
    }
}
