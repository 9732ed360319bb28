using System.Numerics;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Turns one optimal assignment into the lexicographically smallest one. By complementary slackness the optimal assignments are
/// exactly the perfect matchings of the tight edges, so no cost is looked at again: row by row, the smallest tight column is taken
/// that an alternating cycle through rows not yet fixed can free. Strongly connected components rule out most rows at once (an edge
/// belongs to some perfect matching only inside a component). O(edges) when the optimum is unique, O(n^3 / 64) at worst.
/// </summary>
internal sealed class TieBreaker
{
    private int _size;
    private int _words;
    private ulong[] _tight = [];
    private ulong[] _open = [];
    private ulong[] _fresh = [];
    private int[] _component = [];
    private int[] _order = [];
    private int[] _low = [];
    private int[] _path = [];
    private int[] _stack = [];
    private int[] _from = [];

    /// <summary>Prepares n rows of n bits; returns the words per row.</summary>
    public int Begin(int size)
    {
        _size = size;
        _words = (size + 63) >> 6;
        if (_tight.Length < size * _words) _tight = new ulong[size * _words];
        if (_component.Length < size)
        {
            _open = new ulong[_words];
            _fresh = new ulong[_words];
            _component = new int[size];
            _order = new int[size];
            _low = new int[size];
            _path = new int[size];
            _stack = new int[size];
            _from = new int[size];
        }

        return _words;
    }

    public Span<ulong> RowBits(int row) => _tight.AsSpan(row * _words, _words);

    /// <summary>Rewrites the matching in place. <paramref name="edges"/> is the number of tight edges set.</summary>
    public void Minimise(int edges, Span<int> columnOfRow, Span<int> rowOfColumn)
    {
        // Dense tight graphs (many zeros) are one big component anyway; finding it would cost more than it saves.
        if (edges > 6 * _size) _component.AsSpan(0, _size).Clear();
        else if (FindComponents(rowOfColumn) == _size) return;
        Span<int> componentOfRow = _component.AsSpan(0, _size);
        // Components are sets of rows and of columns; columns are looked up through the matching found first.
        Span<int> componentOfColumn = _order.AsSpan(0, _size);
        for (var j = 0; j < _size; j++) componentOfColumn[j] = componentOfRow[rowOfColumn[j]];
        SetAll(_open);
        for (var row = 0; row < _size; row++)
        {
            Improve(row, componentOfRow[row], componentOfColumn, columnOfRow, rowOfColumn);
            var column = columnOfRow[row];
            _open[column >> 6] &= ~(1UL << (column & 63));
        }
    }

    // Smallest tight column below the present one whose owner can be moved on, along a chain that ends at the present column.
    private void Improve(int row, int component, ReadOnlySpan<int> componentOfColumn, Span<int> columnOfRow, Span<int> rowOfColumn)
    {
        var present = columnOfRow[row];
        var bits = RowBits(row);
        var copied = false;
        for (var w = 0; w <= present >> 6; w++)
        {
            var candidates = bits[w] & _open[w];
            if (w == present >> 6) candidates &= (1UL << (present & 63)) - 1;
            for (; candidates != 0; candidates &= candidates - 1)
            {
                var column = (w << 6) + BitOperations.TrailingZeroCount(candidates);
                if (componentOfColumn[column] != component) continue;
                if (!copied)
                {
                    _open.AsSpan(0, _words).CopyTo(_fresh);
                    _fresh[present >> 6] &= ~(1UL << (present & 63));
                    copied = true;
                }

                // Columns seen from an earlier candidate led nowhere, so they stay out for the later ones.
                if ((_fresh[column >> 6] >> (column & 63) & 1) == 0) continue;
                var last = Reach(column, present, rowOfColumn);
                if (last < 0) continue;
                var target = present;
                for (var c = last; ; c = _from[c])
                {
                    var mover = rowOfColumn[c];
                    columnOfRow[mover] = target;
                    rowOfColumn[target] = mover;
                    target = c;
                    if (_from[c] < 0) break;
                }

                columnOfRow[row] = column;
                rowOfColumn[column] = row;
                return;
            }
        }
    }

    // Depth-first from the owner of a column to any owner that may take the wanted column; returns the column of the latter.
    private int Reach(int column, int wanted, ReadOnlySpan<int> rowOfColumn)
    {
        var depth = 0;
        _stack[depth++] = column;
        _from[column] = -1;
        _fresh[column >> 6] &= ~(1UL << (column & 63));
        while (depth > 0)
        {
            var at = _stack[--depth];
            var bits = RowBits(rowOfColumn[at]);
            if ((bits[wanted >> 6] >> (wanted & 63) & 1) != 0) return at;
            for (var w = 0; w < _words; w++)
            {
                var next = bits[w] & _fresh[w];
                _fresh[w] &= ~next;
                for (; next != 0; next &= next - 1)
                {
                    var c = (w << 6) + BitOperations.TrailingZeroCount(next);
                    _from[c] = at;
                    _stack[depth++] = c;
                }
            }
        }

        return -1;
    }

    // Tarjan's strongly connected components of the graph row -> owner of a tight column, without recursion.
    private int FindComponents(ReadOnlySpan<int> rowOfColumn)
    {
        var order = _order.AsSpan(0, _size);
        order.Clear();
        var time = 0;
        var components = 0;
        var onPath = 0;
        SetAll(_fresh); // columns whose owner has not been reached
        for (var root = 0; root < _size; root++)
        {
            if (order[root] != 0) continue;
            var depth = 0;
            _stack[depth++] = root;
            while (depth > 0)
            {
                var row = _stack[depth - 1];
                if (order[row] == 0)
                {
                    order[row] = _low[row] = ++time;
                    _path[onPath++] = row;
                    _component[row] = -1;
                }

                if (NextFresh(row, rowOfColumn, order) is >= 0 and var child)
                {
                    _stack[depth++] = child;
                    continue;
                }

                _low[row] = LowestOnPath(row, rowOfColumn, order);
                depth--;
                if (_low[row] != order[row]) continue;
                int member;
                do
                {
                    member = _path[--onPath];
                    _component[member] = components;
                }
                while (member != row);

                components++;
            }
        }

        return components;
    }

    private int NextFresh(int row, ReadOnlySpan<int> rowOfColumn, ReadOnlySpan<int> order)
    {
        var bits = RowBits(row);
        for (var w = 0; w < _words; w++)
        {
            for (var next = bits[w] & _fresh[w]; next != 0; next &= next - 1)
            {
                var column = (w << 6) + BitOperations.TrailingZeroCount(next);
                _fresh[w] &= ~(1UL << (column & 63));
                if (order[rowOfColumn[column]] == 0) return rowOfColumn[column];
            }
        }

        return -1;
    }

    private int LowestOnPath(int row, ReadOnlySpan<int> rowOfColumn, ReadOnlySpan<int> order)
    {
        var low = order[row];
        var bits = RowBits(row);
        for (var w = 0; w < _words; w++)
        {
            for (var next = bits[w]; next != 0; next &= next - 1)
            {
                var other = rowOfColumn[(w << 6) + BitOperations.TrailingZeroCount(next)];
                if (_component[other] < 0) low = Math.Min(low, Math.Min(_low[other], order[other]));
            }
        }

        return low;
    }

    private void SetAll(ulong[] bits)
    {
        bits.AsSpan(0, _words).Fill(ulong.MaxValue);
        if ((_size & 63) != 0) bits[_words - 1] = (1UL << (_size & 63)) - 1;
    }
}
