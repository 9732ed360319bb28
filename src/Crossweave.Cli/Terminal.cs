using System.Text.Json;
using System.Text.Json.Nodes;
using Crossweave.Core.IO;

namespace Crossweave.Cli;

/// <summary>Where a verb prints. Human text goes to <see cref="Out"/> unless JSON was asked for on standard output.</summary>
public sealed record Terminal(TextWriter Out, TextWriter Error)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Writes JSON to a file or, for "-", to standard output.</summary>
    /// <returns>True when human text should still be printed.</returns>
    public bool WriteJson(string? target, JsonNode? json)
    {
        if (target is null) return true;
        var text = json?.ToJsonString(Indented) + "\n";
        if (target == "-")
        {
            Out.Write(text);
            return false;
        }

        AtomicFile.WriteAllText(target, text);
        return true;
    }
}
