using System.Text;

namespace Crossweave.Reporting.Svg;

/// <summary>Writes SVG elements one per line. Every text is escaped and every number rounded here, nowhere else.</summary>
internal sealed class SvgWriter
{
    private readonly StringBuilder _body = new();

    /// <summary>Average advance of one character of the 11 px chart font.</summary>
    public const double CharWidth = 6.2;

    public SvgWriter Rect(double x, double y, double width, double height, string style, string? tooltip = null)
    {
        _body.Append("<rect class=\"").Append(style).Append('"');
        Attribute("x", x);
        Attribute("y", y);
        Attribute("width", Math.Max(0, width));
        Attribute("height", Math.Max(0, height));
        return tooltip is null ? Raw("/>\n") : Raw("><title>").Raw(Markup.Escape(tooltip)).Raw("</title></rect>\n");
    }

    public SvgWriter Line(double x1, double y1, double x2, double y2, string style)
    {
        _body.Append("<path class=\"").Append(style).Append("\" d=\"M").Append(Markup.Number(x1)).Append(' ').Append(Markup.Number(y1));
        return Raw("L").Raw(Markup.Number(x2)).Raw(" ").Raw(Markup.Number(y2)).Raw("\"/>\n");
    }

    public SvgWriter Path(string style, string data, double? strokeWidth = null)
    {
        _body.Append("<path class=\"").Append(style).Append('"');
        if (strokeWidth is { } width) Attribute("stroke-width", width);
        return Raw(" d=\"").Raw(data).Raw("\"/>\n");
    }

    public SvgWriter Circle(double x, double y, double radius, string style, string? tooltip = null)
    {
        _body.Append("<circle class=\"").Append(style).Append('"');
        Attribute("cx", x);
        Attribute("cy", y);
        Attribute("r", radius);
        return tooltip is null ? Raw("/>\n") : Raw("><title>").Raw(Markup.Escape(tooltip)).Raw("</title></circle>\n");
    }

    /// <param name="x">Anchor.</param>
    /// <param name="y">Baseline.</param>
    /// <param name="text">Any text.</param>
    /// <param name="style">"t" normal, "t e" end-anchored, "t m" centred, "t b" bold, "t l" large.</param>
    public SvgWriter Text(double x, double y, string text, string style = "t")
    {
        _body.Append("<text class=\"").Append(style).Append('"');
        Attribute("x", x);
        Attribute("y", y);
        return Raw(">").Raw(Markup.Escape(text)).Raw("</text>\n");
    }

    /// <summary>Text that reads upwards, for the title of a vertical axis.</summary>
    public SvgWriter UpwardText(double x, double y, string text)
    {
        var at = $"{Markup.Number(x)} {Markup.Number(y)}";
        return Raw($"<text class=\"t m\" transform=\"translate({at}) rotate(-90)\">{Markup.Escape(text)}</text>\n");
    }

    public SvgWriter BeginGroup(double x, double y, double scaleX, double scaleY, string style)
    {
        _body.Append("<g class=\"").Append(style).Append("\" transform=\"translate(").Append(Markup.Number(x)).Append(' ');
        _body.Append(Markup.Number(y)).Append(") scale(").Append(Markup.Number(scaleX)).Append(' ').Append(Markup.Number(scaleY));
        return Raw(")\">\n");
    }

    public SvgWriter EndGroup() => Raw("</g>\n");

    public SvgImage Finish(int width, double height, string title, string description) =>
        new(width, (int)Math.Ceiling(height), title, description, _body.ToString());

    private SvgWriter Raw(string text)
    {
        _body.Append(text);
        return this;
    }

    private void Attribute(string name, double value) =>
        _body.Append(' ').Append(name).Append("=\"").Append(Markup.Number(value)).Append('"');
}
