using System.CommandLine;
using System.CommandLine.Parsing;
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
        var unknown = Unknown(parsed);
        if (unknown is not null || parsed.Errors.Count > 0)
        {
            error.WriteLine($"crossweave: {(unknown is null ? parsed.Errors[0].Message : Explain(unknown, parsed.CommandResult.Command, root))}");
            return WrongInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (OneLine(e) is { } line)
        {
            error.WriteLine($"crossweave: {line}");
            return WrongInput;
        }
    }

    /// <summary>What the input did wrong, also when worker threads found it; null for faults of the program.</summary>
    private static string? OneLine(Exception e) => e switch
    {
        InputException input => input.Message,
        OverflowException => "found a size or time beyond 64 bits, expected times below 106 days and sizes below 8 EiB (check tokens, bandwidth and delay)",
        AggregateException { InnerException: { } inner } => OneLine(inner),
        _ => null,
    };

    /// <summary>A word that means nothing, or a misspelt option that would otherwise be taken for a file name.</summary>
    private static string? Unknown(ParseResult parsed) =>
        parsed.UnmatchedTokens.Count > 0
            ? parsed.UnmatchedTokens[0]
            : parsed.Tokens.FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.Length > 1 && t.Value[0] == '-' && !char.IsAsciiDigit(t.Value[1]))?.Value;

    private static string Explain(string word, Command command, RootCommand root)
    {
        var known = command.Subcommands.Count > 0 ? command.Subcommands.Select(c => c.Name) : command.Options.Select(o => o.Name);
        var path = command == root ? "crossweave" : $"crossweave {command.Name}";
        return $"unknown {(word.StartsWith('-') ? "option" : "word")} '{word}', expected one of {string.Join(", ", known)} (see '{path} --help')";
    }
}
