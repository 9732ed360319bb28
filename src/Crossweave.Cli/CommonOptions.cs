using System.CommandLine;

namespace Crossweave.Cli;

/// <summary>Options that mean the same on every verb.</summary>
internal static class CommonOptions
{
    public static Option<string?> Json() => new("--json")
    {
        Description = "Write the result as JSON to FILE, or to standard output for '-' (then no table is printed).",
        HelpName = "FILE|-",
    };

    public static Option<ulong> Seed() => new("--seed")
    {
        Description = "Seed of everything random; the same seed gives the same bytes.",
        DefaultValueFactory = _ => 1UL,
    };

    public static Option<bool> List(string what) => new("--list") { Description = $"Print the registered {what} and stop." };
}
