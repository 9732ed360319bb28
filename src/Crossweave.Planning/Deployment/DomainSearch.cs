using System.Numerics;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Exact search over placements by domains (deployment spec 3.12, its static bounds replaced by constraint propagation): which ranks of every model
/// may still go onto every device. A time line is a non-decreasing function of maxima over devices, so a time to stay below caps each maximum;
/// the caps say which ranks, and which pairs of ranks, a device can hold; what remains has to hold perfect matchings of ranks and devices and
/// of the ranks of two models. A target that propagation alone refutes is a lower bound.
/// </summary>
/// <remarks>
/// Three orders of branching take turns, each with twice the work of its last turn: the slowest open device, the largest open rank, and the rank
/// or device with the fewest choices. Each is hopeless on instances that another proves at once (measured: 10^9 against 10^6 of work). A branch
/// fixes the choice of the current matching first, then does without it. Equal devices take ranks of model 0 in ascending order. Ties: lower
/// model, larger load, slower device.
/// One round at a node costs O(models^2 x n^2 log n). Work counts rounds x models x n^2, not time, so a budget gives the same result anywhere.
/// </remarks>
internal sealed class DomainSearch
{
    /// <summary>Rounds of the first turns per choice to be made: enough for a dive and some steps back.</summary>
    private const long FirstTurn = 4;

    private readonly LayerTime _time;
    private readonly int _n;
    private readonly int _models;
    private readonly int[][] _rankAt; // [model][position]: ranks by load, largest first
    private readonly int[] _slowest;
    private readonly int[] _equalNext;
    private readonly DomainBounds _bounds;
    private readonly BitMatching _matching;
    private readonly Domains[] _nodes;
    private readonly long[] _least; // of all terms before any choice
    private readonly ulong[] _partners; // [position]: of another model
    private readonly int[] _scratch;
    private readonly int[][] _partial; // [model][device] -> rank, -1 = open
    private readonly int[][] _best;
    private BranchOrder _order = SlowestDevice;
    private long _turn;
    private long _target;
    private long _limit;
    private long _open; // least bound of anything left unexplored

    /// <param name="time">A time line that <see cref="Fits"/>.</param>
    /// <param name="start">The placement to improve on.</param>
    public DomainSearch(LayerTime time, DeploymentPlan start)
    {
        (_time, _n, _models) = (time, time.Problem.DeviceCount, time.Problem.Models.Count);
        var devices = time.Problem.Devices;
        _rankAt = [.. time.Problem.Models.Select(m => Enumerable.Range(0, _n).OrderByDescending(i => m.Port[i] + m.Work[i]).ToArray())];
        _slowest = [.. Enumerable.Range(0, _n).OrderByDescending(g => devices[g].Send + devices[g].Receive).ThenByDescending(g => devices[g].Compute).ThenByDescending(g => devices[g].Send)];
        _equalNext = [.. Enumerable.Range(0, _n).Select(g => Enumerable.Range(g + 1, _n - g - 1).FirstOrDefault(h => devices[h] == devices[g], -1))];
        (_bounds, _matching) = (new DomainBounds(time, _rankAt), new BitMatching(_n));
        _nodes = [.. Enumerable.Range(0, (_models * _n) + 1).Select(_ => new Domains(_models, _n, time.Terms.Length))];
        _least = [.. Enumerable.Range(0, time.Terms.Length).Select(t => DeploymentBounds.OfTerm(time, t))];
        (_partners, _scratch) = (new ulong[_n], new int[_n]);
        _partial = [.. _rankAt.Select(_ => new int[_n])];
        _best = [.. start.DeviceOfRank.Select(DeploymentPlan.Inverse)];
        (Value, LowerBound, Start) = (start.Value, start.LowerBound, start);
    }

    /// <summary>Of the best placement so far.</summary>
    public long Value { get; private set; }

    /// <summary>No placement is faster.</summary>
    public long LowerBound { get; private set; }

    public bool IsProven => Value == LowerBound;

    public long Work { get; private set; }

    private DeploymentPlan Start { get; }

    /// <summary>Ranks of a model are bits of a word, and every maximum is one of loads x costs.</summary>
    public static bool Fits(LayerTime time) => time.Problem.DeviceCount <= 64 && time.Terms.All(t => t.Table is null);

    public DeploymentPlan Plan() => DeploymentPlan.From(_time, _best, Start.Evaluations + Work, LowerBound);

    /// <summary>Raises the lower bound to the largest target that propagation alone refutes, by halving.</summary>
    public void RaiseBound()
    {
        for (var (low, high) = (LowerBound, Value); low + 1 < high;)
        {
            var middle = low + ((high - low) / 2);
            Below(middle, 0);
            if (LowerBound >= middle) low = LowerBound;
            else high = middle;
        }
    }

    /// <summary>Looks for the best placement below a target, with about so much work at most; keeps it, and the bound that follows.</summary>
    /// <param name="target">At most <see cref="Value"/>.</param>
    /// <param name="work">0: only what the first node tells.</param>
    public void Below(long target, long work)
    {
        var (end, isProof, first) = (Work + work, target == Value, FirstTurn * _models * _n * _models * _n * _n);
        _target = target;
        for (var turn = isProof ? Math.Max(first, _turn) : first; ; turn *= 2)
        {
            if (isProof) _turn = turn; // a proof goes on where it stopped
            foreach (var order in Orders)
            {
                (_order, _limit, _open) = (order, Math.Min(end, Work + turn), long.MaxValue);
                _nodes[0].Clear(_least);
                Branch(0);
                if (_target < target) Value = _target;
                LowerBound = Math.Max(LowerBound, Math.Min(_target, _open));
                if (_open == long.MaxValue || Work >= end) return;
            }
        }
    }

    private void Branch(int depth)
    {
        var node = _nodes[depth];
        while (Propagate(node))
        {
            var (model, device) = _order(this, node);
            if (model < 0)
            {
                _target = Bound(node); // everything is placed, so the bound is the time
                for (var m = 0; m < _models; m++) Ranks(node, m, _best[m]);
                return;
            }

            if (Work >= _limit)
            {
                _open = Math.Min(_open, Bound(node));
                return;
            }

            var bit = 1UL << node.Match(model)[device];
            _nodes[depth + 1].CopyFrom(node);
            _nodes[depth + 1].Of(model)[device] = bit;
            Branch(depth + 1);
            node.Of(model)[device] &= ~bit;
        }
    }

    private long Bound(Domains node) => _time.Finish(node.Least) + node.Pair;

    private void Ranks(Domains node, int model, int[] rankOfDevice)
    {
        var of = node.Of(model);
        for (var g = 0; g < _n; g++) rankOfDevice[g] = BitOperations.IsPow2(of[g]) ? _rankAt[model][BitOperations.TrailingZeroCount(of[g])] : -1;
    }

    /// <summary>Removes what cannot stay below the target; false when nothing is left.</summary>
    private bool Propagate(Domains node)
    {
        for (var size = -1; ;)
        {
            Work += (long)_models * _n * _n;
            if (!node.Settle(_equalNext)) return false;
            _bounds.Raise(node);
            if (_time.PairExchanges > 0) RaisePair(node);
            if (Bound(node) >= _target) return false;
            if (node.Size() == size) return true;
            size = node.Size();
            _bounds.Limit(node, _target - 1 - node.Pair);
            if (!Filter(node)) return false;
            if (_time.PairExchanges > 0) FilterPair(node);
            for (var m = 0; m < _models; m++)
                if (!_matching.Repair(node.Of(m), node.Match(m)))
                    return false;
        }
    }

    private bool Filter(Domains node)
    {
        foreach (var group in _bounds.Groups)
        {
            if (group.Lists.Length > 1) continue;
            var of = node.Of(group.Lists[0].Model);
            for (var g = 0; g < _n; g++) of[g] &= group.Lists[0].UpTo(group.Limit[g]);
        }

        for (var a = 0; a < _models; a++)
        {
            for (var b = a + 1; b < _models; b++)
            {
                Array.Clear(_partners);
                for (var g = 0; g < _n; g++) Join(ref node.Of(a)[g], ref node.Of(b)[g], a, b, g);
                Array.Fill(_scratch, -1);
                if (!_matching.Repair(_partners, _scratch)) return false;
            }
        }

        return true;
    }

    // Keeps the ranks of a and b that some rank of the other can join on device g within all limits; other models at their least there.
    private void Join(ref ulong ofA, ref ulong ofB, int a, int b, int g)
    {
        var (kept, joined) = (0UL, 0UL);
        for (var positions = ofA; positions != 0; positions &= positions - 1)
        {
            var i = BitOperations.TrailingZeroCount(positions);
            var partners = ofB;
            foreach (var group in _bounds.Groups)
            {
                if (!group.Has(a) || !group.Has(b)) continue;
                var (one, two) = (group.Of(a), group.Of(b));
                partners &= two.UpTo(group.Limit[g] - (group.Least[g] - one.LeastOn[g] - two.LeastOn[g]) - one.Load[i]);
            }

            if (partners == 0) continue;
            kept |= 1UL << i;
            joined |= partners;
            _partners[i] |= partners;
        }

        (ofA, ofB) = (kept, joined);
    }

    private void RaisePair(Domains node)
    {
        Ranks(node, 0, _partial[0]);
        node.Pair = Math.Max(node.Pair, _time.PairTime(_partial));
    }

    // PAIR depends on where the others are, so every choice is tried.
    private void FilterPair(Domains node)
    {
        var rest = _time.Finish(node.Least);
        var of = node.Of(0);
        for (var g = 0; g < _n; g++)
        {
            if (_partial[0][g] >= 0) continue;
            for (var positions = of[g]; positions != 0; positions &= positions - 1)
            {
                var i = BitOperations.TrailingZeroCount(positions);
                _partial[0][g] = _rankAt[0][i];
                if (rest + _time.PairTime(_partial) >= _target) of[g] &= ~(1UL << i);
            }

            _partial[0][g] = -1;
        }
    }

    private static readonly BranchOrder[] Orders = [SlowestDevice, LargestRank, FewestChoices];

    /// <summary>Model and device of a choice that is open, (-1, -1) when everything is placed.</summary>
    private delegate (int Model, int Device) BranchOrder(DomainSearch search, Domains node);

    private static (int Model, int Device) SlowestDevice(DomainSearch search, Domains node)
    {
        foreach (var g in search._slowest)
        {
            var (fewest, model) = (int.MaxValue, -1);
            for (var m = 0; m < search._models; m++)
                if (BitOperations.PopCount(node.Of(m)[g]) is var count && count > 1 && count < fewest)
                    (fewest, model) = (count, m);
            if (model >= 0) return (model, g);
        }

        return (-1, -1);
    }

    private static (int Model, int Device) LargestRank(DomainSearch search, Domains node)
    {
        for (var position = 0; position < search._n; position++)
            for (var m = 0; m < search._models; m++)
                if (node.Match(m).IndexOf(position) is var g && !BitOperations.IsPow2(node.Of(m)[g]))
                    return (m, g);
        return (-1, -1);
    }

    private static (int Model, int Device) FewestChoices(DomainSearch search, Domains node)
    {
        var (fewest, model, device) = (int.MaxValue, -1, -1);
        for (var m = 0; m < search._models; m++)
        {
            var of = node.Of(m);
            for (var position = 0; position < search._n; position++)
            {
                var count = 0;
                foreach (var positions in of) count += (int)(positions >> position & 1);
                if (count > 1 && count < fewest) (fewest, model, device) = (count, m, node.Match(m).IndexOf(position));
            }

            foreach (var g in search._slowest)
                if (BitOperations.PopCount(of[g]) is var count && count > 1 && count < fewest)
                    (fewest, model, device) = (count, m, g);
        }

        return (model, device);
    }
}
