using System.Globalization;
using System.Text;

namespace Crossweave.Reporting.Svg;

/// <summary>Text and numbers as XML and HTML accept them, the same on every machine.</summary>
internal static class Markup
{
    /// <summary>Escapes the five special characters; characters that XML 1.0 forbids become U+FFFD.</summary>
    public static string Escape(string text)
    {
        var clean = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '&': clean.Append("&amp;"); break;
                case '<': clean.Append("&lt;"); break;
                case '>': clean.Append("&gt;"); break;
                case '"': clean.Append("&quot;"); break;
                case '\'': clean.Append("&#39;"); break;
                case '\t' or '\n' or '\r': clean.Append(' '); break;
                case < ' ' or '\u007f' or '\ufffe' or '\uffff': clean.Append('\ufffd'); break;
                case var _ when char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]):
                    clean.Append(c).Append(text[++i]);
                    break;
                case var _ when char.IsSurrogate(c): clean.Append('\ufffd'); break;
                default: clean.Append(c); break;
            }
        }

        return clean.ToString();
    }

    /// <summary>At most two decimals, invariant; anything that is not a finite number is drawn at 0.</summary>
    public static string Number(double value) =>
        double.IsFinite(value) ? (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture) : "0";
}
