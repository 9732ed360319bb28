using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Maximum matching of a bipartite graph whose edges come and go: removing a matched edge frees its two ends, and
/// <see cref="Grow"/> repairs the matching by augmenting paths. Adjacency is kept as bit rows.
/// </summary>
/// <remarks>
/// Breadth-first augmentation (shortest paths), rows ascending, columns ascending: deterministic for a given history. One
/// augmentation costs O(n^2 / 64) word operations plus O(n); a matching from scratch O(n^3 / 64). A workspace without allocation.
/// </remarks>
public sealed class BipartiteMatching
{
    private readonly int _size;
    private readonly int _words;
    private readonly ulong[] _edges;
    private readonly ulong[] _fresh;
    private readonly int[] _columnOfRow;
    private readonly int[] _rowOfColumn;
    private readonly int[] _queue;
    private readonly int[] _previous;
    private int _failed;

    /// <param name="size">Rows and columns.</param>
    public BipartiteMatching(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _words = (size + 63) >> 6;
        _edges = new ulong[size * _words];
        _fresh = new ulong[_words];
        _columnOfRow = new int[size];
        _rowOfColumn = new int[size];
        _queue = new int[size];
        _previous = new int[size];
        Clear();
    }

    /// <summary>Column of each row, -1 when unmatched.</summary>
    public ReadOnlySpan<int> ColumnOfRow => _columnOfRow;

    /// <summary>Row of each column, -1 when unmatched.</summary>
    public ReadOnlySpan<int> RowOfColumn => _rowOfColumn;

    /// <summary>Matched pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Removes all edges and matches.</summary>
    public void Clear()
    {
        Array.Clear(_edges);
        Array.Fill(_columnOfRow, -1);
        Array.Fill(_rowOfColumn, -1);
        Count = 0;
    }

    public bool HasEdge(int row, int column) => (_edges[(row * _words) + (column >> 6)] >> (column & 63) & 1) != 0;

    public void Add(int row, int column) => _edges[(row * _words) + (column >> 6)] |= 1UL << (column & 63);

    /// <summary>Removes an edge, and its match if it has one.</summary>
    public void Remove(int row, int column)
    {
        _edges[(row * _words) + (column >> 6)] &= ~(1UL << (column & 63));
        if (_columnOfRow[row] != column) return;
        _columnOfRow[row] = -1;
        _rowOfColumn[column] = -1;
        Count--;
    }

    /// <summary>Replaces the edges of a row by the columns whose value reaches a threshold; a match below it is dropped.</summary>
    internal void SetRow(int row, ReadOnlySpan<long> values, long threshold)
    {
        var bits = _edges.AsSpan(row * _words, _words);
        AtLeast(values, threshold, bits);
        var column = _columnOfRow[row];
        if (column < 0 || (bits[column >> 6] >> (column & 63) & 1) != 0) return;
        _columnOfRow[row] = -1;
        _rowOfColumn[column] = -1;
        Count--;
    }

    /// <summary>Takes over the edges of another matching of the same size; nothing is matched.</summary>
    internal void CopyEdges(BipartiteMatching other)
    {
        other._edges.CopyTo(_edges, 0);
        Array.Fill(_columnOfRow, -1);
        Array.Fill(_rowOfColumn, -1);
        Count = 0;
    }

    /// <summary>
    /// After <see cref="GrowPerfect"/> gave up: the largest value between the rows its last search reached and the columns it did not.
    /// Every perfect matching uses such a pair.
    /// </summary>
    internal long LargestMissing(ReadOnlySpan<long> cells)
    {
        var largest = LargestUnreached(cells.Slice(_failed * _size, _size));
        for (var column = 0; column < _size; column++)
        {
            if ((_fresh[column >> 6] >> (column & 63) & 1) != 0) continue;
            largest = Math.Max(largest, LargestUnreached(cells.Slice(_rowOfColumn[column] * _size, _size)));
        }

        return largest;
    }

    /// <summary>Makes the matching maximum again.</summary>
    /// <returns>True when it is perfect.</returns>
    public bool Grow()
    {
        for (var row = 0; row < _size && Count < _size; row++)
            if (_columnOfRow[row] < 0)
                Augment(row);
        return Count == _size;
    }

    /// <summary>Augments until the matching is perfect; gives up at the first row that cannot be matched (it never will be).</summary>
    public bool GrowPerfect()
    {
        for (var row = 0; row < _size && Count < _size; row++)
        {
            if (_columnOfRow[row] >= 0 || Augment(row)) continue;
            _failed = row;
            return false;
        }

        return Count == _size;
    }

    private long LargestUnreached(ReadOnlySpan<long> values)
    {
        var largest = long.MinValue;
        for (var w = 0; w < _words; w++)
        {
            for (var bits = _fresh[w] & Columns(w); bits != 0; bits &= bits - 1)
                largest = Math.Max(largest, values[(w << 6) + BitOperations.TrailingZeroCount(bits)]);
        }

        return largest;
    }

    // The bits of word w that are columns.
    private ulong Columns(int w) => w == _words - 1 && (_size & 63) != 0 ? (1UL << (_size & 63)) - 1 : ulong.MaxValue;

    private static void AtLeast(ReadOnlySpan<long> values, long threshold, Span<ulong> bits)
    {
        bits.Clear();
        var j = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            ref var first = ref MemoryMarshal.GetReference(values);
            var wanted = Vector512.Create(threshold);
            for (; j + Vector512<long>.Count <= values.Length; j += Vector512<long>.Count)
            {
                var reached = Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref first, (nuint)j), wanted);
                bits[j >> 6] |= reached.ExtractMostSignificantBits() << (j & 63);
            }
        }

        for (; j < values.Length; j++)
            if (values[j] >= threshold)
                bits[j >> 6] |= 1UL << (j & 63);
    }

    private bool Augment(int start)
    {
        Array.Fill(_fresh, ulong.MaxValue);
        var tail = 0;
        for (int head = -1, row = start; ; row = _rowOfColumn[_queue[head]])
        {
            var edges = _edges.AsSpan(row * _words, _words);
            for (var w = 0; w < _words; w++)
            {
                var next = edges[w] & _fresh[w];
                _fresh[w] &= ~next;
                for (; next != 0; next &= next - 1)
                {
                    var column = (w << 6) + BitOperations.TrailingZeroCount(next);
                    _previous[column] = row;
                    if (_rowOfColumn[column] < 0)
                    {
                        Flip(column, start);
                        return true;
                    }

                    _queue[tail++] = column;
                }
            }

            if (++head == tail) return false;
        }
    }

    private void Flip(int column, int start)
    {
        while (true)
        {
            var row = _previous[column];
            _rowOfColumn[column] = row;
            (column, _columnOfRow[row]) = (_columnOfRow[row], column);
            if (row == start) break;
        }

        Count++;
    }
}
