using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Planning.Deployment;
using Crossweave.Reporting;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Svg;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Models and devices in, the placement of ranks, shards and experts out, with its time line, utilisation and bound.</summary>
internal static class DeployVerb
{
    public static Command Create(Terminal terminal)
    {
        var instance = new Option<string?>("--instance") { Description = "One instance with integer costs (docs/formats.md), instead of --matrix or --trace.", HelpName = "I.json" };
        var name = new Option<string?>("--name") { Description = "Its id, when the file holds several.", HelpName = "ID" };
        var timeline = new Option<string?>("--timeline") { Description = $"Time of a layer: {string.Join(", ", TimeLines.All.Select(t => t.Name))}. Default: pg, for one model barrier.", HelpName = "NAME" };
        var method = new Option<string>("--method") { Description = $"Method: {string.Join(", ", DeploymentMethods.All.Select(m => m.Name))}; 'all' compares those that apply. optimal proves, fast is the quick heuristic within the floors, swap the plain search with the spec's tie rules.", DefaultValueFactory = _ => "optimal", HelpName = "NAME" };
        var lp = new Option<string?>("--lp") { Description = "Also write the placement as a mixed-integer program (CPLEX LP text, t2 and pg) into FILE, for an external solver.", HelpName = "FILE" };
        var svg = new Option<string?>("--svg") { Description = "Draw the time line into FILE.", HelpName = "FILE" };
        var (options, move) = (new DeployOptions(), new DeployMove());
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("methods and time lines");
        var command = new Command("deploy", "Place the ranks of one or several models on equal or unequal devices (Aurora's scenarios), near or at the proven optimum.") { instance, name, timeline, method };
        options.AddTo(command);
        move.AddTo(command);
        foreach (var option in new Option[] { lp, svg, json, seed, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
                return VerbText.List(terminal, [.. DeploymentMethods.All.Select(m => (m.Name, $"{m.Summary} ({m.Kinds})")), .. TimeLines.All.Select(t => ($"--timeline {t.Name}", t.Summary))]);
            var path = parsed.GetValue(instance);
            if (path is not null && options.HasModels(parsed)) throw InputException.At("--instance", "it beside --matrix or --trace", "one of the three");
            if (path is null && parsed.GetValue(name) is not null) throw InputException.At("--name", "it without --instance", "--instance FILE");
            var (devices, models) = path is null ? options.Read(parsed) : Plain(DeploymentInstance.Read(path, parsed.GetValue(name)));
            var line = TimeLines.Find(parsed.GetValue(timeline) ?? (models.Count == 1 ? "barrier" : "pg"), "--timeline");
            if (parsed.GetValue(lp) is { } program) AtomicFile.WriteAllText(program, Program(devices, models, line));
            var runs = Solve(parsed.GetValue(method)!, devices, models, line, new Prng(parsed.GetValue(seed)));
            foreach (var (option, target) in new[] { (json.Name, parsed.GetValue(json)), (svg.Name, parsed.GetValue(svg)) })
                if (runs.Count > 1 && target is not null)
                    throw InputException.At(option, "several methods", "one --method");
            var unit = path is null ? "ps" : "";
            var moving = runs.Count > 1 ? null : move.Read(parsed, runs[0].Plan, models, line, path is null ? options.TokenBytes(parsed) : null);
            if (parsed.GetValue(svg) is { } drawing) AtomicFile.WriteAllText(drawing, Chart(runs[0], line, unit).Standalone());
            if (!terminal.WriteJsonText(parsed.GetValue(json), parsed.GetValue(json) is null ? null : Json(runs[0], line, unit, moving))) return CommandLine.Done;
            if (runs.Count > 1)
            {
                terminal.Write(Comparison(runs, unit));
                return CommandLine.Done;
            }

            Print(terminal, runs[0], line, unit);
            if (moving is { } found) terminal.Out.WriteLine(DeployMove.Text(found.Move, found.Horizon));
            return CommandLine.Done;
        });
        return command;
    }

    private static (IReadOnlyList<DeviceCost> Devices, IReadOnlyList<ShardedModel> Models) Plain(DeploymentProblem problem) => (problem.Devices, [.. problem.Models.Select(ShardedModel.Of)]);

    private static List<(string Method, ShardedPlan Plan)> Solve(string text, IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line, Prng prng)
    {
        var (probe, isPlain) = (ShardedDeployment.Devices(devices, models), ShardedDeployment.IsPlain(models, devices.Count));
        var time = line.For(probe);
        var applying = DeploymentMethods.All.Where(m => m.AppliesTo(time) && (isPlain || m is not LinaMethod)).ToList();
        if (text != "all") applying = [DeploymentMethods.Find(text, time, "--method")];
        if (!isPlain && applying.Any(m => m is LinaMethod)) throw InputException.At("--method", $"'{text}' with several experts per device or separate shards", "one rank of every model per device");
        return [.. applying.Select(m => (m.Name, ShardedDeployment.Solve(devices, models, m, line, prng.Split(m.Name))))];
    }

    private static string Program(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line) =>
        ShardedDeployment.IsPlain(models, devices.Count)
            ? DeploymentMilp.Write(ShardedDeployment.Devices(devices, models), line, "--lp")
            : throw InputException.At("--lp", "several experts per device or separate shards", "one rank of every model per device");

    private static SvgImage Chart((string Method, ShardedPlan Plan) run, TimeLine line, string unit)
    {
        var phases = Phases(run.Plan, line);
        if (phases.Count == 0) throw InputException.At("--svg", $"--method {run.Method} --timeline {line.Name}, which has no phases", "a joint placement under pg, t2 or barrier");
        return new PhaseChart
        {
            Title = $"{run.Method}, {line.Name}",
            Bars = [.. phases.Select(p => new PhaseBar($"{(char)('a' + p.Model)}", p.Name, p.Start, p.End, p.Model))],
            Time = time => Time(time, unit),
        }.Render();
    }

    private static string Json((string Method, ShardedPlan Plan) run, TimeLine line, string unit, (DeploymentMove Move, long Horizon)? moving)
    {
        var (plan, n) = (run.Plan, run.Plan.Devices.DeviceCount);
        var json = new JsonOutput().BeginObject().Key("value").Value(plan.Value).Key("proven").Value(plan.IsProven).Key("lowerBound").Value(plan.LowerBound);
        json.Key("assignment").BeginArray();
        foreach (var experts in plan.DeviceOfExpert) Items(json, experts, n);
        json.End();
        if (unit.Length > 0)
        {
            json.Key("shards").BeginArray();
            foreach (var shards in plan.DeviceOfShard) Items(json, shards, n);
            json.End().Key("method").Value(run.Method).Key("timeline").Value(line.Name).Key("unit").Value(unit);
            json.Key("utilisation").BeginArray();
            foreach (var share in Utilisation(plan)) json.Value(share);
            json.End().Key("phases").BeginArray();
            foreach (var phase in Phases(plan, line)) json.BeginObject().Key("model").Value(phase.Model).Key("name").Value(phase.Name).Key("start").Value(phase.Start).Key("end").Value(phase.End).End();
            json.End();
        }

        if (moving is { } found) DeployMove.Write(json, found.Move, found.Horizon);
        return json.End().ToString();
    }

    // What runs on device 0, 1, ...: one number per device, or lists when a device has several.
    private static void Items(JsonOutput json, int[] deviceOf, int n)
    {
        var on = Enumerable.Range(0, n).Select(g => On(deviceOf, g)).ToList();
        if (on.All(items => items.Length == 1))
        {
            json.Line([.. on.Select(items => items[0])]);
            return;
        }

        json.BeginArray();
        foreach (var items in on) json.Line(items);
        json.End();
    }

    private static int[] On(int[] deviceOf, int device) => [.. Enumerable.Range(0, deviceOf.Length).Where(i => deviceOf[i] == device)];

    private static void Print(Terminal terminal, (string Method, ShardedPlan Plan) run, TimeLine line, string unit)
    {
        var plan = run.Plan;
        var (problem, utilisation) = (plan.Devices, Utilisation(plan));
        terminal.Out.WriteLine($"{run.Method}, {line.Name}: one layer of {(problem.Models.Count == 1 ? "the model" : $"all {problem.Models.Count} models")} in {Time(plan.Value, unit)}; {Bound(plan, unit)}; mean utilisation {ReportText.Percent(utilisation.Average())}");
        var columns = new List<Column> { new("device"), new("send/token"), new("receive/token"), new("compute/token") };
        for (var m = 0; m < problem.Models.Count; m++) columns.Add(new Column(problem.Models.Count == 1 ? "experts" : $"experts of {(char)('a' + m)}", true));
        columns.AddRange([new("sent"), new("received"), new("computed"), new("utilisation")]);
        var table = new Table("Assignment", columns);
        for (var g = 0; g < problem.DeviceCount; g++)
        {
            var device = problem.Devices[g];
            var cells = new List<Cell> { $"{g}", Time(device.Send, unit), Time(device.Receive, unit), Time(device.Compute, unit) };
            foreach (var experts in plan.DeviceOfExpert) cells.Add(string.Join(' ', On(experts, g)));
            cells.AddRange([
                ReportText.Count(problem.Models.Sum(m => m.Demand.Sent(g))), ReportText.Count(problem.Models.Sum(m => m.Demand.Received(g))),
                ReportText.Count(problem.Models.Sum(m => m.Demand.Received(g) + m.Demand[g, g])), ReportText.Percent(utilisation[g]),
            ]);
            table.Add([.. cells]);
        }

        terminal.Write(table);
        var phases = Phases(plan, line);
        if (phases.Count == 0) return;
        var timeline = new Table("Time line", [new("model", true), new("phase", true), new("start"), new("end")]);
        foreach (var phase in phases) timeline.Add($"{(char)('a' + phase.Model)}", phase.Name, Time(phase.Start, unit), Time(phase.End, unit));
        terminal.Write(timeline);
    }

    private static Table Comparison(List<(string Method, ShardedPlan Plan)> runs, string unit)
    {
        var best = runs.Where(r => r.Plan.LowerBound > 0).Min(r => r.Plan.Value);
        var table = new Table("Methods", [new("method", true), new("time"), new("/ best"), new("lower bound"), new("proven", true), new("utilisation")]);
        foreach (var (method, plan) in runs)
            table.Add(method, new Cell(Time(plan.Value, unit), IsBest: plan.Value == best), ReportText.Fixed(plan.Value / (double)best, 4), plan.LowerBound == 0 ? "–" : Time(plan.LowerBound, unit), plan.IsProven ? "yes" : "", ReportText.Percent(Utilisation(plan).Average()));
        return table;
    }

    private static string Bound(ShardedPlan plan, string unit) =>
        plan.IsProven ? "proven optimal" : plan.LowerBound == 0 ? "no bound" : $"lower bound {Time(plan.LowerBound, unit)} (at most {ReportText.Times(plan.Value / (double)plan.LowerBound, 4)})";

    private static string Time(long time, string unit) => unit.Length == 0 ? ReportText.Count(time) : ReportText.Time(time);

    // Lina runs each model alone on half of the devices: none of the joint phases.
    private static IReadOnlyList<LayerPhase> Phases(ShardedPlan plan, TimeLine line) =>
        plan.LowerBound == 0 ? [] : line.For(plan.Devices).Phases(ShardedDeployment.Identity(plan.Devices.Models.Count, plan.Devices.DeviceCount));

    private static double[] Utilisation(ShardedPlan plan) => DeploymentFacts.Utilisation(plan.Devices, plan.Value);
}
