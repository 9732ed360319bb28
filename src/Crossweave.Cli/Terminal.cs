using Crossweave.Core.IO;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli;

/// <summary>Where a verb prints. Human text goes to <see cref="Out"/> unless JSON was asked for on standard output.</summary>
public sealed record Terminal(TextWriter Out, TextWriter Error)
{
    private bool IsInteractive => ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected;

    public void Write(Table table) => ConsoleTables.Write(Out, table, IsInteractive);

    /// <summary>Writes JSON to a file or, for "-", to standard output.</summary>
    /// <param name="target">A path, "-", or null for none.</param>
    /// <param name="json">Finished text; not read when there is no target.</param>
    /// <returns>True when human text should still be printed.</returns>
    public bool WriteJsonText(string? target, string? json)
    {
        if (target is null) return true;
        if (target == "-")
        {
            Out.Write(json);
            return false;
        }

        AtomicFile.WriteAllText(target, json!);
        return true;
    }
}
