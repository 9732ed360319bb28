namespace Crossweave.Reporting.Svg;

/// <summary>A finished drawing. Colours come from <see cref="ChartStyle"/>, so it follows the reader's light or dark setting.</summary>
/// <param name="Width">Natural width in CSS pixels.</param>
/// <param name="Height">Natural height in CSS pixels.</param>
/// <param name="Title">Accessible name.</param>
/// <param name="Description">Accessible description: what the drawing says, in a sentence.</param>
/// <param name="Body">Escaped SVG elements.</param>
public sealed record SvgImage(int Width, int Height, string Title, string Description, string Body)
{
    /// <summary>The element for a page that carries <see cref="ChartStyle.Css"/> once.</summary>
    public string Inline() => Element(string.Empty, string.Empty);

    /// <summary>A complete file with its own style sheet.</summary>
    public string Standalone() =>
        Element(" xmlns=\"http://www.w3.org/2000/svg\"", $"<style>{ChartStyle.Css}svg{{background:var(--page)}}</style>\n");

    private string Element(string attributes, string head) =>
        $"<svg class=\"cw\"{attributes} role=\"img\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\">\n" +
        $"<title>{Markup.Escape(Title)}</title>\n<desc>{Markup.Escape(Description)}</desc>\n{head}{Body}</svg>\n";
}
