using System.CommandLine;
using System.Text;
using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Placement;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Routing;
using Crossweave.Planning;
using Crossweave.Reporting.Plans;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>A placement planned for one recording runs while the traffic is another: which planners move where, and does it pay?</summary>
internal sealed class MoveStudy : IStudy
{
    public string Key => "moves";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("runningOn", "running", "traces", "model", "horizons", "planners", "options");
        var options = new PlanOptions("running", "open-shop", "grouped");
        var reading = new TraceOptions();
        var command = new Command("plan");
        reading.AddTo(command);
        options.AddTo(command);
        var parsed = command.Parse([.. context.Traces(entry), "--model", entry["model"].Text(), "--planners", entry["planners"].Text(), .. entry["options"].Items().Select(o => o.Text())]);
        if (parsed.Errors.Count > 0) throw new InputException($"scenario.json: options: {parsed.Errors[0].Message}");
        var model = options.Model(parsed);
        using var trace = reading.ReadTrace(parsed, model);
        var request = options.Request(parsed, trace, reading.Title(parsed), model);
        using var before = TraceOptions.OpenTrace(context.Traces(entry, "runningOn"), null, new ImportOptions(trace.ExpertCount));
        var running = Planners.Find(entry["running"].Text(), entry["running"].Where).Plan(
            new PlacementProblem(LoadCounter.Count(before), request.SlotCount, request.Fabric.RankCount, request.Traffic.NodeCount, request.GroupCount) { Routing = before }, new Prng(1));
        var costs = new MigrationCosts
        {
            ExpertBytes = model!.ExpertParameters * 2.0,
            BytesPerSecond = request.Fabric.ReceiveRate(0).BitsPerSecond / 8.0,
        };
        var flags = string.Join(' ', entry["options"].Items().Select(o => o.Text()));
        var text = new StringBuilder($"\n## {model.Name}: {entry["running"].Text()} planned for {string.Join(" + ", entry["runningOn"].Items().Select(t => Path.GetFileName(t.Text())))}, traffic now {reading.Title(parsed)}\n\n");
        text.Append($"With `{flags}`; {request.FabricText}.\n");
        foreach (var horizon in entry["horizons"].Int32List())
        {
            var plan = PlanJob.Run(request with { Previous = running, Planners = [Planners.Find("running", ""), .. request.Planners], Migration = new MigrationRules(costs, new MigrationHorizon(horizon)) }, context.Progress);
            text.Append($"\nHorizon {horizon} batches of {plan.BatchTokens} tokens. {PlanWords.Terms(plan.Migration!)} Here: {plan.Chosen.Planner}.\n\n{MarkdownTable.Write(PlanTables.Moves(plan)!)}");
        }

        return text.ToString();
    }
}
