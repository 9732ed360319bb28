using System.Numerics;

namespace Crossweave.Algorithms.Assignment;

/// <summary>
/// Maximum-weight matching of an n x n matrix of non-negative integers whose entries only fall from one call to the next. Pairs at
/// zero count as unmatched, so besides the usual augmenting paths a search may end at a vertex whose dual reaches zero: lines that
/// carry nothing are never walked through, which is most of them when the matrix is sparse or nearly used up.
/// </summary>
/// <remarks>
/// <para>Primal-dual (Kuhn 1955; shortest paths after Jonker and Volgenant 1987) with y_i + z_j >= w_ij, y, z >= 0, equality on
/// matched pairs. The duals of the last call are feasible after entries fell and serve as the warm start. First the rows with a
/// positive dual are matched or brought to zero (bids as in the auction algorithm, then shortest paths), then the columns that are
/// left with a positive dual, in the transposed matrix. All duals stay within [0, max w] and all distances within 3 max w.</para>
/// <para>O(n^3) cold at worst, O(k n^2) for k vertices that need a search. Memory 2 n^2 entries and n^2 bits.</para>
/// </remarks>
internal sealed class WeightMatching<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, ISignedNumber<T>
{
    private readonly TieBreaker _ties = new();
    private readonly MatchingSide<T> _rows = new();
    private readonly MatchingSide<T> _columns = new();
    private int _size;
    private int _stride;
    private AlignedBuffer<T> _distance = new();
    private AlignedBuffer<T> _gate = new();
    private AlignedBuffer<T> _previous = new();
    private int[] _pending = [];
    private int[] _closed = [];

    /// <summary>Largest weight.</summary>
    public static T Limit => T.MaxValue >> 4;

    /// <summary>Column of each row in a perfect matching that contains the maximum-weight one; the rest are pairs at zero.</summary>
    public ReadOnlySpan<int> ColumnOfRow => _rows.Mate[.._size];

    /// <summary>Weight of a pair.</summary>
    public T this[int row, int column] => -_rows.Line(row)[column];

    /// <summary>Sets the size and forgets everything; then <see cref="Load"/> every row and call <see cref="Reset"/>.</summary>
    public void Resize(int size)
    {
        var padding = AssignmentScan.Padding<T>();
        (_size, _stride) = (size, (size + padding - 1) / padding * padding);
        _rows.Resize(size, _stride);
        _columns.Resize(size, _stride);
        _distance.Resize(_stride);
        _gate.Resize(_stride);
        _previous.Resize(_stride);
        _gate.Slice(size, _stride - size).Fill(T.MaxValue);
        if (_pending.Length >= size) return;
        _pending = new int[size];
        _closed = new int[size];
    }

    /// <summary>Costs of a row (negated weights) to write into.</summary>
    public Span<T> Load(int row) => _rows.Line(row)[.._size];

    /// <summary>Cold start: each column dual the largest weight of its column, then each row dual as low as these allow.</summary>
    public void Reset()
    {
        const int Block = 32; // transposed block by block, to stay in the cache
        for (var top = 0; top < _size; top += Block)
            for (var j = 0; j < _size; j++)
            {
                var line = _columns.Line(j);
                for (var i = top; i < Math.Min(_size, top + Block); i++) line[i] = _rows.Line(i)[j];
            }

        _columns.Dual[.._size].Fill(T.NegativeOne); // any positive dual: Tighten skips those at zero
        _columns.Tighten(_rows.Dual);
        _rows.Dual[.._size].Fill(T.NegativeOne);
        _rows.Tighten(_columns.Dual);
    }

    /// <summary>Sets a pair to zero; the duals stay as they are.</summary>
    public void Remove(int row, int column)
    {
        _rows.Line(row)[column] = T.Zero;
        _columns.Line(column)[row] = T.Zero;
    }

    /// <summary>Matches anew from the duals of the last call; <see cref="ColumnOfRow"/> is the lexicographically smallest optimal vector, pairs at zero included.</summary>
    public void Solve()
    {
        _rows.Mate.Fill(-1);
        _columns.Mate.Fill(-1);
        _rows.Tighten(_columns.Dual);
        _columns.Tighten(_rows.Dual);
        MatchAll(_rows, _columns);
        _columns.Tighten(_rows.Dual);
        MatchAll(_columns, _rows);
        PairTheIdle();
        BreakTies();
    }

    // Every vertex of side a with a positive dual gets a partner or its dual falls to zero.
    private void MatchAll(MatchingSide<T> a, MatchingSide<T> b)
    {
        var pending = 0;
        for (var i = 0; i < _size; i++)
            if (a.Mate[i] < 0 && a.Dual[i] < T.Zero)
                _pending[pending++] = i;
        var steps = 2 * _size;
        pending = Bid(a, b, pending, ref steps);
        pending = Bid(a, b, pending, ref steps);
        for (var k = 0; k < pending; k++) Search(a, b, _pending[k]);
    }

    // A vertex takes its best partner and raises the partner's dual until the second best, or nothing at all, is as good; whoever held
    // the partner bids again at once, or waits when the dual did not move.
    private int Bid(MatchingSide<T> a, MatchingSide<T> b, int count, ref int steps)
    {
        var waiting = 0;
        var dual = a.Dual;
        var price = b.Dual;
        var mate = a.Mate;
        var owners = b.Mate;
        for (var k = 0; k < count;)
        {
            var vertex = _pending[k++];
            ReadOnlySpan<T> line = a.Line(vertex);
            var (first, second) = AssignmentScan.TwoSmallest<T>(line, price);
            if (first >= T.Zero)
            {
                dual[vertex] = T.Zero;
                continue;
            }

            second = T.Min(second, T.Zero);
            dual[vertex] = first;
            var partner = AssignmentScan.IndexOf<T>(line, price, first, 0);
            var owner = owners[partner];
            var raise = first < second;
            if (owner >= 0 && !raise)
            {
                partner = AssignmentScan.IndexOf<T>(line, price, first, partner + 1);
                owner = owners[partner];
            }

            if (owner >= 0 && steps <= 0)
            {
                _pending[waiting++] = vertex;
                continue;
            }

            if (raise)
            {
                price[partner] -= second - first;
                dual[vertex] = second;
            }

            steps--;
            mate[vertex] = partner;
            owners[partner] = vertex;
            if (owner < 0) continue;
            mate[owner] = -1;
            if (raise) _pending[--k] = owner;
            else _pending[waiting++] = owner;
        }

        return waiting;
    }

    // Dijkstra with reduced costs from a free vertex of side a to the nearest free vertex of side b, or to the vertex of side a whose
    // dual reaches zero first. Distances are counted from minus the dual of the start.
    private void Search(MatchingSide<T> a, MatchingSide<T> b, int start)
    {
        var dual = a.Dual;
        var price = b.Dual;
        var owners = b.Mate;
        var distance = _distance.Slice(0, _stride);
        var gate = _gate.Slice(0, _stride);
        var previous = _previous.Slice(0, _stride);
        gate[.._size].Fill(T.MinValue);
        var closed = 0;
        var (end, idle) = (T.Zero, start);
        var nearest = AssignmentScan.Start(a.Line(start), price, distance, gate, previous, T.CreateTruncating(start));
        var free = false;
        var vertex = -1;
        while (nearest <= end)
        {
            vertex = AssignmentScan.Pick<T>(distance, gate, nearest, owners, out free);
            if (free || nearest == end) break;
            gate[vertex] = T.MaxValue;
            _closed[closed++] = vertex;
            var owner = owners[vertex];
            var shift = nearest - dual[owner];
            if (shift < end) (end, idle) = (shift, owner);
            nearest = AssignmentScan.Relax(a.Line(owner), price, distance, gate, previous, shift, T.CreateTruncating(owner));
        }

        if (free) end = nearest;
        for (var k = 0; k < closed; k++)
        {
            var move = distance[_closed[k]] - end;
            price[_closed[k]] += move;
            dual[owners[_closed[k]]] -= move;
        }

        dual[start] = end;
        if (!free)
        {
            if (idle == start) return;
            vertex = a.Mate[idle];
            a.Mate[idle] = -1;
        }

        var mate = a.Mate;
        while (true)
        {
            var owner = int.CreateTruncating(previous[vertex]);
            owners[vertex] = owner;
            (vertex, mate[owner]) = (mate[owner], vertex);
            if (owner == start) return;
        }
    }

    // Whoever is free now has dual zero, so any pairs among them are tight.
    private void PairTheIdle()
    {
        var mate = _rows.Mate;
        var owners = _columns.Mate;
        for (int i = 0, j = 0; i < _size; i++)
        {
            if (mate[i] >= 0) continue;
            while (owners[j] >= 0) j++;
            mate[i] = j;
            owners[j] = i;
        }
    }

    private void BreakTies()
    {
        var words = _ties.Begin(_size);
        var edges = 0;
        for (var i = 0; i < _size; i++)
        {
            var bits = _ties.RowBits(i);
            AssignmentScan.TightBits<T>(_rows.Line(i), _columns.Dual, _rows.Dual[i], bits);
            for (var w = 0; w < words; w++) edges += BitOperations.PopCount(bits[w]);
        }

        if (edges > _size) _ties.Minimise(edges, _rows.Mate[.._size], _columns.Mate[.._size]);
    }
}
