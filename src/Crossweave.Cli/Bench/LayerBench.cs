using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation.Layer;

namespace Crossweave.Cli.Bench;

/// <summary>
/// Planning time of whole layers, warm, one thread: decomposers, grouping, ordering, interleaving and the final timeline
/// (<see cref="LayerPortfolio"/>) on the mild and skewed matrices of <see cref="SchedulingBench"/>. The plain side enumerates orders and groupings of the greedy
/// matchings for one executor only.
/// </summary>
internal static class LayerBench
{
    public static IEnumerable<BenchRow> Run()
    {
        foreach (var effort in LayerEffort.All)
            foreach (var n in new[] { 8, 32 })
                foreach (var skewed in new[] { false, true })
                    yield return Row(n, skewed, effort);
    }

    private static BenchRow Row(int n, bool skewed, LayerEffort effort)
    {
        var matrix = new TrafficMatrix(n, SchedulingBench.Matrix(n, skewed));
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(400_000_000_000), new SimTime(10_000)));
        var traffic = new LayerTraffic(
            [new Exchange(matrix, matrix)], [new Exchange(matrix.Transpose(), matrix.Transpose())], new Bytes(12_288), new Bytes(12_288));
        var problem = new LayerProblem(traffic, fabric, [.. Enumerable.Repeat<ComputeProfile>(PhotonicTable.Profile, n)]);
        var portfolio = LayerPortfolio.Create(effort, new PlannedExecutor(), new PlannedExecutor(new EvaluatorOptions(CollectActivities: false)));
        PortfolioPlan? plan = null;
        var warmups = (n, effort == LayerEffort.Fast) switch { (8, true) => 500, (8, false) => 20, (_, true) => 10, _ => 2 };
        var (best, _) = BenchClock.Measure(() => plan = portfolio.Plan(problem, new Prng(0)), warmups, Math.Clamp(warmups / 10, 4, 40));
        var ideal = (double)plan!.Outcome.Makespan.Picoseconds / IdealLayer.NonOverlapped(problem).Picoseconds;
        var greedy = LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0)).Dispatch[0];
        double? plain = greedy.Steps.Count > 7 || effort != LayerEffort.Fast ? null : BenchClock.Measure(() => PlainLayer.BestPs(problem, greedy), 0, 1).BestSeconds;
        return new BenchRow(
            FormattableString.Invariant($"whole layer {n} ranks {(skewed ? "skewed" : "mild")}, {effort.Name}, {ideal:0.000} of the ideal"),
            "ms", best * 1e3, plain * 1e3, plain is null ? "" : "every order and grouping of greedy, all ranks together", (ulong)plan.Outcome.Makespan.Picoseconds);
    }
}
