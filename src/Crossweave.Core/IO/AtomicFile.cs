using System.Runtime.InteropServices;

namespace Crossweave.Core.IO;

/// <summary>
/// Writes a file completely or not at all: to a temporary file in the same folder, flushed, then renamed. What a link points to is replaced,
/// not the link; devices and pipes (/dev/stdout, /dev/fd/63) are written directly.
/// </summary>
public static class AtomicFile
{
    public static void WriteAllText(string path, string text) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        writer.Write(text);
    });

    public static void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        Write(path, stream => stream.Write(copy));
    }

    /// <exception cref="InputException">The folder cannot be created or written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            var full = Path.GetFullPath(path);
            if (full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal))
            {
                using var device = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
                write(device);
                return;
            }

            Replace(new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName, path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    private static void Replace(string full, string path, Action<Stream> write)
    {
        var folder = Path.GetDirectoryName(full) ?? throw InputException.At(path, "a folder", "a file name");
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        using var onInterrupt = OnSignal(PosixSignal.SIGINT, temporary);
        using var onTermination = OnSignal(PosixSignal.SIGTERM, temporary);
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Ctrl-C ends the process as ever, but takes the unfinished file along.</summary>
    private static PosixSignalRegistration OnSignal(PosixSignal signal, string temporary) => PosixSignalRegistration.Create(signal, _ =>
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process ends anyway.
        }
    });
}
