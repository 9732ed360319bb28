using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>One traffic matrix in, one timed schedule out.</summary>
internal static class ScheduleVerb
{
    public static Command Create(Terminal terminal)
    {
        var matrix = new Option<string?>("--matrix") { Description = "Traffic matrix: n lines of n comma-separated whole numbers (tokens; row = source, the diagonal is local).", HelpName = "M.csv" };
        var scheduler = new Option<string>("--scheduler") { Description = $"Method: {string.Join(", ", Schedulers.All.Select(s => s.Name))}; 'all' compares them.", DefaultValueFactory = _ => "greedy-max-weight", HelpName = "NAME" };
        var tokenBytes = new Option<string>("--token-bytes") { Description = "Bytes of one token on the wire: a plain number of bytes, or with a unit (12KiB).", DefaultValueFactory = _ => "14336", HelpName = "BYTES" };
        var cluster = new ClusterOptions();
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var list = CommonOptions.List("schedulers");
        var command = new Command("schedule", "Schedule one all-to-all: matchings, times, lower bounds and the gap to them.") { matrix, scheduler, tokenBytes };
        cluster.AddTo(command, withCompute: false);
        foreach (var option in new Option[] { json, seed, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list)) return VerbText.List(terminal, Schedulers.All.Select(s => (s.Name, s.Summary)));
            var demand = TrafficMatrixFile.Read(VerbText.Need(parsed, matrix));
            var description = cluster.Read(parsed, demand.RankCount);
            if (description.Ranks != demand.RankCount)
                throw Core.InputException.At("--ranks", $"{description.Ranks}", $"the {demand.RankCount} ranks of the matrix");
            var problem = new SchedulingProblem(demand, TokenBytes(parsed.GetValue(tokenBytes)!), description.BuildFabric());
            var chosen = VerbText.Choose(parsed.GetValue(scheduler), Schedulers.All, s => s.Name, [], "--scheduler");
            var prng = new Prng(parsed.GetValue(seed));
            var documents = chosen.Select(s => Make(s, problem, prng.Split(s.Name))).ToList();
            if (documents.Count == 1)
            {
                if (terminal.WriteJsonText(parsed.GetValue(json), documents[0].ToJson())) Print(terminal, documents);
            }
            else
            {
                if (parsed.GetValue(json) is not null) throw Core.InputException.At("--json", "several schedulers", "one --scheduler");
                Print(terminal, documents);
            }

            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>Schedules that share ports are timed on the packet twin of the fabric; the document names the fabric used.</summary>
    private static ScheduleDocument Make(IScheduler scheduler, SchedulingProblem problem, Prng prng)
    {
        var used = problem with { Fabric = scheduler.TimedOn(problem.Fabric) };
        var schedule = scheduler.Schedule(used, prng);
        var times = ScheduleTiming.Time(schedule, used.Fabric, used.TokenBytes);
        return ScheduleDocument.From(schedule, times, used, ScheduleBounds.For(used, scheduler.KeepsEntriesWhole));
    }

    private static Bytes TokenBytes(string text) =>
        long.TryParse(text, out var plain) && plain > 0 ? new Bytes(plain) : UnitParser.Bytes(text, "--token-bytes");

    private static void Print(Terminal terminal, IReadOnlyList<ScheduleDocument> documents)
    {
        var table = new Table("Schedules",
            [new("scheduler", true), new("fabric", true), new("makespan / bound"), new("makespan"), new("steps"), new("best bound", true)]);
        foreach (var d in documents)
        {
            var (name, ps) = d.LowerBounds.MaxBy(b => b.Ps);
            table.Add(d.Scheduler, d.FabricKind, ReportText.Fixed(d.Gap, 4), ReportText.Time(d.MakespanPs), $"{d.Steps.Count}", $"{name} {ReportText.Time(ps)}");
        }

        terminal.Write(table);
        if (documents.Count > 1) return;
        var steps = new Table("Steps", [new("step"), new("start"), new("end"), new("transfers"), new("tokens"), new("longest"), new("pairs", true)]);
        var index = 0;
        foreach (var step in documents[0].Steps)
        {
            var pairs = string.Join(' ', step.Transfers.Take(8).Select(t => $"{t.Source}>{t.Target}")) + (step.Transfers.Count > 8 ? " ..." : "");
            steps.Add($"{++index}", ReportText.Time(step.StartPs), ReportText.Time(step.EndPs), $"{step.Transfers.Count}", $"{step.Transfers.Sum(t => t.Tokens)}",
                $"{step.Transfers.Select(t => t.Tokens).DefaultIfEmpty().Max()}", pairs);
        }

        terminal.Write(steps);
    }
}
