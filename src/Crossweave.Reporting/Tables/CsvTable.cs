using System.Buffers;
using System.Text;

namespace Crossweave.Reporting.Tables;

/// <summary>RFC 4180 with line feeds: raw values, quoted only where needed, no title.</summary>
public static class CsvTable
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(",\"\r\n");

    public static string Write(Table table)
    {
        var text = new StringBuilder();
        Line(text, table.Columns.Select(c => c.Header));
        foreach (var row in table.Rows) Line(text, row.Select(c => c.Raw ?? c.Text));
        return text.ToString();
    }

    private static void Line(StringBuilder text, IEnumerable<string> values)
    {
        var isFirst = true;
        foreach (var value in values)
        {
            if (!isFirst) text.Append(',');
            isFirst = false;
            if (value.AsSpan().ContainsAny(NeedsQuotes)) text.Append('"').Append(value.Replace("\"", "\"\"")).Append('"');
            else text.Append(value);
        }

        text.Append('\n');
    }
}
