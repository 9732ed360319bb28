using System.Text;

namespace Crossweave.Reporting.Tables;

/// <summary>GitHub-flavoured pipe tables, padded so that they read well as plain text and diff line by line.</summary>
public static class MarkdownTable
{
    /// <summary>Header, rule and one line per row, each ending in a line feed; best values in bold, no title.</summary>
    public static string Write(Table table)
    {
        var cells = new List<string[]> { table.Columns.Select(c => Clean(c.Header)).ToArray() };
        foreach (var row in table.Rows) cells.Add(Array.ConvertAll(row, c => c.IsBest && c.Text.Length > 0 ? $"**{Clean(c.Text)}**" : Clean(c.Text)));
        var widths = new int[table.Columns.Count];
        foreach (var row in cells)
            for (var c = 0; c < widths.Length; c++)
                widths[c] = Math.Max(Math.Max(widths[c], 3), row[c].Length);
        var text = new StringBuilder();
        for (var r = 0; r < cells.Count; r++)
        {
            text.Append('|');
            for (var c = 0; c < widths.Length; c++)
                text.Append(' ').Append(table.Columns[c].IsText ? cells[r][c].PadRight(widths[c]) : cells[r][c].PadLeft(widths[c])).Append(" |");
            text.Append('\n');
            if (r > 0) continue;
            text.Append('|');
            for (var c = 0; c < widths.Length; c++)
                text.Append(' ').Append('-', widths[c] - 1).Append(table.Columns[c].IsText ? '-' : ':').Append(" |");
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Clean(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|").Replace("<", "&lt;");
}
