namespace Crossweave.Core;

/// <summary>
/// Wrong input from a person: a file, a flag, a shape. The message is one line that names where (file, key or line),
/// the value found, and what was expected. The CLI prints it and exits with code 2.
/// </summary>
public sealed class InputException : Exception
{
    public InputException(string message) : base(OneLine(message))
    {
    }

    public InputException(string message, Exception inner) : base(OneLine(message), inner)
    {
    }

    /// <summary>"<paramref name="where"/>: found X, expected Y".</summary>
    public static InputException At(string where, string found, string expected) => new($"{where}: found {found}, expected {expected}");

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
