using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;

namespace Crossweave.Core.Scheduling;

/// <summary>
/// The times of steps that are played one after another on a fabric, the one place that knows how long they take. A step lasts as long
/// as its busiest port: for a matching that is its longest transfer (pairs that finish early idle), for a step with shared ports it is
/// what constant paced rates d / T reach (deployment spec section 3.3).
/// </summary>
/// <remarks>
/// A circuit switch pays its delay before every step whose circuits are not all up already, and the next step of its plane waits for the
/// whole step. With partial reconfiguration (<see cref="Fabric.ReconfiguresPartially"/>) there is no such barrier: each transfer waits
/// for its own two ports, and for the delay if its circuit is new (scheduling spec 2.1). Planes do not wait for each other. On two tiers
/// steps with relays overlap (<see cref="TierClock"/>); on a ring a step lasts as long as its optimal flow (<see cref="RingClock"/>).
/// </remarks>
public sealed class StepClock
{
    private readonly Fabric _fabric;
    private readonly long _tokenBytes;
    private readonly long[] _freeOfPlane;
    private readonly Step?[] _upOfPlane;
    private readonly PortClock? _ports; // partial reconfiguration only
    private readonly TierClock? _tiers;
    private readonly RingClock? _ring;
    private readonly long[] _sent;
    private readonly long[] _received;
    private StepTime[] _transfers = [];

    /// <param name="fabric">Ports, planes and delay.</param>
    /// <param name="tokenBytes">Bytes of one token on the wire.</param>
    /// <param name="startPs">When the first reconfiguration may begin.</param>
    public StepClock(Fabric fabric, Bytes tokenBytes, long startPs = 0)
    {
        _fabric = fabric;
        _tokenBytes = tokenBytes.Value;
        _freeOfPlane = new long[fabric.PlaneCount];
        Array.Fill(_freeOfPlane, startPs);
        _upOfPlane = new Step?[fabric.PlaneCount];
        if (fabric.ReconfiguresPartially) _ports = new PortClock(fabric, startPs);
        if (fabric.HasTwoTiers) _tiers = new TierClock(fabric, tokenBytes.Value, startPs);
        if (fabric.Ring is not null) _ring = new RingClock(fabric, tokenBytes.Value);
        (_sent, _received) = (new long[fabric.RankCount], new long[fabric.RankCount]);
        EndPs = startPs;
    }

    /// <summary>End of the last step so far, over all planes.</summary>
    public long EndPs { get; private set; }

    /// <summary>Dead time before the step just played; with partial reconfiguration before those of its transfers whose circuit is new.</summary>
    public long ReconfigurationPs { get; private set; }

    /// <summary>Whether a port serves more than one transfer of the step just played or may (never the case for a matching on one tier).</summary>
    public bool SharesPorts { get; private set; }

    /// <summary>Start and arrival of every transfer of the step just played.</summary>
    public ReadOnlySpan<StepTime> Transfers => _transfers;

    /// <summary>Two tiers: when the step just played passed the NICs, between balancing and hand-out; null when it did not.</summary>
    public StepTime? Nic => _transfers.Length == 0 ? null : _tiers?.Nic;

    /// <summary>With partial reconfiguration: ports wait one by one.</summary>
    public bool ChangesPortsAlone => _ports is not null;

    /// <summary>Whether the circuit of a transfer of the step just played had to be set up for it (partial reconfiguration only).</summary>
    public bool IsNewCircuit(int transfer) => _ports is not null && _ports.IsNew(transfer);

    /// <summary>Plays the next step.</summary>
    /// <param name="step">What is sent, and on which plane.</param>
    /// <param name="readyPs">The data is not there earlier; the reconfiguration follows the wait.</param>
    /// <returns>From the first start to the last arrival, without the reconfiguration. O(transfers + ranks).</returns>
    public StepTime Play(Step step, long readyPs = 0)
    {
        if ((uint)step.Plane >= (uint)_freeOfPlane.Length) throw new ArgumentException($"plane {step.Plane} of {_freeOfPlane.Length}");
        _transfers = new StepTime[step.Transfers.Length];
        if (_tiers is not null)
        {
            ReconfigurationPs = 0;
            SharesPorts = true;
            var span = _transfers.Length == 0 ? new StepTime(Math.Max(EndPs, readyPs), Math.Max(EndPs, readyPs)) : _tiers.Play(step, readyPs, _transfers);
            EndPs = Math.Max(EndPs, span.EndPs);
            return span;
        }

        var durationPs = DurationPs(step);
        if (SharesPorts && _fabric.IsCircuitSwitched) throw new ArgumentException("a step shares ports on a circuit fabric");
        var time = _ports is null ? PlayTogether(step, readyPs, durationPs) : PlayEach(_ports, step, readyPs);
        EndPs = Math.Max(EndPs, time.EndPs);
        return time;
    }

    private StepTime PlayTogether(Step step, long readyPs, long durationPs)
    {
        ref var free = ref _freeOfPlane[step.Plane];
        ref var up = ref _upOfPlane[step.Plane];
        ReconfigurationPs = _fabric.ReconfigurationDelay is { } delay && !(up is not null && Covers(up, step)) ? delay.Picoseconds : 0;
        var start = Math.Max(free, readyPs) + ReconfigurationPs;
        free = checked(start + durationPs);
        up = step;
        for (var i = 0; i < _transfers.Length; i++)
            _transfers[i] = new StepTime(start, SharesPorts ? free : start + TransferPs(step.Transfers[i]));
        return new StepTime(start, free);
    }

    private StepTime PlayEach(PortClock ports, Step step, long readyPs)
    {
        var delay = _fabric.ReconfigurationDelay!.Value.Picoseconds;
        ports.Begin(step.Transfers.Length);
        var (first, last) = (long.MaxValue, 0L);
        for (var i = 0; i < _transfers.Length; i++)
        {
            var t = step.Transfers[i];
            _transfers[i] = ports.Play(i, step.Plane, t.Source, t.Target, readyPs, delay, TransferPs(t));
            first = Math.Min(first, _transfers[i].StartPs);
            last = Math.Max(last, _transfers[i].EndPs);
        }

        ReconfigurationPs = ports.AnyNew ? delay : 0;
        if (_transfers.Length == 0) first = last = Math.Max(EndPs, readyPs);
        return new StepTime(first, last);
    }

    private long TransferPs(Transfer t) => _fabric.PairRate(t.Source, t.Target).TransferPs(checked(t.Tokens * _tokenBytes));

    private long DurationPs(Step step)
    {
        if (_ring is not null)
        {
            SharesPorts = true;
            return _ring.DurationPs(step);
        }

        var slowest = new Slowest();
        SharesPorts = false;
        foreach (var t in step.Transfers)
        {
            if (t.Via >= 0) throw new ArgumentException($"{t} is relayed on a fabric with one tier");
            var bytes = checked(t.Tokens * _tokenBytes);
            SharesPorts |= (_sent[t.Source] | _received[t.Target]) != 0;
            _sent[t.Source] = checked(_sent[t.Source] + bytes);
            _received[t.Target] = checked(_received[t.Target] + bytes);
            slowest.Add(_fabric.PairRate(t.Source, t.Target), bytes);
        }

        if (step.Held is { } held) slowest.Add(_fabric.PairRate(held.Source, held.Target), checked(held.Tokens * _tokenBytes));
        foreach (var t in step.Transfers)
        {
            // With one transfer per port the slower port of the longest pair has been counted already.
            if (SharesPorts)
            {
                slowest.Add(_fabric.SendRate(t.Source), _sent[t.Source]);
                slowest.Add(_fabric.ReceiveRate(t.Target), _received[t.Target]);
            }
        }

        foreach (var t in step.Transfers) _sent[t.Source] = _received[t.Target] = 0;
        return slowest.Ps;
    }

    // The circuits of the next step are all up already.
    private static bool Covers(Step previous, Step next)
    {
        foreach (var t in next.Transfers)
        {
            var found = false;
            foreach (var p in previous.Transfers) found |= p.Source == t.Source && p.Target == t.Target;
            if (!found) return false;
        }

        return true;
    }

    // The longest of several transfers; the division is skipped for those that are smaller and not on a slower port.
    private struct Slowest
    {
        private long _rate;
        private long _bytes;

        public long Ps { get; private set; }

        public void Add(Bandwidth rate, long bytes)
        {
            if (bytes <= _bytes && rate.BitsPerSecond >= _rate) return;
            var ps = rate.TransferPs(bytes);
            if (ps <= Ps) return;
            (_rate, _bytes, Ps) = (rate.BitsPerSecond, bytes, ps);
        }
    }
}
