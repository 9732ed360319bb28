namespace Crossweave.Planning.Placement;

/// <summary>One layer after another with scratch that is allocated once; see <see cref="RefinedPlanner"/>. Not for concurrent use.</summary>
internal sealed class RefinedSolver
{
    internal const double WideGap = 1e-3;
    private const double PoorStart = 0.05; // excess of greedy counts beyond which exchanges are not worth trying on them
    private const int FewSlots = 3; // with so few slots on a rank the replica counts decide
    private const int ManySpare = 8; // with more than one redundant slot for so many experts hill climbing finds counts that few labels miss
    private const int Starts = 12; // counts tried then, fewer the more slots there are: large layers hardly depend on the start
    private const int StartWork = 1 << 16; // starts x slots x slots
    private const double CloseGap = 1e-4; // where loads are so small that a token is more than that

    private readonly GroupNodes? _groups; // null: one node
    private readonly Node[] _nodes;
    private readonly int _slots;
    private readonly int _ranks;
    private readonly int _groupSize;
    private readonly int _straddling;
    private readonly int[] _nodeOfExpert;
    private readonly double[] _tokens;
    private readonly double[] _weight; // of one node's experts
    private readonly int[] _expert; // of one node
    private readonly int[] _count;
    private double _bestMax;

    /// <param name="expertCount">Experts of a layer.</param>
    /// <param name="slotsOfRank">Slots of each rank, at most the experts of a node when slots may stay empty.</param>
    /// <param name="nodes">Nodes, equally many ranks on each; 1 = global.</param>
    /// <param name="groups">Groups that stay on a node.</param>
    /// <param name="emptySlots">Slots may stay empty.</param>
    /// <param name="straddling">Groups that may be on two nodes.</param>
    public RefinedSolver(int expertCount, ReadOnlySpan<int> slotsOfRank, int nodes, int groups, bool emptySlots, int straddling = 0)
    {
        var experts = expertCount / nodes;
        _ranks = slotsOfRank.Length;
        _nodes = new Node[nodes];
        for (var n = 0; n < nodes; n++)
        {
            var slots = slotsOfRank.Slice(n * _ranks / nodes, _ranks / nodes);
            _nodes[n] = n > 0 && slots.SequenceEqual(_nodes[0].SlotsOfRank) ? _nodes[0] : new Node(experts, slots.ToArray(), emptySlots);
            _slots += _nodes[n].Best.Length;
        }

        _groups = nodes == 1 ? null : new GroupNodes(expertCount, groups, _ranks / nodes, [.. _nodes.Select(n => n.Best.Length)]);
        (_groupSize, _straddling) = (expertCount / groups, straddling);
        _nodeOfExpert = new int[expertCount];
        _tokens = new double[expertCount];
        _weight = new double[experts];
        _expert = new int[experts];
        _count = new int[expertCount];
    }

    /// <summary>Plans one layer; returns a load that the busiest rank of no placement of this shape gets below.</summary>
    /// <param name="tokens">Load by expert.</param>
    /// <param name="start">A plan to start from as well, which may hold copies of an expert on one rank; none keeps them apart.</param>
    /// <param name="expertOfSlot">Filled; a slot that stays empty holds the number of experts.</param>
    public double Solve(ReadOnlySpan<long> tokens, ReadOnlySpan<int> start, Span<int> expertOfSlot)
    {
        for (var e = 0; e < _tokens.Length; e++) _tokens[e] = tokens[e];
        var bound = BalanceBound.Of(_tokens, _slots, _ranks, _count);
        if (_groups is null)
        {
            for (var e = 0; e < _expert.Length; e++) _expert[e] = e;
            SolveNode(_nodes[0], start, 0, expertOfSlot);
            return bound;
        }

        _groups.Assign(_tokens, bound);
        for (var e = 0; e < _tokens.Length; e++) _nodeOfExpert[e] = _groups.NodeOfGroup[e / _groupSize];
        if (_straddling > 0) GroupStraddle.Relax(_tokens, _groupSize, _nodes.Length, _straddling, _nodeOfExpert);
        var first = 0;
        for (var node = 0; node < _nodes.Length; node++)
        {
            var n = 0;
            for (var e = 0; e < _tokens.Length; e++)
                if (_nodeOfExpert[e] == node)
                    _expert[n++] = e;
            var slots = expertOfSlot.Slice(first, _nodes[node].Best.Length);
            SolveNode(_nodes[node], [], _straddling > 0 ? bound : _groups.Best, slots);
            first += slots.Length;
        }

        return _straddling > 0 ? bound : _groups.Bound;
    }

    /// <summary><paramref name="other"/> is the bound of the worst node: lighter ranks than that are pointless elsewhere.</summary>
    private void SolveNode(Node node, ReadOnlySpan<int> start, double other, Span<int> expertOfSlot)
    {
        for (var i = 0; i < _weight.Length; i++) _weight[i] = _tokens[_expert[i]];
        var most = node.SlotsOfRank.Max();
        if (node.SlotsOfRank.Min() >= _weight.Length)
        {
            // Every rank can hold every expert: equal ranks are balanced exactly.
            for (var slot = 0; slot < node.Best.Length; slot++) expertOfSlot[slot] = _expert[slot % most % _weight.Length];
            return;
        }

        Search(node, start, Math.Max(other, BalanceBound.Of(_weight, node.Best.Length, node.SlotsOfRank.Length, _count)), most);
        for (var slot = 0; slot < node.Best.Length; slot++) expertOfSlot[slot] = node.Best[slot] < _expert.Length ? _expert[node.Best[slot]] : _tokens.Length;
    }

    private void Search(Node node, ReadOnlySpan<int> start, double bound, int most)
    {
        var tolerance = Math.Min(1, CloseGap * bound);
        _bestMax = double.MaxValue;
        if (node.Pairs is not null)
        {
            SearchPairs(node, node.Pairs, bound, tolerance);
            return;
        }

        if (node.Counts.Greedy(_weight) <= bound * (1 + PoorStart)) Try(node, node.Start.Pack(_weight, node.Counts.Count), bound, tolerance, allowDuplicates: false);
        if (_bestMax > bound * (1 + WideGap))
        {
            node.Counts.Improve(_weight, bound);
            Try(node, node.Start.Pack(_weight, node.Counts.Count), bound, tolerance, allowDuplicates: false);
        }

        if (!start.IsEmpty && _bestMax > bound * (1 + WideGap)) Try(node, start, bound, tolerance, allowDuplicates: true);
        if (most > FewSlots) return;
        var extra = node.Best.Length - _weight.Length;
        var starts = Math.Min(Math.Min(Starts, extra), StartWork / node.Best.Length / node.Best.Length);
        for (var s = 0; s < starts && _bestMax > bound * (1 + WideGap); s++)
        {
            node.Counts.Greedy(_weight, s * extra / starts);
            node.Counts.Improve(_weight, bound);
            Try(node, node.Start.Pack(_weight, node.Counts.Count), bound, tolerance, allowDuplicates: !start.IsEmpty);
        }
    }

    /// <summary>Two slots on every rank: the heaviest replica with the lightest and so on is the best packing, so that only counts are searched.</summary>
    private void SearchPairs(Node node, CrowdingSearch pairs, double bound, double tolerance)
    {
        var greedy = node.Counts.Greedy(_weight);
        pairs.Lower(_weight, bound, greedy);
        if (pairs.Found < greedy && pairs.Count.IndexOfAnyExceptInRange(0, node.SlotsOfRank.Length) < 0) node.Counts.Start(_weight, pairs.Count);
        Try(node, node.Start.Pack(_weight, node.Counts.Count), bound, tolerance, allowDuplicates: false);
        if (node.Best.Length - _weight.Length <= _weight.Length / ManySpare || _bestMax <= bound * (1 + WideGap)) return;
        node.Counts.Improve(_weight, bound);
        Try(node, node.Start.Pack(_weight, node.Counts.Count), bound, tolerance, allowDuplicates: false);
    }

    private void Try(Node node, ReadOnlySpan<int> expertOfSlot, double bound, double tolerance, bool allowDuplicates)
    {
        node.Balancer.Load(_weight, expertOfSlot);
        node.Balancer.Improve(bound, tolerance, allowDuplicates);
        if (node.Balancer.Max >= _bestMax) return;
        _bestMax = node.Balancer.Max;
        node.Balancer.ExpertOfSlot.CopyTo(node.Best);
    }

    /// <summary>Scratch for the ranks of a node; nodes with the same slots share it.</summary>
    private sealed class Node(int experts, int[] slotsOfRank, bool emptySlots)
    {
        public int[] SlotsOfRank { get; } = slotsOfRank;

        public CountSearch Counts { get; } = new(experts, slotsOfRank);

        public ReplicaStart Start { get; } = new(experts, slotsOfRank, emptySlots);

        /// <summary>When all ranks have two slots.</summary>
        public CrowdingSearch? Pairs { get; } = !emptySlots && slotsOfRank.AsSpan().IndexOfAnyExcept(2) < 0 ? new CrowdingSearch(experts, 2, slotsOfRank.Length) : null;

        public RankBalancer Balancer { get; } = new(experts, slotsOfRank, emptySlots);

        /// <summary>Best slots of the layer at hand, local experts.</summary>
        public int[] Best { get; } = new int[slotsOfRank.Sum()];
    }
}
