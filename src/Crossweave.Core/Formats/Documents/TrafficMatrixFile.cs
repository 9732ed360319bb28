using System.Globalization;
using System.Text;
using Crossweave.Core.IO;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// A traffic matrix as n lines of n comma-separated whole numbers, tokens from the rank of the line to the rank of the column;
/// the diagonal is local. Lines that start with # and empty lines at the end are skipped.
/// </summary>
public static class TrafficMatrixFile
{
    // All entries together stay below this, which leaves assignment and line sums room in 64 bits.
    private const long MostTokens = 1L << 57;

    /// <exception cref="InputException">Not square, or a value that is no non-negative whole number (line and column named).</exception>
    public static TrafficMatrix Read(string path) => Parse(InputFile.ReadText(path), path);

    /// <param name="text">Content of the file.</param>
    /// <param name="where">Name in errors.</param>
    public static TrafficMatrix Parse(string text, string where)
    {
        var lines = text.Split('\n');
        var last = lines.Length;
        while (last > 0 && lines[last - 1].AsSpan().Trim().Length == 0) last--;
        var cells = new List<long>();
        var rows = 0;
        var n = 0;
        for (var i = 0; i < last; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith('#')) continue;
            if (line.Length == 0) throw InputException.At($"{where}: line {i + 1}", "an empty line", "a row of the matrix");
            var values = line.Split(',');
            if (rows == 0) n = values.Length;
            if (values.Length != n) throw InputException.At($"{where}: line {i + 1}", $"{values.Length} values", $"{n} as in the first row");
            if (++rows > n) throw InputException.At($"{where}: line {i + 1}", $"row {rows}", $"{n} rows, because each row has {n} values");
            var most = MostTokens / ((long)n * n);
            for (var column = 0; column < n; column++)
            {
                if (!long.TryParse(values[column].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens))
                    throw InputException.At($"{where}: line {i + 1}, column {column + 1}", $"'{Shorten(values[column].Trim())}'", "a non-negative whole number of tokens");
                if (tokens > most) throw InputException.At($"{where}: line {i + 1}, column {column + 1}", $"{tokens}", $"at most {most} tokens per pair with {n} ranks");
                cells.Add(tokens);
            }
        }

        if (rows == 0) throw InputException.At(where, "no rows", "n lines of n comma-separated whole numbers");
        if (rows != n) throw InputException.At(where, $"{rows} rows of {n} values", $"{n} rows");
        return new TrafficMatrix(n, [.. cells]);
    }

    public static void Write(TrafficMatrix matrix, string path)
    {
        var text = new StringBuilder();
        for (var s = 0; s < matrix.RankCount; s++) text.AppendJoin(',', matrix.Row(s).ToArray()).Append('\n');
        AtomicFile.WriteAllText(path, text.ToString());
    }

    private static string Shorten(string value) => value.Length > 40 ? value[..40] + "..." : value;
}
