using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// The network side of a planned layer: slots in order, each as early as its ports and its launches allow. One course of <see cref="StepClock"/>
/// per exchange, or one for all when the plan gives the order. Steps are played in bytes, because dispatch and combine copies may differ
/// in size. O(transfers + steps x ranks).
/// </summary>
internal sealed class PlannedRun
{
    private readonly LayerProblem _problem;
    private readonly LayerSchedule _schedule;
    private readonly List<Activity>? _activities;
    private readonly int _n;
    private readonly (int Exchange, Step Step)[] _dispatch;
    private readonly (int Exchange, Step Step)[] _combine;
    private readonly long[] _sent; // [dispatch exchange, pair]
    private readonly long[] _returned; // [combine exchange, pair]
    private readonly int[] _firstChunk; // [dispatch exchange, pair], -1 when nothing was sent
    private readonly int[] _lastChunk;
    private readonly int[] _cursor; // [combine exchange, pair]
    private readonly (long RowsSoFar, int Step, int Next)[] _chunks;
    private int _chunkCount;
    private StepClock _clock;

    public PlannedRun(LayerProblem problem, LayerSchedule schedule, List<Activity>? activities)
    {
        var traffic = problem.Traffic;
        if (schedule.Launches is null) throw new ArgumentException("the schedule has no planned launches");
        if (schedule.Dispatch.Count != traffic.Dispatch.Count || schedule.Combine.Count != traffic.Combine.Count) throw new ArgumentException("one schedule per exchange");
        if (traffic.Combine.Count != traffic.Dispatch.Count) throw new ArgumentException("combine must mirror dispatch exchange by exchange");
        if (problem.ComputeOfRank.Count != traffic.RankCount) throw new ArgumentException("one compute profile per rank");
        _n = traffic.RankCount;
        (_problem, _schedule, _activities) = (problem, schedule, activities);
        _dispatch = Flat(schedule.Dispatch);
        _combine = Flat(schedule.Combine);
        var pairs = _n * _n * traffic.Dispatch.Count;
        (_sent, _returned, _firstChunk, _lastChunk, _cursor) = (new long[pairs], new long[pairs], new int[pairs], new int[pairs], new int[pairs]);
        Array.Fill(_firstChunk, -1);
        _chunks = new (long, int, int)[_dispatch.Sum(s => s.Step.Transfers.Length)];
        Launches = new PlannedLaunches(problem, schedule.Launches, _dispatch.Length, activities);
        _clock = NewClock(0);
    }

    public PlannedLaunches Launches { get; }

    /// <summary>Last dispatch transfer delivered.</summary>
    public long DispatchEndPs { get; private set; }

    /// <summary>Last transfer of any kind delivered.</summary>
    public long NetworkEndPs { get; private set; }

    public void Play()
    {
        Launches.Played(-1);
        if (_schedule.NetworkOrder is { } order) PlayInterleaved(order);
        else PlaySeparate();
        Launches.Complete();
        Complete(_problem.Traffic.Dispatch, _sent, "dispatches");
        Complete(_problem.Traffic.Combine, _returned, "returns");
    }

    private void PlaySeparate()
    {
        for (int m = 0, exchange = 0; m < _dispatch.Length; m++)
        {
            if (_dispatch[m].Exchange != exchange) _clock = NewClock(_clock.EndPs);
            exchange = _dispatch[m].Exchange;
            PlaySlot(m, -1);
        }

        for (int c = 0, exchange = -1; c < _combine.Length; c++)
        {
            if (_combine[c].Exchange != exchange) _clock = NewClock(_clock.EndPs);
            exchange = _combine[c].Exchange;
            PlaySlot(-1, c);
        }
    }

    private void PlayInterleaved(IReadOnlyList<NetworkSlot> order)
    {
        var (nextDispatch, nextCombine) = (0, 0);
        foreach (var slot in order)
        {
            if (slot is { DispatchStep: < 0, CombineStep: < 0 }) throw new ArgumentException("an empty slot");
            if (slot.DispatchStep >= 0 && slot.DispatchStep != nextDispatch++) throw new ArgumentException($"dispatch step {slot.DispatchStep} out of order");
            if (slot.CombineStep >= 0 && slot.CombineStep != nextCombine++) throw new ArgumentException($"combine step {slot.CombineStep} out of order");
            if (nextDispatch > _dispatch.Length || nextCombine > _combine.Length) throw new ArgumentException("a slot names a step that does not exist");
            PlaySlot(slot.DispatchStep, slot.CombineStep);
        }

        if (nextDispatch < _dispatch.Length || nextCombine < _combine.Length) throw new ArgumentException("the network order leaves steps out");
    }

    private void PlaySlot(int m, int c)
    {
        var step = m < 0 ? InBytes(_combine[c].Step, _problem.Traffic.CombineCopyBytes)
            : c < 0 ? InBytes(_dispatch[m].Step, _problem.Traffic.DispatchCopyBytes)
            : Mixed(_dispatch[m].Step, _combine[c].Step);
        var ready = c < 0 ? 0 : ReadyPs(c);
        var time = _clock.Play(step, ready);
        if (_activities is not null) StepActivities.Reconfigurations(_activities, _clock, step, time, m < 0 ? c : m);
        var dispatched = m < 0 ? 0 : _dispatch[m].Step.Transfers.Length;
        if (m >= 0) Dispatched(m, time);
        if (c >= 0) Show(ActivityKind.Combine, _combine[c].Step, c, _clock.Transfers[dispatched..]);
    }

    private void Dispatched(int m, StepTime time)
    {
        var (x, step) = _dispatch[m];
        var exchange = _problem.Traffic.Dispatch[x];
        for (var i = 0; i < step.Transfers.Length; i++)
        {
            var t = step.Transfers[i];
            var pair = (((x * _n) + t.Source) * _n) + t.Target;
            var (total, work) = (exchange.Copies[t.Source, t.Target], exchange.Work[t.Source, t.Target]);
            var before = Proportion.Floor(work, _sent[pair], total);
            _sent[pair] += t.Tokens;
            if (_sent[pair] > total) throw new ArgumentException($"dispatch step {m} carries more from {t.Source} to {t.Target} than there is");
            var after = Proportion.Floor(work, _sent[pair], total);
            _chunks[_chunkCount] = (after, m, -1);
            if (_firstChunk[pair] < 0) _firstChunk[pair] = _chunkCount;
            else _chunks[_lastChunk[pair]].Next = _chunkCount;
            _lastChunk[pair] = _chunkCount++;
            var cell = (m * _n) + t.Target;
            Launches.Rows[cell] += after - before;
            var arrival = _clock.ChangesPortsAlone ? _clock.Transfers[i].EndPs : time.EndPs;
            if (after > before) Launches.ArrivalPs[cell] = Math.Max(Launches.ArrivalPs[cell], arrival);
        }

        Launches.StepEndPs[m] = time.EndPs;
        DispatchEndPs = Math.Max(DispatchEndPs, Show(ActivityKind.Dispatch, step, m, _clock.Transfers));
        Launches.Played(m);
    }

    // When every launch that the combine step returns from is over.
    private long ReadyPs(int c)
    {
        var (exchange, step) = _combine[c];
        var mirrored = _problem.Traffic.Dispatch.Count - 1 - exchange;
        var (copies, work) = (_problem.Traffic.Combine[exchange].Copies, _problem.Traffic.Dispatch[mirrored].Work);
        var ready = 0L;
        foreach (var t in step.Transfers)
        {
            var pair = (((exchange * _n) + t.Source) * _n) + t.Target;
            var brought = (((mirrored * _n) + t.Target) * _n) + t.Source;
            if (_returned[pair] == 0) _cursor[pair] = _firstChunk[brought];
            _returned[pair] += t.Tokens;
            var total = copies[t.Source, t.Target];
            if (_returned[pair] > total) throw new ArgumentException($"combine step {c} carries more from {t.Source} to {t.Target} than there is");
            var needed = Proportion.Floor(work[t.Target, t.Source], _returned[pair], total);
            if (needed == 0) continue;
            if (_cursor[pair] < 0) _cursor[pair] = _firstChunk[brought];
            while (_cursor[pair] >= 0 && _chunks[_cursor[pair]].RowsSoFar < needed) _cursor[pair] = _chunks[_cursor[pair]].Next;
            var end = _cursor[pair] < 0 ? -1 : Launches.EndOf(_chunks[_cursor[pair]].Step, t.Source);
            if (end < 0) throw new ArgumentException($"combine step {c} returns rows from {t.Source} to {t.Target} before a launch has computed them");
            ready = Math.Max(ready, end);
        }

        return ready;
    }

    private long Show(ActivityKind kind, Step step, int index, ReadOnlySpan<StepTime> times)
    {
        var end = 0L;
        for (var i = 0; i < step.Transfers.Length; i++)
        {
            var t = step.Transfers[i];
            end = Math.Max(end, times[i].EndPs);
            _activities?.Add(new Activity(kind, t.Source, t.Target, times[i].StartPs, times[i].EndPs, t.Tokens, index, step.Plane, t.Via, _clock.Nic));
        }

        NetworkEndPs = Math.Max(NetworkEndPs, end);
        return end;
    }

    private StepClock NewClock(long startPs) => new(_problem.Fabric, new Bytes(1), startPs);

    private Step Mixed(Step dispatch, Step combine)
    {
        if (dispatch.Plane != combine.Plane) throw new ArgumentException("a mixed matching lies on one plane");
        var (d, c) = (InBytes(dispatch, _problem.Traffic.DispatchCopyBytes), InBytes(combine, _problem.Traffic.CombineCopyBytes));
        return new Step([.. d.Transfers, .. c.Transfers], d.Held ?? c.Held, dispatch.Plane);
    }

    private static Step InBytes(Step step, Bytes copyBytes)
    {
        var bytes = copyBytes.Value;
        var transfers = new Transfer[step.Transfers.Length];
        for (var i = 0; i < transfers.Length; i++) transfers[i] = step.Transfers[i] with { Tokens = checked(step.Transfers[i].Tokens * bytes) };
        return new Step(transfers, step.Held is { } held ? held with { Tokens = checked(held.Tokens * bytes) } : null, step.Plane);
    }

    private static (int Exchange, Step Step)[] Flat(IReadOnlyList<Schedule> schedules) =>
        [.. schedules.SelectMany((s, x) => s.Steps.Select(step => (x, step)))];

    private void Complete(IReadOnlyList<Exchange> exchanges, long[] carried, string verb)
    {
        for (var x = 0; x < exchanges.Count; x++)
            for (var s = 0; s < _n; s++)
                for (var t = 0; t < _n; t++)
                    if (s != t && carried[(((x * _n) + s) * _n) + t] != exchanges[x].Copies[s, t])
                        throw new ArgumentException($"the schedule {verb} {carried[(((x * _n) + s) * _n) + t]} of {exchanges[x].Copies[s, t]} tokens from {s} to {t}");
    }
}
