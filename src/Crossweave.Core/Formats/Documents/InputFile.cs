using System.Text.Unicode;

namespace Crossweave.Core.Formats.Documents;

/// <summary>Reads whole input files; whatever goes wrong is one line about the file.</summary>
public static class InputFile
{
    /// <exception cref="InputException">Missing, a folder, unreadable, or too large for memory.</exception>
    public static byte[] ReadBytes(string path)
    {
        if (Directory.Exists(path)) throw InputException.At(path, "a folder", "a file");
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"{path}: the file does not exist", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>UTF-8 text, with or without a byte order mark.</summary>
    /// <exception cref="InputException">As <see cref="ReadBytes"/>, or not UTF-8.</exception>
    public static string ReadText(string path) => System.Text.Encoding.UTF8.GetString(ReadUtf8(path).Span);

    internal static ReadOnlyMemory<byte> ReadUtf8(string path)
    {
        var bytes = ReadBytes(path);
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
        if (!Utf8.IsValid(text.Span)) throw InputException.At(path, "bytes that are not UTF-8", "a text file");
        return text;
    }
}
