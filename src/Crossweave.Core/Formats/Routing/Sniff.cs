using System.Text.Json;
using Crossweave.Core.Formats.Containers;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Cheap looks at the start of a file, for recognising formats; never throws on content.</summary>
internal static class Sniff
{
    private const int HeadBytes = 1 << 16;

    /// <summary>Up to 64 KiB; empty when the path is no readable file.</summary>
    public static byte[] Head(string path)
    {
        try
        {
            if (!File.Exists(path)) return [];
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            var head = new byte[(int)Math.Min(HeadBytes, stream.Length)];
            return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Keys of the first JSON object as far as they begin in the head; null when the file starts with something else.</summary>
    public static HashSet<string>? JsonKeys(string path)
    {
        var head = Head(path);
        var reader = new Utf8JsonReader(head, isFinalBlock: false, state: default);
        HashSet<string>? keys = null;
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0)
                {
                    if (keys is not null || reader.TokenType != JsonTokenType.StartObject) break;
                    keys = [];
                }
                else if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName) keys!.Add(reader.GetString()!);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Whatever was readable decides.
        }

        return keys;
    }

    public static bool IsZip(string path) => ZipDirectory.HasMagic(Head(path));

    /// <summary>Files of a folder whose names match, in ordinal order; empty when there is no such folder.</summary>
    public static string[] Files(string folder, string pattern)
    {
        try
        {
            if (!Directory.Exists(folder)) return [];
            var files = Directory.GetFiles(folder, pattern);
            Array.Sort(files, StringComparer.Ordinal);
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
