using System.Numerics;

namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Perfect matching of n rows and n columns, n at most 64, with the columns a row may take as bits of a word. Starts from a given matching and
/// repairs it by augmenting paths, so a test after small changes is cheap: O(n^2) per row that lost its column. A workspace; solving allocates
/// nothing.
/// </summary>
public sealed class BitMatching(int size)
{
    private readonly int[] _rowOf = new int[size];

    /// <param name="columns">[row] -> allowed columns.</param>
    /// <param name="columnOfRow">The matching to start from, -1 = none; the perfect one when there is one, else undefined.</param>
    /// <returns>Whether there is a perfect matching.</returns>
    public bool Repair(ReadOnlySpan<ulong> columns, Span<int> columnOfRow)
    {
        Array.Fill(_rowOf, -1);
        for (var row = 0; row < size; row++)
        {
            var column = columnOfRow[row];
            if (column >= 0 && (columns[row] >> column & 1) != 0 && _rowOf[column] < 0) _rowOf[column] = row;
            else columnOfRow[row] = -1;
        }

        for (var row = 0; row < size; row++)
        {
            var seen = 0UL;
            if (columnOfRow[row] < 0 && !Augment(columns, columnOfRow, row, ref seen)) return false;
        }

        return true;
    }

    private bool Augment(ReadOnlySpan<ulong> columns, Span<int> columnOfRow, int row, ref ulong seen)
    {
        for (var open = columns[row] & ~seen; open != 0; open = columns[row] & ~seen)
        {
            var column = BitOperations.TrailingZeroCount(open);
            seen |= 1UL << column;
            if (_rowOf[column] >= 0 && !Augment(columns, columnOfRow, _rowOf[column], ref seen)) continue;
            (_rowOf[column], columnOfRow[row]) = (row, column);
            return true;
        }

        return false;
    }
}
