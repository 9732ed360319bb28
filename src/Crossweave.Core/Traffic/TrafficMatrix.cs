namespace Crossweave.Core.Traffic;

/// <summary>
/// [source rank, target rank] -> tokens (token copies). The diagonal is local traffic: it is computed on, but needs no port.
/// </summary>
public sealed class TrafficMatrix
{
    private readonly long[] _cells;

    /// <param name="rankCount">n, at least 1.</param>
    /// <param name="cells">n x n tokens, row-major (row = source), non-negative; kept, not copied.</param>
    public TrafficMatrix(int rankCount, long[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rankCount);
        if (cells.LongLength != (long)rankCount * rankCount) throw new ArgumentException("cells must hold ranks x ranks values");
        foreach (var c in cells)
            if (c < 0)
                throw new ArgumentException("traffic must not be negative");
        RankCount = rankCount;
        _cells = cells;
    }

    public int RankCount { get; }

    public ReadOnlySpan<long> Cells => _cells;

    public long this[int source, int target] => _cells[(source * RankCount) + target];

    public ReadOnlySpan<long> Row(int source) => _cells.AsSpan(source * RankCount, RankCount);

    /// <summary>Everything, local tokens included.</summary>
    public long Total() => Sum(_cells);

    public long LocalTotal()
    {
        var sum = 0L;
        for (var i = 0; i < RankCount; i++) sum += this[i, i];
        return sum;
    }

    /// <summary>Tokens that need a port: the total without the diagonal.</summary>
    public long RemoteTotal() => Total() - LocalTotal();

    /// <summary>Off-diagonal row sum.</summary>
    public long Sent(int source) => Sum(Row(source)) - this[source, source];

    /// <summary>Off-diagonal column sum.</summary>
    public long Received(int target)
    {
        var sum = 0L;
        for (var s = 0; s < RankCount; s++)
            if (s != target)
                sum += this[s, target];
        return sum;
    }

    public TrafficMatrix Transpose()
    {
        var cells = new long[_cells.Length];
        for (var s = 0; s < RankCount; s++)
            for (var t = 0; t < RankCount; t++)
                cells[(t * RankCount) + s] = this[s, t];
        return new TrafficMatrix(RankCount, cells);
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        var sum = 0L;
        foreach (var v in values) sum = checked(sum + v);
        return sum;
    }
}
