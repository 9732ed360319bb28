using System.Numerics;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// One side of a bipartite weight matching: its view of the costs (negated weights), its duals (negated too, so at most zero) and its
/// matches. Costs are stored by row and by column, so that both sides scan contiguous lines.
/// </summary>
internal sealed class MatchingSide<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private AlignedBuffer<T> _cost = new();
    private AlignedBuffer<T> _dual = new();
    private int[] _mate = [];
    private int _size;
    private int _stride;

    // Cost of padding: above every reduced cost, and far from overflow.
    private static T Padding => T.MaxValue >> 2;

    /// <summary>Vertex of the other side, -1 when free; padded with -1.</summary>
    public Span<int> Mate => _mate.AsSpan(0, _stride);

    /// <summary>Negated duals, padded with zeros.</summary>
    public Span<T> Dual => _dual.Slice(0, _stride);

    /// <summary>Costs of one vertex, padded.</summary>
    public Span<T> Line(int vertex) => _cost.Slice(vertex * _stride, _stride);

    public void Resize(int size, int stride)
    {
        (_size, _stride) = (size, stride);
        _cost.Resize(size * stride);
        _dual.Resize(stride);
        if (_mate.Length < stride) _mate = new int[stride];
        for (var i = 0; i < size; i++) Line(i)[size..].Fill(Padding);
        Dual.Clear();
        Mate.Fill(-1);
    }

    /// <summary>Lowers the duals of the free vertices to what feasibility needs, given the duals of the other side.</summary>
    public void Tighten(ReadOnlySpan<T> otherDual)
    {
        var dual = Dual;
        for (var i = 0; i < _size; i++)
        {
            if (_mate[i] >= 0 || dual[i] == T.Zero) continue;
            dual[i] = T.Min(T.Zero, AssignmentScan.TwoSmallest<T>(Line(i), otherDual).First);
        }
    }
}
