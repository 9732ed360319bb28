using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// All dispatch steps of a layer, timed back to back, and the rows each transfer brings: in proportion to the tokens carried so far,
/// rounded down, so that a pair's rows are complete exactly when its last token is there. A transfer of a matching arrives after its own
/// time on the wire; in a step with shared ports all transfers are paced and arrive at its end.
/// O(transfers + steps x ranks) time and memory.
/// </summary>
internal sealed class DispatchRun
{
    private readonly int[] _firstOfPair; // per (exchange, source, target): index into _transfers, or -1
    private readonly int[] _next;
    private readonly List<Activity>? _activities;

    public DispatchRun(LayerProblem problem, IReadOnlyList<Schedule> schedules, List<Activity>? activities = null)
    {
        _activities = activities;
        var traffic = problem.Traffic;
        if (schedules.Count != traffic.Dispatch.Count) throw new ArgumentException("one schedule per dispatch exchange");
        RankCount = traffic.RankCount;
        if (problem.ComputeOfRank.Count != RankCount) throw new ArgumentException("one compute profile per rank");
        StepCount = schedules.Sum(s => s.Steps.Count);
        Steps = new StepTime[StepCount];
        Rows = new long[StepCount * RankCount];
        ArrivalPs = new long[StepCount * RankCount];
        LocalRowsOfRank = new long[RankCount];
        var transferCount = schedules.Sum(s => s.Steps.Sum(step => step.Transfers.Length));
        Transfers = new TransferTime[transferCount];
        _next = new int[transferCount];
        _firstOfPair = new int[traffic.Dispatch.Count * RankCount * RankCount];
        Array.Fill(_firstOfPair, -1);
        var (now, stepIndex, index) = (0L, 0, 0);
        for (var x = 0; x < schedules.Count; x++)
            (now, stepIndex, index) = RunExchange(problem, x, schedules[x], now, stepIndex, index);
        EndPs = now;
    }

    public int RankCount { get; }

    public int StepCount { get; }

    public StepTime[] Steps { get; }

    public TransferTime[] Transfers { get; }

    /// <summary>[step, rank] -> rows that arrive.</summary>
    public long[] Rows { get; }

    /// <summary>[step, rank] -> when the last of them is there; 0 when none arrive.</summary>
    public long[] ArrivalPs { get; }

    public long[] LocalRowsOfRank { get; }

    /// <summary>End of the last step.</summary>
    public long EndPs { get; }

    /// <summary>First transfer of a pair in an exchange, -1 if none; the others follow in order through <see cref="Next"/>.</summary>
    public int First(int exchange, int source, int target) => _firstOfPair[(((exchange * RankCount) + source) * RankCount) + target];

    public int Next(int transfer) => _next[transfer];

    private (long Now, int Step, int Index) RunExchange(LayerProblem problem, int x, Schedule schedule, long now, int stepIndex, int index)
    {
        var exchange = problem.Traffic.Dispatch[x];
        var copyBytes = problem.Traffic.DispatchCopyBytes;
        var n = RankCount;
        var carried = new long[n * n];
        var last = new int[n * n];
        var clock = new StepClock(problem.Fabric, copyBytes, now);
        foreach (var step in schedule.Steps)
        {
            Steps[stepIndex] = clock.Play(step);
            if (_activities is not null) StepActivities.Reconfigurations(_activities, clock, step, Steps[stepIndex], stepIndex);
            for (var i = 0; i < step.Transfers.Length; i++)
            {
                var t = step.Transfers[i];
                var (start, arrival) = clock.Transfers[i];
                var pair = (t.Source * n) + t.Target;
                var before = carried[pair];
                var after = before + t.Tokens;
                carried[pair] = after;
                var total = exchange.Copies[t.Source, t.Target];
                if (after > total) throw new ArgumentException($"dispatch step {stepIndex} carries more from {t.Source} to {t.Target} than there is");
                var work = exchange.Work[t.Source, t.Target];
                var cumulative = Proportion.Floor(work, after, total);
                var rows = cumulative - Proportion.Floor(work, before, total);
                Transfers[index] = new TransferTime(t, stepIndex, start, arrival, cumulative);
                _activities?.Add(new Activity(ActivityKind.Dispatch, t.Source, t.Target, start, arrival, t.Tokens, stepIndex, step.Plane, t.Via, clock.Nic));
                if (before == 0 && _firstOfPair[(x * n * n) + pair] < 0) _firstOfPair[(x * n * n) + pair] = index;
                else _next[last[pair]] = index;
                last[pair] = index;
                _next[index++] = -1;
                if (rows == 0) continue;
                var cell = (stepIndex * n) + t.Target;
                Rows[cell] += rows;
                ArrivalPs[cell] = Math.Max(ArrivalPs[cell], arrival);
            }

            stepIndex++;
        }

        Complete(exchange, carried);
        return (clock.EndPs, stepIndex, index);
    }

    private void Complete(Exchange exchange, long[] carried)
    {
        for (var source = 0; source < RankCount; source++)
        {
            for (var target = 0; target < RankCount; target++)
            {
                var copies = exchange.Copies[source, target];
                if (source == target) LocalRowsOfRank[source] += exchange.Work[source, source];
                else if (carried[(source * RankCount) + target] != copies)
                    throw new ArgumentException($"the schedule carries {carried[(source * RankCount) + target]} of {copies} tokens from {source} to {target}");
                else if (copies == 0 && exchange.Work[source, target] > 0)
                    throw new ArgumentException($"rows from {source} to {target} without a copy that brings them");
            }
        }
    }
}

/// <summary>One dispatch transfer in time.</summary>
/// <param name="Transfer">Who sends how much to whom.</param>
/// <param name="Step">Step over all exchanges.</param>
/// <param name="StartPs">Start of the step.</param>
/// <param name="EndPs">Arrival of its last token.</param>
/// <param name="RowsSoFar">Rows of the pair that have arrived with it.</param>
internal readonly record struct TransferTime(Transfer Transfer, int Step, long StartPs, long EndPs, long RowsSoFar);
