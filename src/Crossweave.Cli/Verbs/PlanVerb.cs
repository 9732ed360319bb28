using System.CommandLine;

namespace Crossweave.Cli.Verbs;

/// <summary>The main job: trace in; placement, schedules, predicted layer times and a report out.</summary>
internal static class PlanVerb
{
    public static Command Create(Terminal terminal)
    {
        var trace = new TraceOptions();
        var options = new PlanOptions(PlanOptions.DefaultPlanners, PlanOptions.DefaultSchedulers, PlanOptions.DefaultEvaluators);
        var command = new Command("plan", "Plan on one part of a trace, judge on the other: placement, schedule, predicted layer time against the lower bound, report.");
        trace.AddTo(command);
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var model = options.Model(parsed);
            using var recording = trace.ReadTrace(parsed, model);
            return PlanRunner.Run(terminal, options, parsed, recording, trace.Title(parsed), model, "plan", trace.Paths(parsed));
        });
        return command;
    }
}
