using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Tests;

/// <summary>Small random layers in every send mode, on circuit and packet fabrics with equal or unequal ports, and random valid schedules.</summary>
internal static class RandomLayer
{
    public static LayerProblem Problem(Prng prng, bool circuit)
    {
        var perNode = 1 + prng.NextInt(3);
        var nodes = 1 + prng.NextInt(3);
        var n = perNode * nodes;
        long[] rows = new long[n * n], copies = new long[n * n], nodeCopies = new long[n * nodes];
        for (var source = 0; source < n; source++)
        {
            for (var target = 0; target < n; target++)
            {
                var cell = (source * n) + target;
                if (prng.NextInt(3) == 0) continue;
                copies[cell] = 1 + prng.NextInt(prng.NextInt(2) == 0 ? 4 : 400);
                rows[cell] = copies[cell] + prng.NextInt((int)copies[cell] * 2);
                ref var node = ref nodeCopies[(source * nodes) + (target / perNode)];
                node = Math.Max(node, copies[cell]);
            }
        }

        var counts = new CopyCounts(1000, 4, nodes, new TrafficMatrix(n, rows), new TrafficMatrix(n, copies), nodeCopies);
        var mode = (SendMode)prng.NextInt(3);
        var options = new TrafficOptions(mode, prng.NextInt(2) == 0, new Bytes(1 + prng.NextInt(9000)), new Bytes(1 + prng.NextInt(9000)), nodes);
        var rates = Enumerable.Range(0, n).Select(_ => new Bandwidth(prng.NextInt(2) == 0 ? 400_000_000_000 : 1_000_000_000L * (1 + prng.NextInt(997)))).ToArray();
        var fabricOptions = new FabricOptions(n, nodes, rates[0], BandwidthOfRank: prng.NextInt(2) == 0 ? rates : null);
        var fabric = circuit
            ? new CircuitSwitch().Build(fabricOptions with { ReconfigurationDelay = new SimTime(prng.NextInt(3) == 0 ? 0 : prng.NextInt(2_000_000)) })
            : new IdealSwitch().Build(fabricOptions);
        ComputeProfile[] profiles =
        [
            PhotonicTable.Profile, new FloorProfile("floor", 20_000_000, 300_000), new AdditiveProfile("additive", 3_000_000, 40_000), new AdditiveProfile("linear", 0, 1000),
        ];
        var one = profiles[prng.NextInt(profiles.Length)];
        var mixed = prng.NextInt(2) == 0;
        return new LayerProblem(
            TrafficBuilder.Build(counts, options), fabric, [.. Enumerable.Range(0, n).Select(_ => mixed ? profiles[prng.NextInt(profiles.Length)] : one)]);
    }

    public static LayerSchedule Schedule(LayerProblem problem, Prng prng, bool circuit)
    {
        var dispatch = problem.Traffic.Dispatch.Select(e => Random(e.Copies, prng, circuit)).ToArray();
        var transposed = prng.NextInt(2) == 0;
        var combine = problem.Traffic.Combine.Select((e, c) =>
            transposed && SameAsTransposed(problem, c) ? LayerSchedules.Transpose(dispatch[dispatch.Length - 1 - c]) : Random(e.Copies, prng, circuit)).ToArray();
        return new LayerSchedule(dispatch, combine);
    }

    private static bool SameAsTransposed(LayerProblem problem, int c) =>
        problem.Traffic.Combine[c].Copies.Transpose().Cells.SequenceEqual(problem.Traffic.Dispatch[problem.Traffic.Dispatch.Count - 1 - c].Copies.Cells);

    // Random partial matchings with random cuts; on packet fabrics now and then several transfers per port.
    private static Schedule Random(TrafficMatrix copies, Prng prng, bool circuit)
    {
        var n = copies.RankCount;
        var left = copies.Cells.ToArray();
        for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
        var split = prng.NextInt(2) == 0;
        var steps = new List<Step>();
        var order = Enumerable.Range(0, n * n).ToArray();
        while (left.Any(x => x > 0))
        {
            prng.Shuffle<int>(order);
            var shared = !circuit && prng.NextInt(2) == 0;
            var (sending, receiving) = (new bool[n], new bool[n]);
            var transfers = new List<Transfer>();
            foreach (var cell in order)
            {
                var (source, target) = (cell / n, cell % n);
                if (left[cell] == 0 || (!shared && (sending[source] || receiving[target]))) continue;
                if (transfers.Count > 0 && prng.NextInt(4) == 0) continue;
                (sending[source], receiving[target]) = (true, true);
                var tokens = split && prng.NextInt(2) == 0 ? 1 + (long)(prng.NextDouble() * (left[cell] - 1)) : left[cell];
                left[cell] -= tokens;
                transfers.Add(new Transfer(source, target, tokens));
            }

            steps.Add(new Step([.. transfers]));
        }

        return new Schedule("random", steps);
    }
}
