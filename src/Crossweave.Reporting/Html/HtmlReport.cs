using System.Globalization;
using System.Text;
using Crossweave.Reporting.Svg;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Html;

/// <summary>
/// Builds one self-contained page: no script, no font, no image, no address outside itself. Every text is escaped here; the same
/// calls give the same bytes. Call <see cref="Section"/> before adding content.
/// </summary>
public sealed class HtmlReport(string title)
{
    private readonly StringBuilder _body = new();
    private readonly StringBuilder _cards = new();
    private readonly StringBuilder _contents = new();
    private int _sectionCount;

    public string Title { get; } = title;

    /// <summary>What was looked at, one line under the title.</summary>
    public string Subtitle { get; set; } = string.Empty;

    /// <summary>The answer in a sentence or two.</summary>
    public string Headline { get; set; } = string.Empty;

    /// <summary>A key figure at the top.</summary>
    /// <param name="label">What it is.</param>
    /// <param name="value">The number with its unit.</param>
    /// <param name="note">What to compare it with.</param>
    public HtmlReport Card(string label, string value, string note)
    {
        _cards.Append($"<div class=\"card\"><div class=\"label\">{Esc(label)}</div><div class=\"value\">{Esc(value)}</div><div class=\"note\">{Esc(note)}</div></div>\n");
        return this;
    }

    public HtmlReport Section(string heading, string? introduction = null)
    {
        if (_sectionCount > 0) _body.Append("</section>\n");
        _sectionCount++;
        var id = string.Create(CultureInfo.InvariantCulture, $"s{_sectionCount}");
        _contents.Append($"<a href=\"#{id}\">{Esc(heading)}</a>\n");
        _body.Append($"<section id=\"{id}\">\n<h2>{Esc(heading)}</h2>\n");
        return introduction is null ? this : Paragraph(introduction);
    }

    public HtmlReport Paragraph(string text)
    {
        _body.Append($"<p>{Esc(text)}</p>\n");
        return this;
    }

    /// <param name="image">Drawing; scrolls sideways on narrow screens instead of shrinking until it is unreadable.</param>
    /// <param name="caption">What is shown.</param>
    /// <param name="guide">How to read it: what is good, what is bad.</param>
    public HtmlReport Figure(SvgImage image, string caption, string? guide = null)
    {
        _body.Append("<figure>\n<figcaption>").Append(Esc(caption)).Append("</figcaption>\n<div class=\"scroll\">\n").Append(image.Inline()).Append("</div>\n");
        if (guide is not null) _body.Append($"<p class=\"guide\"><b>How to read it.</b> {Esc(guide)}</p>\n");
        _body.Append("</figure>\n");
        return this;
    }

    /// <param name="table">Rows; bars and bold values as the cells say.</param>
    /// <param name="guide">How to read it.</param>
    /// <param name="openRows">Rows shown at once; when there are more, all of them follow in a part that opens on click.</param>
    public HtmlReport Table(Table table, string? guide = null, int openRows = int.MaxValue)
    {
        if (table.Title.Length > 0) _body.Append($"<h3>{Esc(table.Title)}</h3>\n");
        if (openRows > 0) Rows(table.Rows.Count > openRows ? table.Head(openRows) : table);
        if (guide is not null) _body.Append($"<p class=\"guide\"><b>How to read it.</b> {Esc(guide)}</p>\n");
        if (table.Rows.Count <= openRows) return this;
        _body.Append(CultureInfo.InvariantCulture, $"<details><summary>All {table.Rows.Count} rows</summary>\n");
        Rows(table);
        _body.Append("</details>\n");
        return this;
    }

    /// <summary>Names and what they stand for: settings, assumptions, provenance.</summary>
    public HtmlReport Facts(IEnumerable<(string Name, string Text)> facts)
    {
        _body.Append("<dl>\n");
        foreach (var (name, text) in facts) _body.Append($"<dt>{Esc(name)}</dt><dd>{Esc(text)}</dd>\n");
        _body.Append("</dl>\n");
        return this;
    }

    public HtmlReport List(IEnumerable<string> items)
    {
        _body.Append("<ul>\n");
        foreach (var item in items) _body.Append($"<li>{Esc(item)}</li>\n");
        _body.Append("</ul>\n");
        return this;
    }

    /// <summary>The page.</summary>
    public string Render()
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        page.Append($"<title>{Esc(Title)}</title>\n<style>\n{ChartStyle.Css}{PageStyle.Css}</style>\n</head>\n<body>\n<main>\n");
        page.Append($"<header>\n<h1>{Esc(Title)}</h1>\n");
        if (Subtitle.Length > 0) page.Append($"<p class=\"subtitle\">{Esc(Subtitle)}</p>\n");
        if (Headline.Length > 0) page.Append($"<p class=\"headline\">{Esc(Headline)}</p>\n");
        page.Append("</header>\n");
        if (_cards.Length > 0) page.Append("<div class=\"cards\">\n").Append(_cards).Append("</div>\n");
        if (_sectionCount > 1) page.Append("<nav>\n").Append(_contents).Append("</nav>\n");
        page.Append(_body);
        if (_sectionCount > 0) page.Append("</section>\n");
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private void Rows(Table table)
    {
        _body.Append("<div class=\"scroll\"><table>\n<thead><tr>");
        foreach (var column in table.Columns)
        {
            var hint = column.Hint is null ? string.Empty : $" title=\"{Esc(column.Hint)}\"";
            _body.Append($"<th{(column.IsText ? " class=\"name\"" : string.Empty)}{hint}>{Esc(column.Header)}</th>");
        }

        _body.Append("</tr></thead>\n<tbody>\n");
        for (var r = 0; r < table.Rows.Count; r++)
        {
            _body.Append(table.IsMarked(r) ? "<tr class=\"chosen\">" : "<tr>");
            for (var c = 0; c < table.Columns.Count; c++) AppendCell(table.Rows[r][c], table.Columns[c].IsText);
            _body.Append("</tr>\n");
        }

        _body.Append("</tbody>\n</table></div>\n");
    }

    private void AppendCell(Cell cell, bool isText)
    {
        _body.Append(isText ? "<td class=\"name\"" : "<td");
        if (double.IsFinite(cell.Bar)) _body.Append($" style=\"--bar:{Markup.Number(Math.Clamp(cell.Bar, 0, 1) * 100)}%\"");
        _body.Append('>').Append(cell.IsBest ? $"<b>{Esc(cell.Text)}</b>" : Esc(cell.Text)).Append("</td>");
    }

    private static string Esc(string text) => Markup.Escape(text);
}
