namespace Crossweave.Algorithms.Matching;

/// <summary>
/// Perfect matching of largest weight in a general graph: every vertex gets exactly one partner. Edmonds' primal-dual method with blossoms (J. Edmonds,
/// "Maximum matching and a polyhedron with 0,1-vertices", 1965; stages and dual changes as in Z. Galil, ACM Computing Surveys 18, 1986): alternating trees grow
/// over tight edges, odd cycles shrink to blossoms, duals change by the least amount that gives a new tight edge or opens a blossom. All numbers are
/// integers, doubled where halves would occur. Every change looks at all edges: O(n^2) each, O(n^4) at worst, far less on typical weights.
/// Ties: the first edge in order of vertices.
/// </summary>
public sealed class PerfectMatching
{
    /// <summary>Weight of a pair that may not be matched.</summary>
    public const long Forbidden = long.MinValue;

    private const int None = -1;

    private readonly int _n;
    private readonly long[] _weight; // [vertex, vertex]
    private readonly long[] _dual; // of vertices and blossoms, doubled
    private readonly int[] _mate; // [vertex]
    private readonly int[] _top; // [vertex] outermost blossom, or itself
    private readonly int[] _parent; // blossom around a vertex or blossom
    private readonly int[] _base; // the vertex that is not matched inside
    private readonly Label[] _label; // of outermost vertices and blossoms
    private readonly (int From, int To)[] _labelEdge; // by which it was reached: To lies inside
    private readonly int[]?[] _children; // odd cycle, base first
    private readonly (int From, int To)[]?[] _cycle; // [i] from child i to child i + 1
    private readonly Stack<int> _unused = [];

    private PerfectMatching(int n, long[] weight)
    {
        (_n, _weight) = (n, weight);
        _dual = new long[2 * n];
        (_mate, _top) = (new int[n], new int[n]);
        (_parent, _base) = (new int[2 * n], new int[2 * n]);
        (_label, _labelEdge) = (new Label[2 * n], new (int, int)[2 * n]);
        (_children, _cycle) = (new int[]?[2 * n], new (int, int)[]?[2 * n]);
        var largest = 0L;
        foreach (var w in weight) largest = Math.Max(largest, w);
        for (var v = 0; v < 2 * n; v++) (_parent[v], _base[v]) = (None, v < n ? v : None);
        for (var v = 0; v < n; v++) (_mate[v], _top[v], _dual[v]) = (None, v, largest);
        for (var b = (2 * n) - 1; b >= n; b--) _unused.Push(b);
    }

    private enum Label
    {
        Free,
        Outer,
        Inner,
    }

    /// <param name="n">Vertices.</param>
    /// <param name="weight">[vertex, vertex], symmetric, between -2^60 and 2^60 or <see cref="Forbidden"/>; the diagonal is not read.</param>
    /// <returns>Partner of every vertex; null when there is no perfect matching.</returns>
    public static int[]? Largest(int n, long[] weight)
    {
        if (weight.LongLength != (long)n * n) throw new ArgumentException("weight must hold n x n values");
        if (n % 2 != 0) return null;
        var matching = new PerfectMatching(n, weight);
        for (var pairs = 0; pairs < n / 2; pairs++)
            if (!matching.AddPair())
                return null;
        return matching._mate;
    }

    // One stage: trees grow from all exposed vertices until two of them meet.
    private bool AddPair()
    {
        Array.Clear(_label);
        for (var v = 0; v < _n; v++)
            if (_mate[v] == None)
                Reach(v, Label.Outer, (None, v));
        while (true)
        {
            var (change, edge, blossom) = LeastChange();
            if (change == long.MaxValue) return false;
            ChangeDuals(change);
            if (blossom != None)
            {
                Open(blossom, isLast: false);
                continue;
            }

            if (_label[_top[edge.To]] == Label.Free)
            {
                Reach(edge.To, Label.Inner, edge);
                continue;
            }

            var common = CommonOuter(edge);
            if (common != None)
            {
                Shrink(common, edge);
                continue;
            }

            Augment(edge);
            for (var b = _n; b < 2 * _n; b++)
                if (_children[b] is not null && _parent[b] == None && _label[b] == Label.Outer && _dual[b] == 0)
                    Open(b, isLast: true);
            return true;
        }
    }

    private (long Change, (int From, int To) Edge, int Blossom) LeastChange()
    {
        var (least, edge, blossom) = (long.MaxValue, (None, None), None);
        for (var b = _n; b < 2 * _n; b++)
            if (_children[b] is not null && _parent[b] == None && _label[b] == Label.Inner && _dual[b] / 2 < least)
                (least, blossom) = (_dual[b] / 2, b);
        for (var v = 0; v < _n; v++)
        {
            if (_label[_top[v]] != Label.Outer) continue;
            for (var w = 0; w < _n; w++)
            {
                var weight = _weight[(v * _n) + w];
                if (weight == Forbidden || _top[w] == _top[v] || _label[_top[w]] == Label.Inner) continue;
                var slack = _dual[v] + _dual[w] - (2 * weight);
                if (_label[_top[w]] == Label.Outer) slack /= 2;
                if (slack < least) (least, edge, blossom) = (slack, (v, w), None);
            }
        }

        return (least, edge, blossom);
    }

    private void ChangeDuals(long change)
    {
        if (change == 0) return;
        for (var v = 0; v < _n; v++)
            _dual[v] += _label[_top[v]] switch { Label.Outer => -change, Label.Inner => change, _ => 0 };
        for (var b = _n; b < 2 * _n; b++)
            if (_children[b] is not null && _parent[b] == None)
                _dual[b] += _label[b] switch { Label.Outer => 2 * change, Label.Inner => -2 * change, _ => 0 };
    }

    // An inner vertex brings its partner into the tree, as an outer one.
    private void Reach(int vertex, Label label, (int From, int To) edge)
    {
        var top = _top[vertex];
        (_label[top], _labelEdge[top]) = (label, edge);
        if (label == Label.Inner) Reach(_mate[_base[top]], Label.Outer, (_base[top], _mate[_base[top]]));
    }

    // The outer blossom where the ways from both ends of the edge to their roots meet.
    private int CommonOuter((int From, int To) edge)
    {
        var onWay = new HashSet<int>();
        for (var b = _top[edge.From]; b != None; b = Next(b)) onWay.Add(b);
        for (var b = _top[edge.To]; b != None; b = Next(b))
            if (onWay.Contains(b))
                return b;
        return None;

        int Next(int outer) => _labelEdge[outer].From == None ? None : _top[_labelEdge[_top[_labelEdge[outer].From]].From];
    }

    private void Shrink(int common, (int From, int To) edge)
    {
        var (children, cycle) = (new List<int>(), new List<(int From, int To)> { edge });
        for (var b = _top[edge.From]; b != common; b = _top[_labelEdge[b].From])
        {
            children.Add(b);
            cycle.Add(_labelEdge[b]);
        }

        children.Add(common);
        children.Reverse();
        cycle.Reverse();
        for (var b = _top[edge.To]; b != common; b = _top[_labelEdge[b].From])
        {
            children.Add(b);
            cycle.Add((_labelEdge[b].To, _labelEdge[b].From));
        }

        var blossom = _unused.Pop();
        (_children[blossom], _cycle[blossom]) = ([.. children], [.. cycle]);
        (_base[blossom], _dual[blossom], _parent[blossom]) = (_base[common], 0, None);
        (_label[blossom], _labelEdge[blossom]) = (Label.Outer, _labelEdge[common]);
        foreach (var child in children) _parent[child] = blossom;
        SetTop(blossom, blossom);
    }

    // Removes an outermost blossom; inside a stage it is inner, and every second part on the even way from its entry to its base stays in the tree.
    private void Open(int blossom, bool isLast)
    {
        var (children, cycle) = (_children[blossom]!, _cycle[blossom]!);
        foreach (var child in children)
        {
            _parent[child] = None;
            _label[child] = Label.Free;
            if (child >= _n && isLast && _dual[child] == 0) Open(child, isLast);
            else SetTop(child, child);
        }

        (_children[blossom], _cycle[blossom]) = (null, null);
        _unused.Push(blossom);
        if (isLast) return;
        var edge = _labelEdge[blossom];
        var at = Array.IndexOf(children, _top[edge.To]);
        var step = at % 2 == 1 ? 1 : -1;
        while (at != 0)
        {
            Reach(edge.To, Label.Inner, edge);
            at = Wrap(at + step);
            edge = Along(at);
            at = Wrap(at + step);
        }

        (_label[children[0]], _labelEdge[children[0]]) = (Label.Inner, edge);

        int Wrap(int index) => (index + children.Length) % children.Length;

        (int, int) Along(int from) => step == 1 ? cycle[from] : (cycle[Wrap(from - 1)].To, cycle[Wrap(from - 1)].From);
    }

    private void Augment((int From, int To) edge)
    {
        foreach (var (from, to) in new[] { edge, (edge.To, edge.From) })
        {
            var (vertex, partner) = (from, to);
            while (true)
            {
                var outer = _top[vertex];
                if (outer >= _n) Rebase(outer, vertex);
                _mate[vertex] = partner;
                if (_labelEdge[outer].From == None) break;
                var inner = _top[_labelEdge[outer].From];
                (vertex, partner) = _labelEdge[inner];
                if (inner >= _n) Rebase(inner, partner);
                _mate[partner] = vertex;
            }
        }
    }

    // Matches inside a blossom so that the vertex is left over.
    private void Rebase(int blossom, int vertex)
    {
        var (children, cycle) = (_children[blossom]!, _cycle[blossom]!);
        var child = vertex;
        while (_parent[child] != blossom) child = _parent[child];
        if (child >= _n) Rebase(child, vertex);
        var start = Array.IndexOf(children, child);
        var length = children.Length;
        var step = start % 2 == 1 ? 1 : -1;
        for (var at = start; at != 0;)
        {
            at = (at + step + length) % length;
            var (near, far) = step == 1 ? cycle[at] : (cycle[(at - 1 + length) % length].To, cycle[(at - 1 + length) % length].From);
            if (children[at] >= _n) Rebase(children[at], near);
            at = (at + step + length) % length;
            if (children[at] >= _n) Rebase(children[at], far);
            (_mate[near], _mate[far]) = (far, near);
        }

        _children[blossom] = [.. children[start..], .. children[..start]];
        _cycle[blossom] = [.. cycle[start..], .. cycle[..start]];
        _base[blossom] = vertex;
    }

    private void SetTop(int part, int top)
    {
        if (part < _n) _top[part] = top;
        else
            foreach (var child in _children[part]!)
                SetTop(child, top);
    }
}
