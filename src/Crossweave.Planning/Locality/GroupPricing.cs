using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Finds every group of experts under the cap that is worth more than a limit at given prices, without writing out all groups: depth-first over experts by falling price, and a branch ends
/// where not even the best completion can get below the limit. For r more experts of candidates C, tokens that touch none of the chosen ones count at least
/// a |T| - b pairs(T), the inequality of D. A. Dawson and D. Sankoff (Proc. AMS 18, 1967) for 1, 2 and 3 chosen experts per token, and pairs(T) is at most half the sum of every member's r - 1 largest.
/// </summary>
internal sealed class GroupPricing
{
    private const int Scale = 12; // common denominator of the factors below
    private const int Rules = 3;
    private static readonly int[] PerExpert = [12, 8, 6];
    private static readonly int[] PerPair = [6, 2, 1]; // half of b

    private readonly TokenSets _sets;
    private readonly long[] _load;
    private readonly int _size;
    private readonly long _cap;
    private readonly int _experts;
    private readonly int[] _order; // expert at each place
    private readonly int[] _placeOf;
    private readonly long[][] _alone; // [depth][place] tokens of the expert that touch none of the chosen ones
    private readonly long[][] _both; // [depth][place, place] such tokens of both
    private readonly long[][] _score; // [depth][rule, place] least that the expert adds
    private readonly long[] _smallest; // [rule, r] of the scores
    private readonly long[] _fewestRows; // [first place, r] rows of the r lightest experts from there on
    private readonly bool[] _touched; // sets that touch a chosen expert
    private readonly int[] _trail; // and these in order
    private readonly byte[] _group;
    private int _trailLength;
    private long[] _price = []; // [place]
    private long _unit;
    private long _below;
    private GroupColumns _found;
    private int _most;
    private long _work;

    /// <param name="sets">Tokens of at most 256 experts.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="size">Experts of a group.</param>
    /// <param name="cap">Most rows of a group.</param>
    public GroupPricing(TokenSets sets, long[] load, int size, long cap)
    {
        (_sets, _load, _size, _cap, _experts) = (sets, load, size, cap, load.Length);
        (_order, _placeOf, _group) = (new int[_experts], new int[_experts], new byte[size]);
        (_alone, _both, _score) = (new long[size][], new long[size][], new long[size][]);
        for (var d = 0; d < Math.Max(1, size - 1); d++) (_alone[d], _both[d], _score[d]) = (new long[_experts], new long[_experts * _experts], new long[Rules * _experts]);
        (_smallest, _fewestRows) = (new long[Rules * size], new long[(_experts + 1) * (size + 1)]);
        (_touched, _trail, _found) = (new bool[sets.Count], new int[sets.Count], new GroupColumns(size));
    }

    /// <summary>[expert] smallest reduced cost of a group found with it; the limit where none was.</summary>
    public long[] Least { get; private set; } = [];

    /// <summary>Appends all groups with tokens x unit - prices below the limit, in the order of the search.</summary>
    /// <param name="price">[expert]</param>
    /// <param name="unit">Of the prices, per token.</param>
    /// <param name="below">Limit.</param>
    /// <param name="found">Where to.</param>
    /// <param name="most">Gives up after so many.</param>
    /// <param name="work">Pairs of candidates that may be looked at; lowered by those that were.</param>
    /// <returns>False when it gave up.</returns>
    public bool Find(long[] price, long unit, long below, GroupColumns found, int most, ref long work)
    {
        (_unit, _below, _found, _most, _work) = (unit, below, found, found.Count + most, work);
        for (var p = 0; p < _experts; p++) _order[p] = p;
        Array.Sort(price.Select(p => -p).ToArray(), _order);
        _price = Array.ConvertAll(_order, e => price[e]);
        for (var p = 0; p < _experts; p++) _placeOf[_order[p]] = p;
        var pairs = _sets.Pairs();
        for (var p = 0; p < _experts; p++)
        {
            _alone[0][p] = _sets.Load(_order[p]);
            for (var q = 0; q < _experts; q++) _both[0][(p * _experts) + q] = pairs[(_order[p] * _experts) + _order[q]];
        }

        FillFewestRows();
        Least = new long[_experts];
        Array.Fill(Least, below);
        if (_size == 1) Singles();
        else Extend(0, 0, 0, 0, 0);
        work = _work;
        return _work >= 0 && _found.Count < _most;
    }

    private void Singles()
    {
        for (var p = 0; p < _experts; p++)
        {
            var cost = (_alone[0][p] * _unit) - _price[p];
            if (cost >= _below || _load[_order[p]] > _cap) continue;
            _group[0] = (byte)_order[p];
            Add(_alone[0][p], cost);
        }
    }

    private void Extend(int depth, int first, long tokens, long cost, long rows)
    {
        var left = _size - depth;
        _work -= (long)(_experts - first) * (_experts - first);
        if (left == 2)
        {
            Close(first, tokens, cost, rows);
            return;
        }

        var (alone, scores) = (_alone[depth], _score[depth]);
        if (!Score(depth, first, cost)) return;
        for (var rule = 0; rule < Rules; rule++)
        {
            // An expert that is not among the best makes the branch worse by what it adds over the last of them.
            var (sum, last) = (cost * Scale, _smallest[(rule * _size) + left - 1]);
            for (var k = 0; k < left; k++) sum += _smallest[(rule * _size) + k];
            var room = (_below * Scale) - sum + last;
            for (var p = first; p < _experts; p++)
                if (scores[(rule * _experts) + p] >= room)
                    scores[p] = long.MaxValue; // of the first rule, which is done with
        }

        for (var p = first; p <= _experts - left && _work >= 0 && _found.Count < _most; p++)
        {
            var expert = _order[p];
            if (scores[p] == long.MaxValue || rows + _load[expert] + _fewestRows[((p + 1) * (_size + 1)) + left - 1] > _cap) continue;
            _group[depth] = (byte)expert;
            var mark = _trailLength;
            Touch(p, depth);
            Extend(depth + 1, p + 1, tokens + alone[p], cost + (alone[p] * _unit) - _price[p], rows + _load[expert]);
            while (_trailLength > mark) _touched[_trail[--_trailLength]] = false;
        }
    }

    // The last two experts, exactly.
    private void Close(int first, long tokens, long cost, long rows)
    {
        var alone = _alone[_size - 2];
        for (var p = first; p < _experts - 1; p++)
        {
            var (here, taken) = (cost + (alone[p] * _unit) - _price[p], rows + _load[_order[p]]);
            if (taken > _cap) continue;
            var both = _both[_size - 2].AsSpan(p * _experts, _experts);
            for (var q = p + 1; q < _experts; q++)
            {
                var total = here + ((alone[q] - both[q]) * _unit) - _price[q];
                if (total >= _below || taken + _load[_order[q]] > _cap) continue;
                (_group[_size - 2], _group[_size - 1]) = ((byte)_order[p], (byte)_order[q]);
                Add(tokens + alone[p] + alone[q] - both[q], total);
            }
        }
    }

    // What every candidate adds at least, times Scale, under each rule; false when no completion gets below the limit.
    private bool Score(int depth, int first, long cost)
    {
        var left = _size - depth;
        if (_experts - first < left) return false;
        var (alone, scores) = (_alone[depth], _score[depth]);
        Span<long> largest = stackalloc long[left - 1];
        _smallest.AsSpan().Fill(long.MaxValue / 64);
        for (var p = first; p < _experts; p++)
        {
            largest.Clear();
            var row = _both[depth].AsSpan(p * _experts, _experts);
            for (var q = first; q < row.Length; q++)
            {
                var pairs = row[q];
                if (pairs <= largest[^1] || q == p) continue;
                var k = largest.Length - 1;
                for (; k > 0 && largest[k - 1] < pairs; k--) largest[k] = largest[k - 1];
                largest[k] = pairs;
            }

            var shared = 0L;
            foreach (var pairs in largest) shared += pairs;
            for (var rule = 0; rule < Rules; rule++)
            {
                var score = (((PerExpert[rule] * alone[p]) - (PerPair[rule] * shared)) * _unit) - (Scale * _price[p]);
                scores[(rule * _experts) + p] = score;
                var smallest = _smallest.AsSpan(rule * _size, left);
                if (score >= smallest[^1]) continue;
                var k = left - 1;
                for (; k > 0 && smallest[k - 1] > score; k--) smallest[k] = smallest[k - 1];
                smallest[k] = score;
            }
        }

        for (var rule = 0; rule < Rules; rule++)
        {
            var sum = cost * Scale;
            for (var k = 0; k < left; k++) sum += _smallest[(rule * _size) + k];
            if (sum >= _below * Scale) return false;
        }

        return true;
    }

    // The tables one level deeper, for candidates after the chosen place.
    private void Touch(int place, int depth)
    {
        var (alone, both) = (_alone[depth + 1], _both[depth + 1]);
        _alone[depth].AsSpan(place + 1).CopyTo(alone.AsSpan(place + 1));
        _both[depth].AsSpan((place + 1) * _experts).CopyTo(both.AsSpan((place + 1) * _experts));
        foreach (var s in _sets.SetsOf(_order[place]))
        {
            if (_touched[s]) continue;
            _touched[s] = true;
            _trail[_trailLength++] = s;
            var weight = _sets.Weight(s);
            var set = _sets.Experts(s);
            foreach (var x in set)
            {
                var p = _placeOf[x];
                if (p <= place) continue;
                alone[p] -= weight;
                var row = both.AsSpan(p * _experts, _experts);
                foreach (var y in set) row[_placeOf[y]] -= weight; // the diagonal is never read
            }
        }
    }

    private void FillFewestRows()
    {
        var lightest = new long[_size];
        Array.Fill(lightest, long.MaxValue / 64);
        for (var first = _experts; first >= 0; first--)
        {
            if (first < _experts)
            {
                var rows = _load[_order[first]];
                for (var k = 0; k < _size; k++)
                    if (rows < lightest[k])
                        (lightest[k], rows) = (rows, lightest[k]);
            }

            for (var k = 0; k < _size; k++) _fewestRows[(first * (_size + 1)) + k + 1] = Math.Min(long.MaxValue / 4, _fewestRows[(first * (_size + 1)) + k] + lightest[k]);
        }
    }

    private void Add(long tokens, long cost)
    {
        if (_found.Count >= _most) return;
        _found.Add(_group, tokens);
        foreach (var e in _group) Least[e] = Math.Min(Least[e], cost);
    }
}
