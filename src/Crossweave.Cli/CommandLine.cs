using System.CommandLine;
using Crossweave.Cli.Verbs;
using Crossweave.Core;

namespace Crossweave.Cli;

/// <summary>Entry point shared by the program and its tests. Exit codes: 0 done, 2 wrong input, 3 infeasible or a failed verification.</summary>
public static class CommandLine
{
    public const int Done = 0;
    public const int WrongInput = 2;
    public const int Infeasible = 3;

    /// <summary>Every verb, in the order of the help text.</summary>
    public static readonly IReadOnlyList<Func<Terminal, Command>> Verbs =
    [
        PlanVerb.Create, CompareVerb.Create, DemoVerb.Create, InspectVerb.Create, SynthVerb.Create, ImportVerb.Create,
        PlaceVerb.Create, ExportVerb.Create, ScheduleVerb.Create, VerifyVerb.Create, ModelsVerb.Create, BenchVerb.Create, ExperimentVerb.Create,
    ];

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, error);
        var root = new RootCommand(
            "Crossweave plans, schedules and simulates the all-to-all of mixture-of-experts models. "
            + "Start with 'crossweave demo', then 'crossweave plan TRACE'.");
        foreach (var verb in Verbs) root.Subcommands.Add(verb(terminal));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"crossweave: {parsed.Errors[0].Message}");
            return WrongInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (InputException e)
        {
            error.WriteLine($"crossweave: {e.Message}");
            return WrongInput;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("crossweave: interrupted; nothing half-written was left behind");
            return 130;
        }
    }
}
