using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Every group of a given number of experts whose rows keep the cap, with the tokens that touch it: the copies of a division into groups are the sum
/// over its groups, so these are the columns of a set-partitioning model (execution spec 2.4). Groups in ascending order of their experts.
/// </summary>
internal sealed class GroupColumns
{
    /// <summary>Groups that fit into memory: about 200 MB of eight experts each.</summary>
    public const long Most = 12_000_000;

    private readonly TokenSets _sets;
    private readonly long[] _load;
    private readonly long _cap;
    private readonly int[] _group;
    private readonly long[][] _alone; // [depth][expert] tokens of the expert that touch none of the chosen ones
    private readonly long[][] _both; // [depth][expert, higher expert] such tokens of both
    private readonly bool[] _touched; // sets that touch a chosen one
    private readonly int[] _trail; // and these in order
    private int _trailLength;
    private byte[] _experts;
    private long[] _tokens;

    private GroupColumns(TokenSets sets, long[] load, int size, long cap)
    {
        (_sets, _load, _cap, Size, _group) = (sets, load, cap, size, new int[size]);
        var experts = sets.ExpertCount;
        var room = (int)Math.Min(Most, Possible(experts, size));
        (_experts, _tokens) = (new byte[room * size], new long[room]);
        (_alone, _both) = (new long[Math.Max(1, size - 1)][], new long[Math.Max(1, size - 1)][]);
        for (var d = 0; d < _alone.Length; d++) (_alone[d], _both[d]) = (new long[experts], new long[experts * experts]);
        for (var e = 0; e < experts; e++) _alone[0][e] = sets.Load(e);
        sets.Pairs().CopyTo(_both[0], 0);
        (_touched, _trail) = (new bool[sets.Count], new int[sets.Count]);
        if (size == 1) Singles();
        else Extend(0, 0, 0, 0);
        Array.Resize(ref _experts, Count * size);
        Array.Resize(ref _tokens, Count);
    }

    /// <summary>Experts of a group.</summary>
    public int Size { get; }

    /// <summary>Groups that keep the cap.</summary>
    public int Count { get; private set; }

    /// <summary>[group, member] ascending within a group.</summary>
    public ReadOnlySpan<byte> Experts => _experts;

    /// <summary>[group] tokens with at least one of its experts.</summary>
    public ReadOnlySpan<long> Tokens => _tokens;

    /// <summary>Groups of that many experts, cap or not; <see cref="long.MaxValue"/> for more than fit into a number.</summary>
    public static long Possible(int experts, int size)
    {
        Int128 groups = 1;
        for (var k = 1; k <= size; k++)
        {
            groups = groups * (experts - size + k) / k;
            if (groups > long.MaxValue) return long.MaxValue;
        }

        return (long)groups;
    }

    /// <summary>O(groups + groups of two experts fewer x (experts^2 + k^2 x sets of one expert)).</summary>
    /// <param name="sets">Tokens of at most 256 experts.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="size">Experts of a group; <see cref="Possible"/> at most <see cref="Most"/>.</param>
    /// <param name="cap">Most rows of a group.</param>
    public static GroupColumns Of(TokenSets sets, long[] load, int size, long cap) => new(sets, load, size, cap);

    private void Singles()
    {
        for (var e = 0; e < _load.Length; e++)
        {
            if (_load[e] > _cap) continue;
            _group[0] = e;
            Add(_alone[0][e]);
        }
    }

    private void Extend(int depth, int first, long tokens, long rows)
    {
        var experts = _load.Length;
        var (alone, both) = (_alone[depth], _both[depth]);
        for (var i = first; i <= experts - (Size - depth); i++)
        {
            if (rows + _load[i] > _cap) continue;
            _group[depth] = i;
            if (depth == Size - 2)
            {
                for (var j = i + 1; j < experts; j++)
                {
                    if (rows + _load[i] + _load[j] > _cap) continue;
                    _group[depth + 1] = j;
                    Add(tokens + alone[i] + alone[j] - both[(i * experts) + j]);
                }

                continue;
            }

            var mark = _trailLength;
            Touch(i, depth);
            Extend(depth + 1, i + 1, tokens + alone[i], rows + _load[i]);
            while (_trailLength > mark) _touched[_trail[--_trailLength]] = false;
        }
    }

    // The tables one level deeper, for experts above the chosen one.
    private void Touch(int expert, int depth)
    {
        var experts = _load.Length;
        var (alone, both) = (_alone[depth + 1], _both[depth + 1]);
        _alone[depth].AsSpan(expert + 1).CopyTo(alone.AsSpan(expert + 1));
        _both[depth].AsSpan((expert + 1) * experts).CopyTo(both.AsSpan((expert + 1) * experts));
        foreach (var s in _sets.SetsOf(expert))
        {
            if (_touched[s]) continue;
            _touched[s] = true;
            _trail[_trailLength++] = s;
            var weight = _sets.Weight(s);
            var set = _sets.Experts(s);
            for (var x = set.Length - 1; x >= 0 && set[x] > expert; x--)
            {
                alone[set[x]] -= weight;
                var row = both.AsSpan(set[x] * experts, experts);
                foreach (var y in set[(x + 1)..]) row[y] -= weight;
            }
        }
    }

    private void Add(long tokens)
    {
        for (var k = 0; k < Size; k++) _experts[(Count * Size) + k] = (byte)_group[k];
        _tokens[Count++] = tokens;
    }
}
