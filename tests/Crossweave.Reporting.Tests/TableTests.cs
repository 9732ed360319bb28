using Crossweave.Reporting.Html;
using Crossweave.Reporting.Plans;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Tests;

public sealed class TableTests
{
    [Fact]
    public void Markdown_golden() => Assert.Equal(
        """
        | method |       time |
        | ------ | ---------: |
        | a\|b   |      12 µs |
        | &lt;x> | **9.5 µs** |

        """.ReplaceLineEndings("\n"),
        MarkdownTable.Write(Sample()));

    [Fact]
    public void Plain_console_golden() => Assert.Equal(
        """
        Times
          method    time
          ------  ------
          a|b      12 µs
        > <x>     9.5 µs*

        """.ReplaceLineEndings("\n"),
        ConsoleTables.Plain(Sample()));

    [Fact]
    public void Csv_has_raw_values_and_quotes_only_where_needed()
    {
        var table = new Table("t", [new("a,b", true), new("c")]);
        table.Add("say \"hi\"", new Cell("1.5 ms", "1500000000"));
        table.Add("plain");
        Assert.Equal("\"a,b\",c\n\"say \"\"hi\"\"\",1500000000\nplain,\n", CsvTable.Write(table));
    }

    [Fact]
    public void Terminal_output_keeps_markup_characters_and_uses_bold()
    {
        var table = Sample();
        table.Add("[red]x[/]", "1");
        var output = new StringWriter();
        ConsoleTables.Write(output, table, isTerminal: true);
        Assert.Contains("[red]x[/]", output.ToString());
        Assert.Contains("\u001b[1", output.ToString());
    }

    [Fact]
    public void Redirected_output_has_no_escape_codes()
    {
        var output = new StringWriter();
        ConsoleTables.Write(output, PlanTables.Methods(SyntheticPlan.Build()), isTerminal: false);
        Assert.DoesNotContain("\u001b", output.ToString());
        Assert.All(output.ToString().Split('\n'), line => Assert.Equal(line.TrimEnd(), line));
    }

    [Fact]
    public void Methods_are_sorted_by_time_with_the_choice_marked_and_the_best_in_bold()
    {
        var table = PlanTables.Methods(SyntheticPlan.Build());
        Assert.Equal(9, table.Rows.Count);
        var times = table.Rows.Select(r => long.Parse(r[4].Raw!)).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.True(table.Rows[0][4].IsBest);
        Assert.Equal(("eplb", "greedy-max-weight"), (table.Rows[0][0].Text, table.Rows[0][1].Text));
        Assert.Equal([0], Enumerable.Range(0, 9).Where(table.IsMarked));
        Assert.All(table.Rows.Where(r => r[0].Text == "contiguous"), r => Assert.Equal("1.00×", r[5].Text));
    }

    [Fact]
    public void Too_many_cells_are_refused() => Assert.Throws<ArgumentException>(() => new Table("t", [new("a")]).Add("1", "2"));

    [Fact]
    public void Long_tables_open_on_request()
    {
        var table = new Table("t", [new("a")]);
        for (var i = 0; i < 20; i++) table.Add($"row{i}");
        var html = new HtmlReport("x").Section("s").Table(table, openRows: 5).Render();
        Rules.AssertWellFormedPage(html);
        Assert.Equal(25, html.Split("<td>row").Length - 1);
        Assert.Contains("<summary>All 20 rows</summary>", html);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.000012345, "0")]
    [InlineData(0.01234, "0.0123")]
    [InlineData(1.2345, "1.23")]
    [InlineData(999.4, "999")]
    [InlineData(1234, "1,234")]
    [InlineData(9_999.4, "9,999")]
    [InlineData(12_345, "12.3k")]
    [InlineData(-4.2e9, "-4.2G")]
    [InlineData(double.NaN, "–")]
    public void Short_numbers(double value, string text) => Assert.Equal(text, ReportText.Short(value));

    private static Table Sample()
    {
        var table = new Table("Times", [new("method", true), new("time")]);
        table.Add("a|b", new Cell("12 µs", "12000000"));
        table.Add("<x>", new Cell("9.5 µs", "9500000", IsBest: true));
        table.MarkLast();
        return table;
    }
}
