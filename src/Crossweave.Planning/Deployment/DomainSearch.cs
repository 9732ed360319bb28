using System.Numerics;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Exact search over placements by domains (deployment spec 3.12, its static bounds replaced by constraint propagation): which ranks of every model
/// may still go onto every device (<see cref="DomainPropagation"/>).
/// </summary>
/// <remarks>
/// Three orders of branching take turns, each with twice the work of its last turn: the slowest open device, the largest open rank, and the rank
/// or device with the fewest choices. Each is hopeless on instances that another proves at once (measured: 10^9 against 10^6 of work). A branch
/// fixes the choice of the current matching first, then does without it. Below the value at hand the search is for a placement, and nodes whose
/// pairs cannot share the devices are left at once; proofs take more of the cheaper nodes instead. Ties: lower model, larger load, slower device.
/// </remarks>
internal sealed class DomainSearch
{
    /// <summary>Rounds of the first turns per choice to be made: enough for a dive and some steps back.</summary>
    private const long FirstTurn = 4;

    private readonly LayerTime _time;
    private readonly int _n;
    private readonly int _models;
    private readonly int[] _slowest;
    private readonly DomainPropagation _propagation;
    private readonly DomainDivision _division;
    private readonly Domains[] _nodes;
    private readonly int[][] _best;
    private BranchOrder _order = SlowestDevice;
    private bool _isDive; // for a placement, not for a proof
    private long _turn;
    private long _limit;
    private long _open; // least bound of anything left unexplored

    /// <param name="time">A time line that <see cref="Fits"/>.</param>
    /// <param name="start">The placement to improve on.</param>
    public DomainSearch(LayerTime time, DeploymentPlan start)
    {
        (_time, _n, _models) = (time, time.Problem.DeviceCount, time.Problem.Models.Count);
        var devices = time.Problem.Devices;
        _slowest = [.. Enumerable.Range(0, _n).OrderByDescending(g => devices[g].Send + devices[g].Receive).ThenByDescending(g => devices[g].Compute).ThenByDescending(g => devices[g].Send)];
        _propagation = new DomainPropagation(time);
        (_division, _nodes) = (new DomainDivision(time, _propagation), _propagation.Nodes((_models * _n) + 1));
        _best = [.. start.DeviceOfRank.Select(DeploymentPlan.Inverse)];
        (Value, LowerBound, Start) = (start.Value, start.LowerBound, start);
    }

    /// <summary>Of the best placement so far.</summary>
    public long Value { get; private set; }

    /// <summary>No placement is faster.</summary>
    public long LowerBound { get; private set; }

    public bool IsProven => Value == LowerBound;

    public long Work => _propagation.Work;

    private DeploymentPlan Start { get; }

    /// <summary>Ranks of a model are bits of a word, and every maximum is one of loads x costs.</summary>
    public static bool Fits(LayerTime time) => time.Problem.DeviceCount <= 64 && time.Terms.All(t => t.Table is null);

    public DeploymentPlan Plan() => DeploymentPlan.From(_time, _best, Start.Evaluations + Work, LowerBound);

    /// <summary>Takes a placement when it is better.</summary>
    /// <param name="rankOfDevice">[model][device].</param>
    /// <param name="value">Its time.</param>
    public void Take(IReadOnlyList<int[]> rankOfDevice, long value)
    {
        if (value >= Value) return;
        Value = value;
        for (var m = 0; m < _models; m++) rankOfDevice[m].CopyTo(_best[m], 0);
    }

    /// <summary>Raises the lower bound to the largest target that is refuted at once: the value itself, else by halving.</summary>
    public void RaiseBound()
    {
        for (var (target, high) = (Value, Value); LowerBound + 1 < high; target = LowerBound + ((high - LowerBound) / 2))
        {
            if (_division.Refutes(target, _best, 0)) LowerBound = target;
            else high = target;
        }
    }

    /// <summary>
    /// Raises the lower bound by dividing ranges, with about so much work at most: in steps of a quarter of what is open, halved when one fails, since
    /// targets cost the more the closer they are.
    /// </summary>
    public void ClimbBound(long work)
    {
        var (end, step) = (Work + work, (Value - LowerBound + 3) / 4);
        while (!IsProven && Work < end && step > 0)
        {
            var target = Math.Min(Value, LowerBound + step);
            if (_division.Refutes(target, _best, (end - Work) / 2)) LowerBound = target;
            else step /= 2;
        }
    }

    /// <summary>Looks for the best placement below a target, with about so much work at most; keeps it, and the bound that follows.</summary>
    /// <param name="target">At most <see cref="Value"/>.</param>
    /// <param name="work">0: only what the first node tells.</param>
    public void Below(long target, long work)
    {
        var (end, isProof, first) = (Work + work, target == Value, FirstTurn * _models * _n * _models * _n * _n);
        (_propagation.Target, _isDive) = (target, !isProof);
        for (var turn = isProof ? Math.Max(first, _turn) : first; ; turn *= 2)
        {
            if (isProof) _turn = turn; // a proof goes on where it stopped
            foreach (var order in Orders)
            {
                (_order, _limit, _open) = (order, Math.Min(end, Work + turn), long.MaxValue);
                _propagation.Clear(_nodes[0]);
                Branch(0);
                if (_propagation.Target < target) Value = _propagation.Target;
                LowerBound = Math.Max(LowerBound, Math.Min(_propagation.Target, _open));
                if (_open == long.MaxValue || Work >= end) return;
            }
        }
    }

    private void Branch(int depth)
    {
        var node = _nodes[depth];
        while (_propagation.Propagate(node) && !(_isDive && _propagation.PairsRefute()))
        {
            var (model, device) = _order(this, node);
            if (model < 0)
            {
                _propagation.Target = _propagation.Bound(node); // everything is placed, so the bound is the time
                for (var m = 0; m < _models; m++) _propagation.Ranks(node, m, _best[m]);
                return;
            }

            if (Work >= _limit)
            {
                _open = Math.Min(_open, _propagation.Bound(node));
                return;
            }

            var bit = 1UL << node.Match(model)[device];
            _nodes[depth + 1].CopyFrom(node);
            _nodes[depth + 1].Of(model)[device] = bit;
            Branch(depth + 1);
            node.Of(model)[device] &= ~bit;
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
