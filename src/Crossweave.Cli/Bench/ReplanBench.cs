using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Cli.Bench;

/// <summary>
/// Re-planning beside planning: greedy max-weight of a skewed dense matrix on 400 Gbps circuits, then some entries change by up to a
/// half. Question: what fraction of a fresh plan does it cost, and how much longer is the result?
/// </summary>
public static class ReplanBench
{
    public static IEnumerable<BenchRow> Run()
    {
        foreach (var n in new[] { 32, 64 })
            foreach (var changed in new[] { 1, 4, 16 })
                yield return Replan(n, changed);
    }

    private static BenchRow Replan(int n, int changed)
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(400_000_000_000), new SimTime(10_000)));
        var cells = SchedulingBench.Matrix(n, skewed: true);
        var greedy = new GreedyMaxWeightScheduler();
        var previous = greedy.Schedule(Problem(cells), new Prng(0));
        var prng = new Prng(43).Split(n).Split(changed);
        cells = [.. cells];
        for (var k = 0; k < changed; k++)
        {
            ref var cell = ref cells[prng.NextInt(n * n)];
            cell = (long)(cell * (0.5 + prng.NextDouble()));
        }

        var problem = Problem(cells);
        var (schedule, plan) = (previous, previous);
        var (warmups, runs) = n <= 32 ? (3000, 200) : (500, 50);
        var (best, _) = BenchClock.Measure(() => schedule = Replanning.Replan(previous, problem), warmups, runs);
        var (fresh, _) = BenchClock.Measure(() => plan = greedy.Schedule(problem, new Prng(0)), warmups / 2, runs);
        var hash = 0xCBF29CE484222325UL;
        foreach (var step in schedule.Steps)
            foreach (var t in step.Transfers)
                hash = (hash ^ (ulong)((t.Tokens * n) + t.Target)) * 0x100000001B3UL;
        var ratio = FormattableString.Invariant($"{(double)EndPs(schedule) / EndPs(plan):0.000}");
        return new BenchRow($"re-plan {n}x{n}, {changed} entries changed, {ratio}x its length", "us", best * 1e6, fresh * 1e6, "fresh greedy max-weight", hash);

        SchedulingProblem Problem(long[] demand) => new(new TrafficMatrix(n, demand), new Bytes(12_288), fabric);

        long EndPs(Schedule s) => ScheduleTiming.Time(s, fabric, new Bytes(12_288))[^1].EndPs;
    }
}
