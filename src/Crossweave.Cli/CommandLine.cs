using System.CommandLine;
using System.CommandLine.Parsing;
using Crossweave.Cli.Verbs;
using Crossweave.Core;

namespace Crossweave.Cli;

/// <summary>Entry point shared by the program and its tests. Exit codes: 0 done, 1 a mistake in the program, 2 wrong input, 3 infeasible or a failed verification.</summary>
public static class CommandLine
{
    public const int Done = 0;
    public const int InternalError = 1;
    public const int WrongInput = 2;
    public const int Infeasible = 3;

    /// <summary>Every verb, in the order of the help text.</summary>
    public static readonly IReadOnlyList<Func<Terminal, Command>> Verbs =
    [
        PlanVerb.Create, PlanVerb.CreateCompare, DemoVerb.Create, InspectVerb.Create, SynthVerb.Create, ImportVerb.Create,
        PlaceVerb.Create, ReplayVerb.Create, DeployVerb.Create, ExportVerb.Create, ScheduleVerb.Create, VerifyVerb.Create, ModelsVerb.Create, BenchVerb.Create, ExperimentVerb.Create,
    ];

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var terminal = new Terminal(output, error);
        var root = new RootCommand(
            "Crossweave plans, schedules and simulates the all-to-all of mixture-of-experts models. "
            + "Start with 'crossweave demo', then 'crossweave plan TRACE'.");
        foreach (var verb in Verbs) root.Subcommands.Add(verb(terminal));
        HelpExamples.AddTo(root);
        var parsed = root.Parse(args);
        var unknown = Unknown(parsed);
        if (unknown is not null || parsed.Errors.Count > 0)
        {
            error.WriteLine($"crossweave: {(unknown is null ? Explain(parsed.Errors[0], root) : Explain(unknown, parsed.CommandResult.Command, root))}");
            return WrongInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (Explain(e) is { } line)
        {
            error.WriteLine($"crossweave: {line}");
            return WrongInput;
        }
    }

    /// <summary>A word that means nothing, or a misspelt option that would otherwise be taken for a file name.</summary>
    private static string? Unknown(ParseResult parsed) =>
        parsed.UnmatchedTokens.Count > 0
            ? parsed.UnmatchedTokens[0]
            : parsed.Tokens.FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.Length > 1 && t.Value[0] == '-' && !char.IsAsciiDigit(t.Value[1]))?.Value;

    /// <summary>One line for what a person can cause; null for a mistake in the program.</summary>
    private static string? Explain(Exception e) => e switch
    {
        InputException => e.Message,
        AggregateException { InnerExceptions: [var first, ..] } => Explain(first),
        OverflowException => "found a size or time beyond 64 bits, expected times below 106 days and sizes below 8 EiB (check tokens, bandwidth and delay)",
        OutOfMemoryException => "not enough memory for this input",
        IOException or UnauthorizedAccessException => e.Message.ReplaceLineEndings(" "),
        _ => null,
    };

    private static string Explain(ParseError error, RootCommand root)
    {
        if (error.SymbolResult is OptionResult { IdentifierTokenCount: > 1 and var times } repeated) return $"{repeated.Option.Name}: found it {times} times, expected it once";
        if (error.SymbolResult is OptionResult { Tokens: [var token, ..] } option && Expected(option.Option.ValueType) is { } expected && error.Message.Contains(token.Value, StringComparison.Ordinal))
            return $"{option.Option.Name}: found '{token.Value}', expected {expected}";
        return error.SymbolResult is CommandResult { Command: RootCommand } ? $"no verb, expected one of {string.Join(", ", root.Subcommands.Select(c => c.Name))} (see 'crossweave --help')" : error.Message;
    }

    private static string? Expected(Type type)
    {
        var number = Nullable.GetUnderlyingType(type) ?? type;
        return number == typeof(int) ? $"a whole number of at most {int.MaxValue}" : number == typeof(ulong) ? "a whole number from 0 to 2^64 - 1" : number == typeof(double) ? "a number" : null;
    }

    private static string Explain(string word, Command command, RootCommand root)
    {
        var known = command.Subcommands.Count > 0 ? command.Subcommands.Select(c => c.Name) : command.Options.Select(o => o.Name);
        var path = command == root ? "crossweave" : $"crossweave {command.Name}";
        return $"unknown {(word.StartsWith('-') ? "option" : "word")} '{word}', expected one of {string.Join(", ", known)} (see '{path} --help')";
    }
}
