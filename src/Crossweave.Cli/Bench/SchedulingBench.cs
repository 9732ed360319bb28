using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Cli.Bench;

/// <summary>
/// Planning time of whole schedules, warm, one thread. Dense matrices like the published 8 x 8 one: entry (i, j) grows with how
/// much i sends and how popular j is. "mild" varies as that matrix does, "skewed" over two orders of magnitude; "90 % empty" keeps a
/// random tenth of the skewed one.
/// </summary>
public static class SchedulingBench
{
    private const ulong FnvStart = 0xCBF29CE484222325UL;
    private const ulong FnvPrime = 0x100000001B3UL;
    private const int Largest = 1024; // four seconds a run, so the results are hashed on the way and nothing is repeated

    public static IEnumerable<BenchRow> Run()
    {
        foreach (var n in new[] { 8, 32, 64, 128, 256, Largest })
        {
            yield return Greedy(n, "mild", Matrix(n, skewed: false));
            yield return Greedy(n, "skewed", Matrix(n, skewed: true));
            foreach (var empty in n < 256 ? [] : new[] { 80, 90, 95 }) yield return Greedy(n, $"{empty} % empty", Sparse(n, empty));
        }

        foreach (var n in new[] { 8, 40 })
        {
            yield return Birkhoff(n, MatchingRule.HeavyFirst, "any matching");
            yield return Birkhoff(n, MatchingRule.Bottleneck, "bottleneck");
        }

        yield return OpenShop(8);
        yield return OpenShop(40);
        yield return FastNodes(8);
        yield return FastNodes(40);
        yield return RingFlow(64);
        foreach (var row in LayerBench.Run()) yield return row;
        foreach (var row in ReplanBench.Run()) yield return row;
    }

    // About half a second of calls: the last JIT tier is built in the background and arrives late.
    private static int Warmups(int n) => n <= 8 ? 40_000 : n <= 40 ? 1500 : n <= 64 ? 250 : n <= 128 ? 40 : n < Largest ? 4 : 0;

    private static BenchRow Greedy(int n, string kind, long[] cells)
    {
        var peeling = new MaxWeightPeeling();
        var columns = new int[n];
        var carried = new long[n];
        var hash = FnvStart;
        var runs = n < Largest ? Math.Clamp(100_000 / (n * n), 5, 400) : 1;
        var (best, _) = BenchClock.Measure(() => Peel(n == Largest), Warmups(n), runs);
        if (n < Largest) Peel(true);
        double? plain = n > 128 // half a minute and more
            ? null
            : BenchClock.Measure(() => PlainHungarian.Decompose(cells, n), Math.Clamp(Warmups(n) / 10, 1, 3000), n <= 64 ? 10 : 1).BestSeconds;
        var (unit, scale) = n <= 32 ? ("us", 1e6) : ("ms", 1e3);
        return new BenchRow($"greedy max-weight {n}x{n} {kind}", unit, best * scale, plain * scale, plain is null ? "" : "textbook Hungarian, cold each round", hash);

        void Peel(bool hashed)
        {
            peeling.Start(cells, n, skipDiagonal: true);
            while (peeling.Next(columns, carried))
            {
                if (!hashed) continue;
                foreach (var c in columns) hash = (hash ^ (uint)c) * FnvPrime;
            }
        }
    }

    // Stuffing included: from the demand to the last permutation.
    private static BenchRow Birkhoff(int n, MatchingRule rule, string ruleName)
    {
        var cells = Matrix(n, skewed: true);
        for (var i = 0; i < n; i++) cells[(i * n) + i] = 0;
        var decomposition = new BirkhoffDecomposition(n);
        var stuffed = new long[n * n];
        var columns = new int[n];
        var phases = 0;
        var hash = FnvStart;
        var (best, _) = BenchClock.Measure(() => Decompose(false), Warmups(n) / 4, n <= 8 ? 400 : 20);
        Decompose(true);
        var plain = BenchClock.Measure(() => PlainBirkhoff.CountPhases(cells, n), Math.Clamp(Warmups(n) / 20, 2, 2000), 10);
        return new BenchRow($"birkhoff {n}x{n} {ruleName}, {phases} phases", "us", best * 1e6, plain.BestSeconds * 1e6, "Kuhn from scratch each phase", hash);

        void Decompose(bool hashed)
        {
            cells.CopyTo(stuffed, 0);
            LineSums.StuffQuick(stuffed, n);
            decomposition.Start(stuffed, rule);
            phases = 0;
            while (decomposition.Next(columns) is > 0 and var weight)
            {
                phases++;
                if (!hashed) continue;
                hash = (hash ^ (ulong)weight) * FnvPrime;
                foreach (var c in columns) hash = (hash ^ (uint)c) * FnvPrime;
            }
        }
    }

    private static BenchRow OpenShop(int n)
    {
        var cells = Matrix(n, skewed: true);
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(400_000_000_000), SimTime.Zero));
        var problem = new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(12_288), fabric);
        var scheduler = new OpenShopScheduler();
        var schedule = scheduler.Schedule(problem, new Prng(0));
        var runs = Math.Clamp(400_000 / (n * n), 20, 400);
        var (best, _) = BenchClock.Measure(() => schedule = scheduler.Schedule(problem, new Prng(0)), n <= 8 ? 10_000 : 40, n <= 8 ? runs : 20);
        var plain = BenchClock.Measure(() => PlainBirkhoff.CountPhases(cells, n), Math.Clamp(Warmups(n) / 20, 2, 2000), 10);
        return new BenchRow(
            $"open-shop {n}x{n}, {schedule.Steps.Count} phases", "us", best * 1e6, plain.BestSeconds * 1e6, "Kuhn from scratch each phase", Hash(schedule, n));
    }

    // FAST's node-level plan: embedding, Birkhoff, stages of n nodes. The publication needs 221 us for 8 nodes, 77 ms for 40.
    private static BenchRow FastNodes(int n)
    {
        var cells = Matrix(n, skewed: true);
        for (var i = 0; i < n; i++) cells[(i * n) + i] = 0;
        var fabric = new IdealSwitch().Build(new FabricOptions(n, n, new Bandwidth(400_000_000_000)));
        var problem = new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(12_288), fabric);
        var scheduler = new FastScheduler();
        var schedule = scheduler.Schedule(problem, new Prng(0));
        var (best, _) = BenchClock.Measure(() => schedule = scheduler.Schedule(problem, new Prng(0)), n <= 8 ? 10_000 : 60, n <= 8 ? 400 : 20);
        var plain = BenchClock.Measure(() => PlainBirkhoff.CountPhases(cells, n), Math.Clamp(Warmups(n) / 20, 2, 2000), 10);
        return new BenchRow($"fast {n} nodes, {schedule.Steps.Count} stages", "us", best * 1e6, plain.BestSeconds * 1e6, "Kuhn from scratch each phase", Hash(schedule, n));
    }

    private static BenchRow RingFlow(int n)
    {
        var cells = Matrix(n, skewed: true);
        var ring = new Crossweave.Algorithms.Flow.RingLoad(n);
        var rates = Enumerable.Repeat(1L, 2 * n).ToArray();
        var (best, _) = BenchClock.Measure(() => ring.Solve(cells, rates), 5, 5);
        var hash = FnvStart;
        foreach (var load in ring.Load) hash = (hash ^ (ulong)load) * FnvPrime;
        return new BenchRow($"ring optimal flow {n} ranks", "ms", best * 1e3, null, "", hash);
    }

    private static ulong Hash(Schedule schedule, int n)
    {
        var hash = FnvStart;
        foreach (var step in schedule.Steps)
            foreach (var t in step.Transfers)
                hash = (hash ^ (ulong)((t.Tokens * n) + t.Target)) * FnvPrime;
        return hash;
    }

    internal static long[] Matrix(int n, bool skewed)
    {
        var prng = new Prng(42).Split(n).Split(skewed ? "skewed" : "mild");
        var spread = skewed ? 1.2 : 0.3;
        var send = new double[n];
        var popular = new double[n];
        for (var i = 0; i < n; i++) (send[i], popular[i]) = (Math.Exp(0.5 * spread * prng.NextNormal()), Math.Exp(spread * prng.NextNormal()));
        var cells = new long[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                cells[(i * n) + j] = (long)Math.Round(1750 * send[i] * popular[j] * Math.Exp(0.3 * spread * prng.NextNormal()));
        return cells;
    }

    private static long[] Sparse(int n, int emptyPercent)
    {
        var cells = Matrix(n, skewed: true);
        var prng = new Prng(42).Split(n).Split("sparse").Split(emptyPercent);
        foreach (ref var c in cells.AsSpan())
            if (prng.NextInt(100) < emptyPercent)
                c = 0;
        return cells;
    }
}
