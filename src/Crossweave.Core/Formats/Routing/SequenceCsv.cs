using System.Globalization;
using System.Text;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>The table beside an array trace: <c>sequence,first_token,tokens</c> and optionally <c>category</c> (or <c>domain</c>).</summary>
internal static class SequenceCsv
{
    public static List<TokenSequence> Read(string path, int tokenCount)
    {
        var rows = CsvRows.Open(path);
        int name = rows.Required("sequence"), first = rows.Required("first_token"), tokens = rows.Required("tokens");
        var domain = rows.Column("category", "domain");
        var sequences = new List<TokenSequence>();
        var next = 0;
        while (rows.Read())
        {
            var start = rows.Integer(first, 0, int.MaxValue);
            if (start != next) throw InputException.At($"{rows.Where}, first_token", $"{start}", $"{next}, the end of the sequence before");
            var count = (int)rows.Integer(tokens, 1, int.MaxValue);
            if (count > tokenCount - next) throw InputException.At($"{rows.Where}, tokens", $"{count}", $"at most {tokenCount - next}, the tokens that are left in the trace");
            sequences.Add(new TokenSequence(next, count, rows.Text(name), domain >= 0 ? rows.Text(domain) : ""));
            next += count;
        }

        if (next != tokenCount) throw InputException.At(path, $"sequences of {next} tokens together", $"{tokenCount} as in the trace (is it truncated?)");
        return sequences;
    }

    public static string Text(IReadOnlyList<TokenSequence> sequences)
    {
        var named = sequences.Any(s => s.Domain.Length > 0);
        var text = new StringBuilder("sequence,first_token,tokens");
        text.Append(named ? ",category\n" : "\n");
        foreach (var s in sequences)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Quoted(s.Name)},{s.FirstToken},{s.TokenCount}");
            if (named) text.Append(',').Append(Quoted(s.Domain));
            text.Append('\n');
        }

        return text.ToString();
    }

    // A field that starts empty lines or holds separators is quoted; line ends cannot be kept.
    private static string Quoted(string field)
    {
        var line = field.ReplaceLineEndings(" ");
        return line.AsSpan().ContainsAny(',', '"') ? $"\"{line.Replace("\"", "\"\"")}\"" : line;
    }
}
