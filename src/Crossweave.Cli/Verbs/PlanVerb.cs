using System.CommandLine;

namespace Crossweave.Cli.Verbs;

/// <summary>The main job: trace in; placement, schedules, predicted layer times and a report out. Compare is the same over every method.</summary>
internal static class PlanVerb
{
    public static Command Create(Terminal terminal) => Make(
        terminal,
        new Command("plan", "Plan on one part of a trace, judge on the other: placement, schedule, predicted layer time against the lower bound, report."),
        new PlanOptions(PlanOptions.DefaultPlanners, PlanOptions.DefaultSchedulers, PlanOptions.DefaultEvaluators));

    public static Command CreateCompare(Terminal terminal) => Make(
        terminal,
        new Command("compare", "Every planner x every scheduler x every evaluator on one trace, judged on the held-out part."),
        new PlanOptions("all", "all", PlanOptions.CompareEvaluators));

    private static Command Make(Terminal terminal, Command command, PlanOptions options)
    {
        var trace = new TraceOptions();
        trace.AddTo(command);
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var model = options.Model(parsed);
            using var recording = trace.ReadTrace(parsed, model);
            return PlanRunner.Run(terminal, options, parsed, recording, trace.Title(parsed), model, command.Name, trace.Paths(parsed));
        });
        return command;
    }
}
