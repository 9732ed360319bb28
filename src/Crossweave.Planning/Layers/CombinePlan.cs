using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Layers;

/// <summary>Combine steps for launches that are already decided: every return has a moment at which it is free.</summary>
internal static class CombinePlan
{
    /// <summary>
    /// Per combine exchange the better of two: list scheduling by release time with splitting (<see cref="NetworkRun"/>; one plane only), and
    /// whole steps in the order in which they are free: the dispatch steps turned round, or the given steps where combine is no transpose.
    /// </summary>
    public static Schedule[] ByRelease(LayerProblem problem, LayerSchedule given, IReadOnlyList<Schedule> dispatch, LaunchPlan plan, ArrivalTable table, LayerEffort effort)
    {
        var ends = LaunchClock.EndOfCell(problem, table, plan);
        var combine = new Schedule[problem.Traffic.Combine.Count];
        var now = table.EndPs;
        for (var c = 0; c < combine.Length; c++)
        {
            var mirrored = dispatch.Count - 1 - c;
            var release = new ReleaseTimes(problem, c, table, ends);
            var steps = IsTransposed(problem.Traffic, c) ? LayerSchedules.Transpose(dispatch[mirrored]) : given.Combine[c];
            var (whole, end) = release.Sorted(steps, now);
            combine[c] = whole;
            if (problem.Fabric.PlaneCount == 1)
            {
                var run = new NetworkRun(problem, c, effort);
                var split = run.Combine(now, table, ends);
                if (run.EndPs < end) (combine[c], end) = (split with { Scheduler = steps.Scheduler }, run.EndPs);
            }

            now = end;
        }

        return combine;
    }

    /// <summary>Whether a combine exchange returns exactly the copies that its mirrored dispatch exchange brought.</summary>
    public static bool IsTransposed(LayerTraffic traffic, int combineExchange)
    {
        var (there, back) = (traffic.Dispatch[traffic.Dispatch.Count - 1 - combineExchange].Copies, traffic.Combine[combineExchange].Copies);
        for (var s = 0; s < there.RankCount; s++)
            for (var t = 0; t < there.RankCount; t++)
                if (s != t && there[s, t] != back[t, s])
                    return false;
        return true;
    }

    // When the copies of a combine exchange are free, looked up per pair in order.
    private sealed class ReleaseTimes
    {
        private readonly LayerProblem _problem;
        private readonly int _n;
        private readonly int[] _firstOfPair; // [computing rank, home]
        private readonly List<(long Copies, long FreePs, int Next)> _parts = [];

        public ReleaseTimes(LayerProblem problem, int combineExchange, ArrivalTable table, long[] endOfCell)
        {
            (_problem, _n) = (problem, table.RankCount);
            _firstOfPair = new int[_n * _n];
            var last = new int[_n * _n];
            Array.Fill(_firstOfPair, -1);
            var mirrored = problem.Traffic.Dispatch.Count - 1 - combineExchange;
            foreach (var chunk in table.Chunks)
            {
                if (chunk.Exchange != mirrored) continue;
                var pair = (chunk.Target * _n) + chunk.Source;
                if (_firstOfPair[pair] < 0) _firstOfPair[pair] = _parts.Count;
                else _parts[last[pair]] = _parts[last[pair]] with { Next = _parts.Count };
                last[pair] = _parts.Count;
                _parts.Add((chunk.ReturnCopies, endOfCell[(chunk.Step * _n) + chunk.Target], -1));
            }
        }

        /// <summary>The steps in the order in which they are free (ties: as given), and the end when they run after <paramref name="startPs"/>.</summary>
        public (Schedule Schedule, long EndPs) Sorted(Schedule schedule, long startPs)
        {
            var steps = schedule.Steps.ToArray();
            var free = Free(steps);
            if (_problem.Fabric.PlaneCount == 1) Array.Sort([.. free.Select((f, i) => (f, i))], steps);
            free = Free(steps);
            var clock = new StepClock(_problem.Fabric, _problem.Traffic.CombineCopyBytes, startPs);
            for (var m = 0; m < steps.Length; m++) clock.Play(steps[m], free[m]);
            return (schedule with { Steps = steps }, clock.EndPs);
        }

        private long[] Free(Step[] steps)
        {
            var returned = new long[_n * _n];
            var at = (int[])_firstOfPair.Clone();
            var free = new long[steps.Length];
            for (var m = 0; m < steps.Length; m++)
                foreach (var t in steps[m].Transfers)
                {
                    var pair = (t.Source * _n) + t.Target;
                    returned[pair] += t.Tokens;
                    if (at[pair] < 0) continue;
                    while (_parts[at[pair]].Copies < returned[pair] && _parts[at[pair]].Next >= 0) at[pair] = _parts[at[pair]].Next;
                    free[m] = Math.Max(free[m], _parts[at[pair]].FreePs);
                }

            return free;
        }
    }
}
