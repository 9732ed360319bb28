namespace Crossweave.Planning.Placement;

/// <summary>
/// Which node holds which expert groups, equally many on each: the assignment whose worst node can be balanced best, judged by
/// <see cref="BalanceBound"/> of every node. Branch and bound over the groups, heaviest first; nodes with equally many slots are tried once.
/// </summary>
/// <remarks>
/// Exact within <see cref="MaxVisits"/> visited states (8 groups on 4 nodes have 105 assignments), otherwise the best found, at first
/// heaviest group onto the lightest node with room. Balancing spec 3.1 (the rule it replaces) and 6.3 (node bound). Ties: found first.
/// </remarks>
internal sealed class GroupNodes
{
    private const int MaxVisits = 20_000;
    private const int MaxGroups = 62; // groups of a node as a bit set

    private readonly int _ranksPerNode;
    private readonly int[] _slotsOfNode;
    private readonly double[] _groupLoad;
    private readonly int[] _order;
    private readonly int[] _node; // by group
    private readonly int[] _bestNode;
    private readonly ulong[] _members;
    private readonly int[] _fill;
    private readonly double[] _load;
    private readonly Dictionary<(ulong Members, int Slots), double> _cost = [];
    private readonly double[] _weight;
    private readonly int[] _count;
    private double[] _tokens = [];
    private int _visits;

    /// <param name="expertCount">Experts, equally many in each group.</param>
    /// <param name="groupCount">Groups, a multiple of the nodes.</param>
    /// <param name="ranksPerNode">Ranks of each node.</param>
    /// <param name="slotsOfNode">Slots of each node.</param>
    public GroupNodes(int expertCount, int groupCount, int ranksPerNode, int[] slotsOfNode)
    {
        (_ranksPerNode, _slotsOfNode) = (ranksPerNode, slotsOfNode);
        _groupLoad = new double[groupCount];
        _order = new int[groupCount];
        _node = new int[groupCount];
        _bestNode = new int[groupCount];
        _members = new ulong[slotsOfNode.Length];
        _fill = new int[slotsOfNode.Length];
        _load = new double[slotsOfNode.Length];
        _weight = new double[expertCount / slotsOfNode.Length];
        _count = new int[_weight.Length];
    }

    /// <summary>Node of each group, found by the last <see cref="Assign"/>.</summary>
    public ReadOnlySpan<int> NodeOfGroup => _bestNode;

    /// <summary>
    /// A load that the busiest rank of no hierarchical placement gets below. The value of the best assignment when the search was
    /// complete, the bound without nodes otherwise.
    /// </summary>
    public double Bound { get; private set; }

    /// <summary>Bound of the worst node of the assignment.</summary>
    public double Best { get; private set; }

    /// <param name="tokens">Load of each expert; kept until the next call.</param>
    /// <param name="globalBound">Bound without the rule that groups stay on a node.</param>
    public void Assign(double[] tokens, double globalBound)
    {
        _tokens = tokens;
        var size = tokens.Length / _groupLoad.Length;
        for (var g = 0; g < _groupLoad.Length; g++)
        {
            var sum = 0.0;
            foreach (var t in tokens.AsSpan(g * size, size)) sum += t;
            (_groupLoad[g], _order[g]) = (sum, g);
        }

        Array.Sort(_order, (a, b) => _groupLoad[a] != _groupLoad[b] ? _groupLoad[b].CompareTo(_groupLoad[a]) : a.CompareTo(b));
        _cost.Clear();
        _members.AsSpan().Clear();
        _fill.AsSpan().Clear();
        _load.AsSpan().Clear();
        Best = double.MaxValue;
        _visits = 0;
        Greedy();
        if (_order.Length > MaxGroups)
        {
            Bound = globalBound;
            return;
        }

        Visit(0, 0);
        Bound = _visits > MaxVisits ? globalBound : Math.Max(Best, globalBound);
    }

    private void Greedy()
    {
        var perNode = _order.Length / _load.Length;
        foreach (var group in _order)
        {
            var lightest = -1;
            for (var n = 0; n < _load.Length; n++)
                if (_fill[n] < perNode && (lightest < 0 || _load[n] < _load[lightest]))
                    lightest = n;
            _bestNode[group] = lightest;
            _load[lightest] += _groupLoad[group];
            _fill[lightest]++;
        }

        _fill.AsSpan().Clear();
        _load.AsSpan().Clear();
    }

    private void Visit(int depth, double worst)
    {
        if (++_visits > MaxVisits) return;
        if (depth == _order.Length)
        {
            Best = worst;
            _node.CopyTo(_bestNode, 0);
            return;
        }

        var group = _order[depth];
        var perNode = _order.Length / _load.Length;
        for (var n = 0; n < _load.Length; n++)
        {
            if (_fill[n] == perNode || IsLikeAnEmptyOneBefore(n)) continue;
            var before = _load[n];
            var load = before + _groupLoad[group];
            _members[n] |= 1UL << group;
            var cost = Math.Max(worst, load / _ranksPerNode);
            if (cost < Best && _fill[n] + 1 == perNode) cost = Math.Max(cost, Cost(_members[n], _slotsOfNode[n]));
            if (cost < Best)
            {
                _node[group] = n;
                _load[n] = load;
                _fill[n]++;
                Visit(depth + 1, cost);
                _fill[n]--;
                _load[n] = before;
            }

            _members[n] &= ~(1UL << group);
        }
    }

    private bool IsLikeAnEmptyOneBefore(int node)
    {
        if (_fill[node] > 0) return false;
        for (var n = 0; n < node; n++)
            if (_fill[n] == 0 && _slotsOfNode[n] == _slotsOfNode[node])
                return true;
        return false;
    }

    private double Cost(ulong members, int slots)
    {
        if (_cost.TryGetValue((members, slots), out var cost)) return cost;
        var size = _tokens.Length / _groupLoad.Length;
        var n = 0;
        for (var g = 0; g < _groupLoad.Length; g++)
        {
            if ((members >> g & 1) == 0) continue;
            _tokens.AsSpan(g * size, size).CopyTo(_weight.AsSpan(n));
            n += size;
        }

        cost = BalanceBound.Of(_weight, slots, _ranksPerNode, _count);
        _cost.Add((members, slots), cost);
        return cost;
    }
}
