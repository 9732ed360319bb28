using System.CommandLine;
using Crossweave.Core;

namespace Crossweave.Cli.Verbs;

/// <summary>Small helpers of the verbs.</summary>
internal static class VerbText
{
    /// <summary>"a" or "a,b" or "all" against a registered list, in the order asked for.</summary>
    public static IReadOnlyList<T> Choose<T>(string? text, IReadOnlyList<T> all, Func<T, string> name, IReadOnlyList<string> defaults, string where)
    {
        IEnumerable<string> names = text switch
        {
            null => defaults,
            "all" => all.Select(name),
            _ => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        };
        var chosen = new List<T>();
        foreach (var wanted in names)
        {
            var at = all.Select(name).ToList().IndexOf(wanted);
            if (at < 0) throw InputException.At(where, $"'{wanted}'", $"'all' or names from {string.Join(", ", all.Select(name))}");
            if (!chosen.Contains(all[at])) chosen.Add(all[at]);
        }

        return chosen.Count > 0 ? chosen : throw InputException.At(where, "nothing", "at least one name");
    }

    /// <summary>Prints "name  summary" lines.</summary>
    public static int List(Terminal terminal, IEnumerable<(string Name, string Summary)> rows)
    {
        var list = rows.ToList();
        var width = list.Count == 0 ? 0 : list.Max(r => r.Name.Length);
        foreach (var (name, summary) in list) terminal.Out.WriteLine($"{name.PadRight(width)}  {summary}");
        return CommandLine.Done;
    }

    /// <summary>A value that must be given, with a one-line error otherwise.</summary>
    public static string Need(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) ?? throw InputException.At(option.Name, "nothing", $"{option.HelpName} ({option.Description?.TrimEnd('.')})");

    public static int InRange(int value, int low, int high, string where) =>
        value >= low && value <= high ? value : throw InputException.At(where, $"{value}", $"{low} to {high}");
}
