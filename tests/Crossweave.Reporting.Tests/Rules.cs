using System.Text.RegularExpressions;
using System.Xml;

namespace Crossweave.Reporting.Tests;

/// <summary>What every drawing and page must satisfy.</summary>
internal static partial class Rules
{
    /// <summary>Parses as XML without external entities; fails with the position otherwise.</summary>
    public static void AssertWellFormed(string xml)
    {
        using var reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, CheckCharacters = true });
        while (reader.Read())
        {
        }
    }

    /// <summary>Pages are written as XHTML-compatible HTML, so the same parser judges them.</summary>
    public static void AssertWellFormedPage(string html)
    {
        const string DocType = "<!DOCTYPE html>\n";
        Assert.StartsWith(DocType, html);
        AssertWellFormed(html[DocType.Length..]);
    }

    /// <summary>Nothing is loaded from anywhere: no script, no address, no embedded resource; only the SVG namespace may look like one.</summary>
    public static void AssertSelfContained(string text)
    {
        var rest = text.Replace("xmlns=\"http://www.w3.org/2000/svg\"", string.Empty);
        Assert.DoesNotContain("http:", rest);
        Assert.DoesNotContain("https:", rest);
        Assert.DoesNotMatch(Loads(), rest);
    }

    [GeneratedRegex("<script|<link|<iframe|<img|<image|<object|<embed|\\ssrc=|\\sxlink|href=\"[^#]|url\\(|@import|\\son[a-z]+=", RegexOptions.NonBacktracking)]
    private static partial Regex Loads();
}
