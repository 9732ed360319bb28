namespace Crossweave.Planning.Deployment;

/// <summary>
/// Lower bounds without placing anything: a target is refuted when propagation and the sharing of pairs refute it, or refute both halves of the range of
/// one maximum. Where maxima are traded for each other each alone may reach its least, and only together they exceed the target: that is what
/// dividing shows.
/// </summary>
/// <remarks>The maximum divided is the one whose halves lower the caps most, its own below the middle and those of the others above.</remarks>
internal sealed class DomainDivision
{
    /// <summary>Least share of a maximum that dividing its range has to cut off.</summary>
    private const double SmallestCut = 0.0001;

    private const int Deepest = 64;

    private readonly LayerTime _time;
    private readonly DomainPropagation _propagation;
    private readonly Domains[] _nodes;
    private readonly long[] _caps; // [term]
    private readonly long[] _likely; // [term]: the maxima of a good placement
    private long _limit;

    public DomainDivision(LayerTime time, DomainPropagation propagation)
    {
        (_time, _propagation, _nodes) = (time, propagation, propagation.Nodes(Deepest));
        (_caps, _likely) = (new long[time.Terms.Length], new long[time.Terms.Length]);
    }

    /// <summary>True: no placement is below the target. False says nothing.</summary>
    /// <param name="target">A time.</param>
    /// <param name="good">[model][device]: a good placement; what its maxima do not refute is likely not to be refuted at all.</param>
    /// <param name="work">0: only what the undivided ranges tell.</param>
    public bool Refutes(long target, int[][] good, long work)
    {
        _time.Maxima(good, _likely);
        (_propagation.Target, _limit) = (target, _propagation.Work + work);
        _propagation.Clear(_nodes[0]);
        return Refutes(0);
    }

    private bool Refutes(int depth)
    {
        var node = _nodes[depth];
        if (!_propagation.Propagate(node) || _propagation.PairsRefute()) return true;
        if (_propagation.Work >= _limit || depth + 1 == _nodes.Length) return false;
        var (term, middle) = Cut(node);
        if (term < 0) return false;
        var isAbove = _likely[term] > middle;
        for (var half = 0; half < 2; half++, isAbove = !isAbove)
        {
            var child = _nodes[depth + 1];
            child.CopyFrom(node);
            if (isAbove) child.Least[term] = middle + 1;
            else child.Most[term] = middle;
            if (!Refutes(depth + 1)) return false;
        }

        return true;
    }

    private (int Term, long Middle) Cut(Domains node)
    {
        var (bounds, most) = (_propagation.Bounds, _propagation.Target - 1 - node.Pair);
        bounds.Cap(node, most);
        bounds.Caps.CopyTo(_caps, 0);
        var (best, term, at) = (SmallestCut, -1, 0L);
        for (var t = 0; t < _caps.Length; t++)
        {
            var (least, cap) = (node.Least[t], _caps[t]);
            var middle = least + ((cap - least) / 2);
            var own = (cap - middle) / Math.Max(1.0, cap);
            if (own <= best) continue;
            node.Least[t] = middle + 1;
            bounds.Cap(node, most);
            node.Least[t] = least;
            var others = 0.0;
            for (var u = 0; u < _caps.Length; u++)
                if (u != t)
                    others += (_caps[u] - bounds.Caps[u]) / Math.Max(1.0, _caps[u]);
            if (Math.Min(own, others) > best) (best, term, at) = (Math.Min(own, others), t, middle);
        }

        return (term, at);
    }
}
