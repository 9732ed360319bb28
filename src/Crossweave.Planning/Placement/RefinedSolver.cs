namespace Crossweave.Planning.Placement;

/// <summary>One layer after another with scratch that is allocated once; see <see cref="RefinedPlanner"/>. Not for concurrent use.</summary>
internal sealed class RefinedSolver
{
    private const int FewSlots = 3; // with so few slots on a rank the replica counts decide
    private const int Starts = 12; // counts tried then
    private const int PairStarts = 4; // counts the search for two slots a rank starts from
    private const double WideGap = 1e-3;
    private const double CloseGap = 1e-4; // where loads are so small that a token is more than that

    private readonly EplbShape _shape;
    private readonly GroupNodes _groups;
    private readonly ReplicaStart _start;
    private readonly RankBalancer _balancer;
    private readonly double[] _tokens;
    private readonly double[] _weight; // of one node's experts
    private readonly int[] _expert; // of one node
    private readonly int[] _count;
    private readonly int[] _best; // slots of one node, local experts
    private readonly int[] _packed;
    private readonly PairedCounts _pairs;
    private double _bestMax;

    public RefinedSolver(EplbShape shape)
    {
        _shape = shape;
        var experts = shape.ExpertCount / shape.NodeCount;
        var slotsOfRank = new int[shape.RankCount / shape.NodeCount];
        slotsOfRank.AsSpan().Fill(shape.SlotCount / shape.RankCount);
        _groups = new GroupNodes(shape);
        _start = new ReplicaStart(experts, slotsOfRank);
        _balancer = new RankBalancer(experts, slotsOfRank);
        _tokens = new double[shape.ExpertCount];
        _weight = new double[experts];
        _expert = new int[experts];
        _count = new int[shape.ExpertCount];
        _best = new int[shape.SlotCount / shape.NodeCount];
        _packed = new int[_best.Length];
        _pairs = new PairedCounts(experts, _best.Length);
    }

    /// <summary>Plans one layer; returns a load that the busiest rank of no placement of this shape gets below.</summary>
    /// <param name="tokens">Load by expert.</param>
    /// <param name="eplb">EPLB's experts of all slots to start from as well; empty keeps copies of an expert apart.</param>
    /// <param name="expertOfSlot">Filled.</param>
    public double Solve(ReadOnlySpan<long> tokens, ReadOnlySpan<int> eplb, Span<int> expertOfSlot)
    {
        for (var e = 0; e < _tokens.Length; e++) _tokens[e] = tokens[e];
        var bound = BalanceBound.Of(_tokens, _shape.SlotCount, _shape.RankCount, _count);
        if (_shape.NodeCount == 1)
        {
            for (var e = 0; e < _expert.Length; e++) _expert[e] = e;
            SolveNode(eplb, 0, expertOfSlot);
            return bound;
        }

        _groups.Assign(_tokens, bound);
        for (var node = 0; node < _shape.NodeCount; node++)
        {
            var n = 0;
            var size = _tokens.Length / _shape.GroupCount;
            for (var e = 0; e < _tokens.Length; e++)
                if (_groups.NodeOfGroup[e / size] == node)
                    _expert[n++] = e;
            var slots = expertOfSlot.Slice(node * _best.Length, _best.Length);
            SolveNode([], _groups.Best, slots);
        }

        return _groups.Bound;
    }

    /// <summary><paramref name="other"/> is the bound of the worst node: lighter ranks than that are pointless elsewhere.</summary>
    private void SolveNode(ReadOnlySpan<int> eplb, double other, Span<int> expertOfSlot)
    {
        for (var i = 0; i < _weight.Length; i++) _weight[i] = _tokens[_expert[i]];
        var ranks = _shape.RankCount / _shape.NodeCount;
        var perRank = _best.Length / ranks;
        if (perRank >= _weight.Length)
        {
            // Every rank can hold every expert: equal ranks are balanced exactly.
            for (var slot = 0; slot < _best.Length; slot++) expertOfSlot[slot] = _expert[slot % perRank % _weight.Length];
            return;
        }

        var bound = Math.Max(other, BalanceBound.Of(_weight, _best.Length, ranks, _count));
        var tolerance = Math.Min(1, CloseGap * bound);
        _bestMax = double.MaxValue;
        Try(_start.Pack(_weight, _start.ExtraSlots), bound, tolerance, allowDuplicates: false);
        if (!eplb.IsEmpty && _bestMax > bound * (1 + WideGap)) Try(eplb, bound, tolerance, allowDuplicates: true);
        if (perRank <= FewSlots)
        {
            var starts = Math.Min(Starts, _start.ExtraSlots);
            for (var s = 0; s < starts && _bestMax > bound * (1 + WideGap); s++)
                Try(_start.Pack(_weight, s * _start.ExtraSlots / starts), bound, tolerance, allowDuplicates: false);
            if (perRank == 2 && _bestMax > bound * (1 + WideGap)) TryPairs(bound, tolerance);
        }

        for (var slot = 0; slot < _best.Length; slot++) expertOfSlot[slot] = _expert[_best[slot]];
    }

    private void TryPairs(double bound, double tolerance)
    {
        for (var s = 0; s <= PairStarts; s++)
        {
            _start.Pack(_weight, s * _start.ExtraSlots / PairStarts).CopyTo(_packed);
            _pairs.Improve(_weight, _packed);
            Try(_packed, bound, tolerance, allowDuplicates: false);
        }
    }

    private void Try(ReadOnlySpan<int> expertOfSlot, double bound, double tolerance, bool allowDuplicates)
    {
        _balancer.Load(_weight, expertOfSlot);
        _balancer.Improve(bound, tolerance, allowDuplicates);
        if (_balancer.Max >= _bestMax) return;
        _bestMax = _balancer.Max;
        _balancer.ExpertOfSlot.CopyTo(_best);
    }
}
