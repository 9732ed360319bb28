using Crossweave.Core.Fabrics;

namespace Crossweave.Core.Scheduling;

/// <summary>
/// Times of steps on two tiers. Steps without relays run one after another, each as long as the busiest port of either tier. Steps with
/// relays are pipelined: their NICs work back to back, while the scale-up network brings the tokens of later steps to their NICs,
/// hands out what earlier steps delivered and carries the traffic inside nodes.
/// </summary>
/// <remarks>
/// The scale-up network serves one phase at a time (all nodes in parallel, as long as its busiest port): hand-outs as soon as their NICs
/// are done, balancing and traffic inside nodes in the idle time before, interrupted where necessary. So while a NIC waits, the scale-up
/// network has been busy all along. FAST (arXiv 2505.09764) balances everything before the first step instead.
/// </remarks>
internal sealed class TierClock
{
    private readonly Fabric _fabric;
    private readonly long _tokenBytes;
    private readonly List<StepTime> _idle; // of the scale-up network, ascending; the last one never ends
    private readonly long[] _up; // bytes per rank of the phase at hand
    private readonly long[] _down;
    private readonly int _perNode;
    private long _nicFree;
    private long _end;

    public TierClock(Fabric fabric, long tokenBytes, long startPs)
    {
        (_fabric, _tokenBytes, _perNode) = (fabric, tokenBytes, fabric.RanksPerNode);
        (_up, _down) = (new long[fabric.RankCount], new long[fabric.RankCount]);
        _idle = [new StepTime(startPs, long.MaxValue)];
        _nicFree = _end = startPs;
    }

    /// <summary>When the step just played passed the NICs; null when nothing left its node.</summary>
    public StepTime? Nic { get; private set; }

    /// <summary>Start and arrival of every transfer; the result spans them all. Arrival: when the last hop of the step's transfers of its kind ends.</summary>
    public StepTime Play(Step step, long readyPs, Span<StepTime> transfers)
    {
        var relays = false;
        foreach (var t in step.Transfers)
        {
            relays |= t.Via >= 0;
            if (t.Via >= _perNode || (t.Via >= 0 && _fabric.NodeOf(t.Source) == _fabric.NodeOf(t.Target))) throw new ArgumentException($"{t} cannot be relayed");
        }

        return relays ? PlayRelayed(step, readyPs, transfers) : PlayDirect(step, readyPs, transfers);
    }

    private StepTime PlayDirect(Step step, long readyPs, Span<StepTime> transfers)
    {
        var start = Math.Max(_end, readyPs);
        var inside = PhasePs(step, Hop.Inside);
        var between = PhasePs(step, Hop.Nic);
        if (inside > 0) Use(start, inside);
        for (var i = 0; i < transfers.Length; i++) transfers[i] = new StepTime(start, start + (Crosses(step.Transfers[i]) ? between : inside));
        Nic = between > 0 ? new StepTime(start, start + between) : null;
        _nicFree = start + between;
        _end = start + Math.Max(inside, between);
        return new StepTime(start, _end);
    }

    private StepTime PlayRelayed(Step step, long readyPs, Span<StepTime> transfers)
    {
        var balance = Use(readyPs, PhasePs(step, Hop.ToNic));
        var inside = Use(readyPs, PhasePs(step, Hop.Inside));
        var start = Math.Max(Math.Max(_nicFree, readyPs), balance.EndPs);
        var nic = new StepTime(start, checked(start + PhasePs(step, Hop.Nic)));
        Nic = nic;
        _nicFree = nic.EndPs;
        var handOut = Use(nic.EndPs, PhasePs(step, Hop.FromNic));
        var (first, last) = (long.MaxValue, 0L);
        for (var i = 0; i < transfers.Length; i++)
        {
            var t = step.Transfers[i];
            transfers[i] = !Crosses(t)
                ? inside
                : new StepTime(
                    t.Via >= 0 && t.Source % _perNode != t.Via ? balance.StartPs : nic.StartPs,
                    t.Via >= 0 && t.Target % _perNode != t.Via ? handOut.EndPs : nic.EndPs);
            first = Math.Min(first, transfers[i].StartPs);
            last = Math.Max(last, transfers[i].EndPs);
        }

        _end = Math.Max(_end, last);
        return new StepTime(first, last);
    }

    // Takes the earliest idle time of the scale-up network from the given moment on.
    private StepTime Use(long fromPs, long workPs)
    {
        var first = long.MaxValue;
        for (var i = 0; i < _idle.Count; i++)
        {
            var gap = _idle[i];
            if (gap.EndPs <= fromPs) continue;
            var start = Math.Max(gap.StartPs, fromPs);
            if (workPs == 0) return new StepTime(fromPs, fromPs);
            first = Math.Min(first, start);
            var end = gap.EndPs - start >= workPs ? start + workPs : gap.EndPs;
            workPs -= end - start;
            _idle.RemoveAt(i);
            if (end < gap.EndPs) _idle.Insert(i, new StepTime(end, gap.EndPs));
            if (start > gap.StartPs) _idle.Insert(i, new StepTime(gap.StartPs, start));
            if (workPs == 0) return new StepTime(first, end);
            if (start == gap.StartPs) i--;
        }

        throw new OverflowException("the schedule is too long");
    }

    private enum Hop
    {
        ToNic,
        Nic,
        FromNic,
        Inside,
    }

    private bool Crosses(Transfer t) => _fabric.NodeOf(t.Source) != _fabric.NodeOf(t.Target);

    // The busiest port of one kind of hop. O(transfers + ranks).
    private long PhasePs(Step step, Hop hop)
    {
        var any = false;
        foreach (var t in step.Transfers)
        {
            var crosses = Crosses(t);
            var (from, to) = (t.Source, t.Target);
            if (hop == Hop.Inside ? crosses : !crosses) continue;
            if (hop != Hop.Inside && t.Via >= 0)
            {
                var (sender, receiver) = ((from / _perNode * _perNode) + t.Via, (to / _perNode * _perNode) + t.Via);
                if (hop == Hop.ToNic) to = sender;
                else if (hop == Hop.FromNic) from = receiver;
                else (from, to) = (sender, receiver);
            }
            else if (hop is Hop.ToNic or Hop.FromNic)
            {
                continue;
            }

            if (from == to) continue;
            any = true;
            var bytes = checked(t.Tokens * _tokenBytes);
            _up[from] = checked(_up[from] + bytes);
            _down[to] = checked(_down[to] + bytes);
        }

        if (!any) return 0;
        var longest = 0L;
        for (var rank = 0; rank < _up.Length; rank++)
        {
            if (_up[rank] > 0) longest = Math.Max(longest, (hop == Hop.Nic ? _fabric.ScaleOutSendRate(rank) : _fabric.ScaleUpSendRate(rank)).TransferPs(_up[rank]));
            if (_down[rank] > 0) longest = Math.Max(longest, (hop == Hop.Nic ? _fabric.ScaleOutReceiveRate(rank) : _fabric.ScaleUpReceiveRate(rank)).TransferPs(_down[rank]));
            _up[rank] = _down[rank] = 0;
        }

        return longest;
    }
}
