using System.CommandLine;
using Crossweave.Cli.Bench;
using Crossweave.Core.Formats.Documents;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>A fixed corpus: rates beside their plain references, and a hash that a speed-up must not change.</summary>
internal static class BenchVerb
{
    private static readonly IReadOnlyList<(string Name, Func<IEnumerable<BenchRow>> Run)> Suites =
    [
        ("planning", PlannerBench.Run), ("scheduling", SchedulingBench.Run), ("routing", RoutingBench.Run), ("deployment", DeploymentBench.Run),
    ];

    public static Command Create(Terminal terminal)
    {
        var suites = new Argument<string[]>("suite") { Description = $"Suites to run: {string.Join(", ", Suites.Select(s => s.Name))}. Default: all.", Arity = ArgumentArity.ZeroOrMore };
        var json = CommonOptions.Json();
        var command = new Command("bench", "Time the hot paths beside their plain references (one thread, warm).") { suites, json };
        command.SetAction(parsed =>
        {
            var names = parsed.GetValue(suites) ?? [];
            var chosen = VerbText.Choose(names.Length == 0 ? "all" : string.Join(',', names), Suites, s => s.Name, [], "suite");
            var table = new Table("Benchmarks", [new("case", true), new("value"), new("unit", true), new("reference"), new("speed-up"), new("plain reference", true), new("hash", true), new("note", true)]);
            var output = new JsonOutput().BeginArray();
            using var progress = TerminalProgress.ForStandardError();
            var finished = 0;
            foreach (var (suite, run) in chosen)
            {
                foreach (var row in run())
                {
                    progress.Report($"{suite}: {row.Name}, cases", ++finished, 0);
                    var ratio = row.Reference is { } r ? (IsRate(row.Unit) ? row.Value / r : r / row.Value) : double.NaN;
                    table.Add(row.Name, Significant(row.Value), row.Unit, row.Reference is { } reference ? Significant(reference) : "", double.IsNaN(ratio) ? "" : ReportText.Times(ratio),
                        row.ReferenceName, $"{row.Hash:x16}", row.Note);
                    output.BeginObject().Key("name").Value(row.Name).Key("unit").Value(row.Unit).Key("value").Value(row.Value).Key("reference");
                    if (row.Reference is { } known) output.Value(known);
                    else output.Null();
                    output.Key("referenceName").Value(row.ReferenceName).Key("hash").Value($"{row.Hash:x16}").Key("note").Value(row.Note).End();
                }
            }

            if (terminal.WriteJsonText(parsed.GetValue(json), output.End().ToString())) terminal.Write(table);
            return CommandLine.Done;
        });
        return command;
    }

    private static bool IsRate(string unit) => unit.EndsWith("/s", StringComparison.Ordinal);

    private static string Significant(double value) => value.ToString(value >= 1000 ? "0" : "G4", System.Globalization.CultureInfo.InvariantCulture);
}
