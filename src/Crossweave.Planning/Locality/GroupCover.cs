namespace Crossweave.Planning.Locality;

/// <summary>
/// Divides experts into groups at the least cost by depth-first search over the groups whose reduced cost leaves room for a better division than the
/// known one: the expert with the fewest groups left is covered next, cheapest group first, and a branch ends where what is spent and every uncovered expert's
/// share of its cheapest group exceed the room (branch and bound on set partitioning; E. Balas and M. W. Padberg, SIAM Review 18, 1976). Ties: lowest expert, lowest group.
/// </summary>
internal sealed class GroupCover
{
    private readonly GroupColumns _columns;
    private readonly int _size;
    private readonly long _unit;
    private readonly int[] _group; // by reduced cost, then number
    private readonly long[] _cost;
    private readonly int[][] _with; // [expert] places in _group, ascending
    private readonly bool[] _covered;
    private readonly int[] _chosen;
    private long _work;
    private long _room;

    /// <param name="columns">Groups to divide into.</param>
    /// <param name="price">[expert] no group costs less than its experts.</param>
    /// <param name="unit">Of the prices, per copy.</param>
    /// <param name="room">A better division costs at most this more than the prices of all experts.</param>
    /// <param name="work">Groups to look at before giving up.</param>
    public GroupCover(GroupColumns columns, long[] price, long unit, long room, long work)
    {
        (_columns, _size, _unit, _room, _work) = (columns, columns.Size, unit, room, work);
        var experts = price.Length;
        var kept = new List<(long Cost, int Group)>();
        for (var g = 0; g < columns.Count; g++)
        {
            var cost = columns.Tokens[g] * unit;
            foreach (var e in columns.ExpertsOf(g)) cost -= price[e];
            if (cost <= room) kept.Add((cost, g));
        }

        kept.Sort();
        (_group, _cost) = ([.. kept.Select(k => k.Group)], [.. kept.Select(k => k.Cost)]);
        var with = new List<int>[experts];
        for (var e = 0; e < experts; e++) with[e] = [];
        for (var x = 0; x < _group.Length; x++)
            foreach (var e in Members(x))
                with[e].Add(x);
        _with = Array.ConvertAll(with, w => w.ToArray());
        (_covered, _chosen) = (new bool[experts], new int[experts / _size]);
    }

    /// <summary>The groups of the best division, ordered by their lowest expert; null when none is better than the known one or none was found in time.</summary>
    public IReadOnlyList<int>? Best { get; private set; }

    /// <summary>What is left of the work; negative when it was not enough.</summary>
    public long WorkLeft => _work;

    /// <summary>All divisions were looked at: <see cref="Best"/>, or the known division, is the optimum.</summary>
    public bool IsComplete => _work >= 0;

    public void Run() => Search(0, 0);

    private ReadOnlySpan<byte> Members(int place) => _columns.ExpertsOf(_group[place]);

    private void Search(int depth, long spent)
    {
        if (depth == _chosen.Length)
        {
            Best = [.. _chosen.Select(x => _group[x]).Order()];
            _room = spent - _unit;
            return;
        }

        var next = Next(spent);
        if (next < 0) return;
        foreach (var x in _with[next])
        {
            if (--_work < 0 || _cost[x] > _room - spent) return;
            if (!IsFree(x)) continue;
            Cover(x, true);
            _chosen[depth] = x;
            Search(depth + 1, spent + _cost[x]);
            Cover(x, false);
        }
    }

    // The uncovered expert with the fewest groups that still fit; -1 when the room cannot suffice.
    private int Next(long spent)
    {
        var (next, fewest, left) = (-1, int.MaxValue, (_room - spent) * (Int128)_size);
        for (var e = 0; e < _covered.Length; e++)
        {
            if (_covered[e]) continue;
            var groups = 0;
            foreach (var x in _with[e])
            {
                if (--_work < 0) return -1;
                if (_cost[x] > _room - spent) break;
                if (!IsFree(x)) continue;
                if (groups == 0 && (left -= _cost[x]) < 0) return -1;
                if (++groups >= fewest) break;
            }

            if (groups == 0) return -1;
            if (groups < fewest) (next, fewest) = (e, groups);
        }

        return next;
    }

    private bool IsFree(int place)
    {
        foreach (var e in Members(place))
            if (_covered[e])
                return false;
        return true;
    }

    private void Cover(int place, bool covered)
    {
        foreach (var e in Members(place)) _covered[e] = covered;
    }
}
