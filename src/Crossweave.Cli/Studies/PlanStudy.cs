using System.CommandLine;
using System.Text;
using Crossweave.Cli.Verbs;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Pipeline;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>Planners x schedulers on recorded routing: one 'plan' command line per number of ranks.</summary>
internal sealed class PlanStudy : IStudy
{
    // What the published systems do; entries may ask for more in their options.
    private const string Evaluators = "no-overlap-barrier,overlap-async";

    public string Key => "plans";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("traces", "model", "ranks", "nodes", "options");
        var own = entry.Find("options")?.Items().Select(o => o.Text()).ToArray() ?? [];
        var text = new StringBuilder();
        foreach (var (ranks, nodes) in entry["ranks"].Int32List().Zip(entry["nodes"].Int32List()))
            text.Append('\n').Append(PlanTable(context.Traces(entry), entry["model"].Text(), ranks, nodes, context.Options, own, context.Progress));
        return text.ToString();
    }

    private static string PlanTable(string[] traces, string model, int ranks, int nodes, string[] common, string[] own, IWorkProgress progress)
    {
        var reading = new TraceOptions();
        var options = new PlanOptions("all", "all", Evaluators);
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
}
