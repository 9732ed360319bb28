using System.Text;
using Spectre.Console;

namespace Crossweave.Reporting.Tables;

/// <summary>
/// Tables for people at a console. A terminal gets Spectre's tables with bold best values; a pipe or file gets aligned plain text
/// without colour, wrapping or box characters, the same bytes on every machine.
/// </summary>
public static class ConsoleTables
{
    /// <summary>Writes to standard output, plain when it is redirected.</summary>
    public static void Write(Table table) => Write(Console.Out, table, !Console.IsOutputRedirected);

    public static void Write(TextWriter output, Table table, bool isTerminal)
    {
        if (isTerminal) WriteRich(output, table);
        else output.Write(Plain(table));
    }

    /// <summary>Title, header, rule, rows; a mark "*" after best values and ">" before the chosen row.</summary>
    public static string Plain(Table table)
    {
        var widths = new int[table.Columns.Count];
        for (var c = 0; c < widths.Length; c++)
        {
            widths[c] = table.Columns[c].Header.Length;
            foreach (var row in table.Rows) widths[c] = Math.Max(widths[c], row[c].Text.Length);
        }

        var text = new StringBuilder();
        if (table.Title.Length > 0) text.Append(table.Title).Append('\n');
        Line(text, table, widths, "  ", c => table.Columns[c].Header, _ => false);
        Line(text, table, widths, "  ", c => new string('-', widths[c]), _ => false);
        for (var r = 0; r < table.Rows.Count; r++)
        {
            var row = table.Rows[r];
            Line(text, table, widths, table.IsMarked(r) ? "> " : "  ", c => row[c].Text, c => row[c].IsBest);
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, Table table, int[] widths, string mark, Func<int, string> cell, Func<int, bool> isBest)
    {
        var line = new StringBuilder(mark);
        for (var c = 0; c < widths.Length; c++)
        {
            var value = cell(c).ReplaceLineEndings(" ");
            line.Append(table.Columns[c].IsText ? value.PadRight(widths[c]) : value.PadLeft(widths[c])).Append(isBest(c) ? "* " : "  ");
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }

    private static void WriteRich(TextWriter output, Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.Yes });
        var rich = new Spectre.Console.Table { Border = TableBorder.Rounded };
        if (table.Title.Length > 0) rich.Title = new TableTitle(Markup.Escape(table.Title));
        foreach (var column in table.Columns)
        {
            var shown = new TableColumn(new Markup(Markup.Escape(column.Header), new Style(decoration: Decoration.Dim))) { NoWrap = !column.IsText };
            rich.AddColumn(column.IsText ? shown.LeftAligned() : shown.RightAligned());
        }

        for (var r = 0; r < table.Rows.Count; r++)
        {
            var isMarked = table.IsMarked(r);
            rich.AddRow(table.Rows[r].Select(c => new Markup(
                Markup.Escape(c.Text),
                new Style(isMarked ? Color.Green : null, decoration: c.IsBest ? Decoration.Bold : Decoration.None))));
        }

        console.Write(rich);
    }
}
