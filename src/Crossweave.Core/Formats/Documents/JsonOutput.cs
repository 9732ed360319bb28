using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// The one JSON writer of Crossweave's documents: members on lines of their own, two spaces deep, lists of numbers on one line,
/// lines ending in "\n". Numbers follow one rule: whole numbers in full, doubles in the shortest form that reads back to the same
/// bits ("R", invariant); NaN and infinity are a programming error.
/// </summary>
public sealed class JsonOutput
{
    private readonly StringBuilder _text = new();
    private readonly Stack<(char Close, bool Empty)> _open = new();
    private bool _afterKey;

    public static string Number(double value) =>
        double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : throw new ArgumentOutOfRangeException(nameof(value), value, "JSON has no such number");

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public JsonOutput BeginObject() => Begin('{', '}');

    public JsonOutput BeginArray() => Begin('[', ']');

    /// <summary>Closes the innermost object or list.</summary>
    public JsonOutput End()
    {
        var (close, empty) = _open.Pop();
        if (!empty) NewLine();
        _text.Append(close);
        return this;
    }

    public JsonOutput Key(string key)
    {
        Separate();
        Quote(key);
        _text.Append(": ");
        _afterKey = true;
        return this;
    }

    public JsonOutput Value(long value) => Raw(Number(value));

    public JsonOutput Value(double value) => Raw(Number(value));

    public JsonOutput Value(bool value) => Raw(value ? "true" : "false");

    public JsonOutput Null() => Raw("null");

    public JsonOutput Value(string value)
    {
        Separate();
        Quote(value);
        return this;
    }

    /// <summary>A list of whole numbers on one line.</summary>
    public JsonOutput Line(ReadOnlySpan<int> values)
    {
        Separate();
        _text.Append('[');
        for (var i = 0; i < values.Length; i++) _text.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{values[i]}");
        _text.Append(']');
        return this;
    }

    /// <summary>A list of whole numbers on one line.</summary>
    public JsonOutput Line(ReadOnlySpan<long> values)
    {
        Separate();
        _text.Append('[');
        for (var i = 0; i < values.Length; i++) _text.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{values[i]}");
        _text.Append(']');
        return this;
    }

    /// <summary>Text that is JSON already, for example a small object on one line.</summary>
    public JsonOutput Raw(string json)
    {
        Separate();
        _text.Append(json);
        return this;
    }

    /// <summary>The finished document, ending with a line break.</summary>
    public override string ToString() =>
        _open.Count == 0 ? _text.ToString() + "\n" : throw new InvalidOperationException("an object or list is still open");

    private JsonOutput Begin(char open, char close)
    {
        Separate();
        _text.Append(open);
        _open.Push((close, true));
        return this;
    }

    private void Separate()
    {
        if (_afterKey)
        {
            _afterKey = false;
            return;
        }

        if (_open.Count == 0) return;
        var (close, empty) = _open.Pop();
        if (!empty) _text.Append(',');
        _open.Push((close, false));
        NewLine();
    }

    private void NewLine() => _text.Append('\n').Append(' ', 2 * _open.Count);

    private void Quote(string value) =>
        _text.Append('"').Append(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append('"');
}
