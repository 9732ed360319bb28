using System.Globalization;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Units;

namespace Crossweave.Core.Compute;

/// <summary>
/// Reads a measured profile: CSV with the header line <c>tokens,time</c>, then one point per line such as <c>256,373us</c>, tokens
/// strictly ascending. Empty lines and lines that begin with # are skipped.
/// </summary>
public static class ProfileTableFile
{
    /// <exception cref="InputException">Missing file, wrong header, or a bad line (named).</exception>
    public static TableProfile Read(string path, string description)
    {
        var lines = InputFile.ReadText(path).Split('\n');
        var points = new List<(long Tokens, long Ps)>();
        var headerSeen = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            var where = $"{path} line {i + 1}";
            if (!headerSeen)
            {
                if (line.Replace(" ", "", StringComparison.Ordinal) != "tokens,time") throw InputException.At(where, $"'{line}'", "the header tokens,time");
                headerSeen = true;
                continue;
            }

            var cells = line.Split(',');
            if (cells.Length != 2) throw InputException.At(where, $"'{line}'", "tokens and a time, for example 256,373us");
            if (!long.TryParse(cells[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) || tokens < 1)
                throw InputException.At(where, $"tokens '{cells[0].Trim()}'", "a whole number of at least 1");
            if (points.Count > 0 && tokens <= points[^1].Tokens) throw InputException.At(where, $"tokens {tokens}", $"more than {points[^1].Tokens}, the line before");
            var time = UnitParser.Time(cells[1], where).Picoseconds;
            if (time == 0) throw InputException.At(where, "time 0", "a time above zero");
            points.Add((tokens, time));
        }

        if (points.Count == 0) throw InputException.At(path, "no points", "the header tokens,time and at least one point");
        return new TableProfile(description, points);
    }
}
