using System.Globalization;
using System.Text;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Comma-separated rows with a header line; fields may be quoted as in RFC 4180, but not span lines. Blank lines are skipped.</summary>
internal sealed class CsvRows
{
    private readonly string _path;
    private readonly string[] _header;
    private readonly IEnumerator<string> _lines;
    private string[] _fields = [];

    private CsvRows(string path)
    {
        _path = path;
        _lines = Lines(path).GetEnumerator();
        if (!Advance()) throw InputException.At(path, "no line", "a header line");
        _header = _fields;
        _header[0] = _header[0].TrimStart('\uFEFF');
    }

    public int Line { get; private set; }

    /// <summary>"file: line 7".</summary>
    public string Where => $"{_path}: line {Line}";

    public static CsvRows Open(string path) => new(path);

    /// <summary>Column number by any of its names; -1 when absent.</summary>
    public int Column(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            var found = Array.FindIndex(_header, h => string.Equals(h.Trim(), name, StringComparison.OrdinalIgnoreCase));
            if (found >= 0) return found;
        }

        return -1;
    }

    public int Required(string name)
    {
        var column = Column(name);
        return column >= 0 ? column : throw InputException.At($"{_path}: line 1", $"the columns {string.Join(",", _header)}", $"a column '{name}'");
    }

    /// <summary>Moves to the next row. False at the end.</summary>
    public bool Read()
    {
        if (!Advance()) return false;
        if (_fields.Length != _header.Length) throw InputException.At(Where, $"{_fields.Length} fields", $"{_header.Length} as in the header");
        return true;
    }

    public string Text(int column) => _fields[column];

    public long Integer(int column, long least, long most) =>
        long.TryParse(_fields[column], NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most
            ? n
            : throw InputException.At($"{Where}, {_header[column]}", $"'{Short(_fields[column])}'", $"a whole number in [{least}, {most}]");

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";

    private static IEnumerable<string> Lines(string path)
    {
        if (Directory.Exists(path)) throw InputException.At(path, "a folder", "a CSV file");
        StreamReader reader;
        try
        {
            reader = new StreamReader(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read: {e.Message}", e);
        }

        using (reader)
        {
            while (reader.ReadLine() is { } line) yield return line;
        }
    }

    private bool Advance()
    {
        while (_lines.MoveNext())
        {
            Line++;
            if (_lines.Current.AsSpan().Trim().IsEmpty) continue;
            _fields = Split(_lines.Current);
            return true;
        }

        return false;
    }

    private string[] Split(string line)
    {
        if (!line.Contains('"')) return line.Split(',');
        var fields = new List<string>();
        var at = 0;
        while (true)
        {
            if (at < line.Length && line[at] == '"')
            {
                var field = new StringBuilder();
                for (at++; ; at++)
                {
                    if (at >= line.Length) throw InputException.At(Where, "an open quote", "a closing \" on the same line");
                    if (line[at] != '"') field.Append(line[at]);
                    else if (at + 1 < line.Length && line[at + 1] == '"') field.Append(line[at++]);
                    else break;
                }

                fields.Add(field.ToString());
                at++;
                if (at < line.Length && line[at] != ',') throw InputException.At(Where, "text after a closing quote", "a comma");
            }
            else
            {
                var comma = line.IndexOf(',', Math.Min(at, line.Length));
                var end = comma < 0 ? line.Length : comma;
                fields.Add(line[at..end]);
                at = end;
            }

            if (at >= line.Length) return [.. fields];
            at++;
        }
    }
}
