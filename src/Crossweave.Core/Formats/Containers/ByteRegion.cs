using System.IO.MemoryMappedFiles;

namespace Crossweave.Core.Formats.Containers;

/// <summary>Bytes that may be larger than memory: a memory-mapped file or an array.</summary>
public abstract class ByteRegion : IDisposable
{
    public abstract long Length { get; }

    /// <summary>A view, valid until this object is disposed.</summary>
    public abstract ReadOnlySpan<byte> Slice(long offset, int count);

    /// <summary>Maps a file read-only; an empty file gives an empty region.</summary>
    /// <exception cref="InputException">Missing, a folder, or not readable.</exception>
    public static ByteRegion Open(string path)
    {
        if (Directory.Exists(path)) throw InputException.At(path, "a folder", "a file");
        if (!File.Exists(path)) throw InputException.At(path, "no such file", "a file");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            if (stream.Length > 0) return new MappedBytes(stream);
            stream.Dispose();
            return new ArrayBytes([]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>A region in memory.</summary>
public sealed class ArrayBytes(byte[] bytes) : ByteRegion
{
    public override long Length => bytes.Length;

    public override ReadOnlySpan<byte> Slice(long offset, int count) => bytes.AsSpan(checked((int)offset), count);
}

/// <summary>
/// A file mapped into the address space; pages are read when touched. The file must not shrink while it is mapped.
/// Safe for concurrent reads; disposing while another thread reads is an error of the caller.
/// </summary>
internal sealed unsafe class MappedBytes : ByteRegion
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    public MappedBytes(FileStream stream)
    {
        Length = stream.Length;
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public override long Length { get; }

    public override ReadOnlySpan<byte> Slice(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_start == null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (offset > Length - count) throw new ArgumentOutOfRangeException(nameof(count), count, "beyond the end of the mapped file");
        return new ReadOnlySpan<byte>(_start + offset, count);
    }

    protected override void Dispose(bool disposing)
    {
        if (_start != null && disposing)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }

        _start = null;
        base.Dispose(disposing);
    }
}
