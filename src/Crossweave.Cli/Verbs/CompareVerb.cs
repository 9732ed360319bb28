using System.CommandLine;

namespace Crossweave.Cli.Verbs;

/// <summary>The main job over the full cross product of registered methods.</summary>
internal static class CompareVerb
{
    public static Command Create(Terminal terminal)
    {
        var trace = new TraceOptions();
        var options = new PlanOptions("all", "all", "all");
        var command = new Command("compare", "Every planner x every scheduler x every evaluator on one trace, judged on the held-out part.");
        trace.AddTo(command);
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var model = options.Model(parsed);
            using var recording = trace.ReadTrace(parsed, model);
            return PlanRunner.Run(terminal, options, parsed, recording, trace.Title(parsed), model, "compare", trace.Paths(parsed));
        });
        return command;
    }
}
