using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Growing array whose first element lies on a 64-byte boundary once it is larger than a few vectors: row scans with 512-bit loads
/// that straddle cache lines take a third longer. Content is lost when it grows.
/// </summary>
internal struct AlignedBuffer<T>() where T : unmanaged
{
    private const int LineBytes = 64;
    private const int PinFrom = 4096;

    private T[] _array = [];
    private int _offset;

    public readonly Span<T> Slice(int start, int length) => _array.AsSpan(_offset + start, length);

    public void Resize(int length)
    {
        if (_array.Length - _offset >= length) return;
        _offset = 0;
        if (length * Unsafe.SizeOf<T>() < PinFrom)
        {
            _array = new T[length];
            return;
        }

        var extra = LineBytes / Unsafe.SizeOf<T>();
        _array = GC.AllocateArray<T>(length + extra, pinned: true); // pinned, or the collector would move it off its boundary
        _offset = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0) & (LineBytes - 1)) / Unsafe.SizeOf<T>();
    }
}
