using System.Numerics;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// What a time to stay below implies for the domains of a node: the target caps each maximum, the caps say which ranks, and which pairs of ranks,
/// a device can hold; what remains has to hold perfect matchings of ranks and devices and of the ranks of two models. On request also whether the pairs
/// can share the devices (<see cref="PairBound"/>), which costs some times as much. A target that the full domains do not survive is a lower bound.
/// </summary>
/// <remarks>
/// One round costs O(models^2 x n^2 log n). Work counts rounds x models x n^2, not time, so a budget gives the same result anywhere.
/// Equal devices take ranks of model 0 in ascending order.
/// </remarks>
internal sealed class DomainPropagation
{
    private readonly LayerTime _time;
    private readonly int _n;
    private readonly int _models;
    private readonly int[][] _rankAt; // [model][position]: ranks by load, largest first
    private readonly int[] _equalNext;
    private readonly int[] _classOf; // [device]: of equal devices
    private readonly BitMatching _matching;
    private readonly PairBound?[,] _pairs; // [a, b]; only with unequal devices
    private readonly long[] _least; // [term]: before any choice
    private readonly ulong[] _partners; // [position]: of another model, on any device
    private readonly ulong[] _fitting; // [position]: of another model, within the room of a device
    private readonly long[] _room; // [group]
    private readonly int[] _scratch;
    private readonly int[][] _partial; // [model][device] -> rank, -1 = open

    public DomainPropagation(LayerTime time)
    {
        (_time, _n, _models) = (time, time.Problem.DeviceCount, time.Problem.Models.Count);
        var devices = time.Problem.Devices;
        DeviceCost[] classes = [.. devices.Distinct()];
        _rankAt = [.. time.Problem.Models.Select(m => Enumerable.Range(0, _n).OrderByDescending(i => m.Port[i] + m.Work[i]).ToArray())];
        _equalNext = [.. Enumerable.Range(0, _n).Select(g => Enumerable.Range(g + 1, _n - g - 1).FirstOrDefault(h => devices[h] == devices[g], -1))];
        _classOf = [.. devices.Select(d => Array.IndexOf(classes, d))];
        (Bounds, _matching, _pairs) = (new DomainBounds(time, _rankAt), new BitMatching(_n), new PairBound?[_models, _models]);
        for (var a = 0; a < _models && classes.Length > 1; a++)
            for (var b = a + 1; b < _models; b++)
                _pairs[a, b] = new PairBound(_classOf);
        _least = [.. Enumerable.Range(0, time.Terms.Length).Select(t => DeploymentBounds.OfTerm(time, t))];
        (_partners, _fitting, _room, _scratch) = (new ulong[_n], new ulong[_n], new long[time.Groups.Length], new int[_n]);
        _partial = [.. _rankAt.Select(_ => new int[_n])];
    }

    public DomainBounds Bounds { get; }

    /// <summary>The time to stay below.</summary>
    public long Target { get; set; }

    public long Work { get; private set; }

    /// <summary>A node that no choice has been made in yet.</summary>
    public Domains[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(_ => new Domains(_models, _n, _time.Terms.Length))];

    /// <summary>Makes everything possible.</summary>
    public void Clear(Domains node) => node.Clear(_least, Bounds.Most);

    /// <summary>No placement within the node is faster.</summary>
    public long Bound(Domains node) => _time.Finish(node.Least) + node.Pair;

    /// <summary>[device]: the rank of a model that is placed there, else -1.</summary>
    public void Ranks(Domains node, int model, int[] rankOfDevice)
    {
        var of = node.Of(model);
        for (var g = 0; g < _n; g++) rankOfDevice[g] = BitOperations.IsPow2(of[g]) ? _rankAt[model][BitOperations.TrailingZeroCount(of[g])] : -1;
    }

    /// <summary>Removes what cannot stay below the target; false when nothing is left.</summary>
    public bool Propagate(Domains node)
    {
        for (var size = -1; ;)
        {
            Work += (long)_models * _n * _n;
            if (!node.Settle(_equalNext)) return false;
            Bounds.Raise(node);
            if (_time.PairExchanges > 0) RaisePair(node);
            if (Bound(node) >= Target || !node.IsInRange()) return false;
            if (node.Size() == size) return true;
            size = node.Size();
            Bounds.Limit(node, Target - 1 - node.Pair);
            if (!Filter(node)) return false;
            if (_time.PairExchanges > 0) FilterPair(node);
            for (var m = 0; m < _models; m++)
                if (!_matching.Repair(node.Of(m), node.Match(m)))
                    return false;
        }
    }

    /// <summary>Whether some two models cannot share the devices within the domains that the last <see cref="Propagate"/> left.</summary>
    public bool PairsRefute()
    {
        var (work, refuted) = (Work, false);
        foreach (var pairs in _pairs) refuted = refuted || (pairs is not null && pairs.Refutes(ref work));
        Work = work;
        return refuted;
    }

    private bool Filter(Domains node)
    {
        foreach (var group in Bounds.Groups)
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
                if (_pairs[a, b] is { } pairs) Array.Clear(pairs.Fitting);
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
        if (!HasSameRoom(a, b, g)) SetFitting(a, b);
        var (kept, joined) = (0UL, 0UL);
        for (var positions = ofA; positions != 0; positions &= positions - 1)
        {
            var i = BitOperations.TrailingZeroCount(positions);
            var partners = ofB & _fitting[i];
            if (partners == 0) continue;
            kept |= 1UL << i;
            joined |= partners;
            _partners[i] |= partners;
            if (_pairs[a, b] is { } pairs) pairs.Fitting[(_classOf[g] * _n) + i] |= partners;
        }

        (ofA, ofB) = (kept, joined);
    }

    // Equal devices leave a pair the same room, so what fits there is worked out once. Sets the room.
    private bool HasSameRoom(int a, int b, int g)
    {
        var same = g > 0;
        for (var k = 0; k < _room.Length; k++)
        {
            var group = Bounds.Groups[k];
            if (!group.Has(a) || !group.Has(b)) continue;
            var room = group.Limit[g] - (group.Least[g] - group.Of(a).LeastOn[g] - group.Of(b).LeastOn[g]);
            same &= room == _room[k];
            _room[k] = room;
        }

        return same;
    }

    private void SetFitting(int a, int b)
    {
        Array.Fill(_fitting, ulong.MaxValue);
        for (var k = 0; k < _room.Length; k++)
        {
            var group = Bounds.Groups[k];
            if (!group.Has(a) || !group.Has(b)) continue;
            var (one, two) = (group.Of(a), group.Of(b));
            for (var i = 0; i < _n; i++) _fitting[i] &= two.UpTo(_room[k] - one.Load[i]);
        }
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
                if (rest + _time.PairTime(_partial) >= Target) of[g] &= ~(1UL << i);
            }

            _partial[0][g] = -1;
        }
    }
}
