using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Bounds;

/// <summary>Bounds of whole layers against every way to run tiny ones. One token and one unit of compute take a picosecond.</summary>
public sealed class LayerBoundTests
{
    private static readonly Bandwidth PerPs = new(8_000_000_000_000);

    [Theory]
    [InlineData(LayerFreedom.Sequential)]
    [InlineData(LayerFreedom.OneLaunchPerRank)]
    [InlineData(LayerFreedom.Overlapped)]
    [InlineData(LayerFreedom.Interleaved)]
    public void No_run_of_a_tiny_layer_beats_the_bounds_of_its_mode(LayerFreedom freedom)
    {
        var (tight, instances, names) = (0, 0, new SortedSet<string>());
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(90).Split(seed);
            var rows = new (int Source, int Target)[1 + prng.NextInt(4)];
            for (var i = 0; i < rows.Length; i++) rows[i] = (prng.NextInt(3), prng.NextInt(3));
            var (floor, slope, delay) = (1 + prng.NextInt(3), prng.NextInt(2), prng.NextInt(3));
            int Launch(int count) => Math.Max(floor, slope * count);
            var best = TinyLayerOracle.Shortest(rows, delay, Launch, freedom);
            var options = new FabricOptions(3, 1, PerPs);
            var fabrics = new List<Fabric> { new CircuitSwitch().Build(options with { ReconfigurationDelay = new SimTime(delay) }) };
            if (freedom == LayerFreedom.Interleaved) fabrics.Add(new CircuitSwitch().Build(options with { ReconfigurationDelay = new SimTime(delay), ReconfiguresPartially = true }));
            if (delay == 0) fabrics.Add(new IdealSwitch().Build(options));
            foreach (var fabric in fabrics)
            {
                var bounds = Bounds(Problem(rows, fabric, new Table(Launch)), freedom);
                foreach (var bound in bounds) Assert.True(bound.Value.Picoseconds <= best, $"{freedom} seed {seed}, {fabric.Kind}: {bound} is above {best}");
                if (bounds.Max(b => b.Value.Picoseconds) == best) names.Add(bounds.MaxBy(b => b.Value)!.Name);
                (instances, tight) = (instances + 1, tight + (bounds.Max(b => b.Value.Picoseconds) == best ? 1 : 0));
            }
        }

        // A bound that is never reached would pass as well: most of these layers are proven optimal, by several of the bounds.
        TestContext.Current.TestOutputHelper!.WriteLine($"{freedom}: {tight} of {instances} tight, by {string.Join(", ", names)}");
        Assert.True(2 * tight > instances, $"{freedom}: {tight} of {instances}");
    }

    [Fact]
    public void More_freedom_never_takes_longer()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var prng = new Prng(91).Split(seed);
            var rows = new (int Source, int Target)[1 + prng.NextInt(4)];
            for (var i = 0; i < rows.Length; i++) rows[i] = (prng.NextInt(3), prng.NextInt(3));
            var times = Enum.GetValues<LayerFreedom>().Select(f => TinyLayerOracle.Shortest(rows, 1, count => 1 + count, f)).ToArray();
            for (var f = 1; f < times.Length; f++) Assert.True(times[f] <= times[f - 1], $"seed {seed}: {string.Join(", ", times)}");
        }
    }

    [Fact]
    public void Flow_shop_with_one_network_for_both_phases_holds_for_every_order()
    {
        var tight = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var prng = new Prng(92).Split(seed);
            var jobs = 1 + prng.NextInt(3);
            long[] a = new long[jobs], b = new long[jobs], c = new long[jobs];
            for (var i = 0; i < jobs; i++) (a[i], b[i], c[i]) = (prng.NextInt(9), prng.NextInt(9), prng.NextInt(9));
            var best = long.MaxValue;
            foreach (var network in Orders(2 * jobs)) // operation i < jobs: dispatch of job i; i >= jobs: combine of job i - jobs
                foreach (var compute in Orders(jobs))
                    best = Math.Min(best, Play(network, compute, a, b, c));
            var bound = FlowShopBounds.Of(a, b, c).SharedNetwork;
            Assert.True(bound <= best, $"seed {seed}: {bound} above {best}");
            if (bound == best) tight++;
        }

        Assert.True(tight > 20, $"{tight}");
        Assert.Equal(20, FlowShopBounds.Of([5, 5], [1, 1], [5, 5]).SharedNetwork); // a1 a2 c1 c2 without a pause
    }

    // The end of one network order and one order of the launches; never when they wait for each other.
    private static long Play(int[] network, int[] compute, long[] a, long[] b, long[] c)
    {
        var (jobs, n, m) = (a.Length, 0, 0);
        var (there, done) = (new long[jobs], new long[jobs]);
        Array.Fill(there, -1);
        Array.Fill(done, -1);
        var (networkFree, computeFree) = (0L, 0L);
        while (n < network.Length || m < jobs)
        {
            if (n < network.Length && network[n] < jobs) there[network[n]] = networkFree += a[network[n++]];
            else if (n < network.Length && done[network[n] - jobs] >= 0) networkFree = Math.Max(networkFree, done[network[n] - jobs]) + c[network[n++] - jobs];
            else if (m < jobs && there[compute[m]] >= 0) done[compute[m]] = computeFree = Math.Max(computeFree, there[compute[m]]) + b[compute[m++]];
            else return long.MaxValue;
        }

        return networkFree;
    }

    private static IEnumerable<int[]> Orders(int n) =>
        n == 0 ? [[]] : Orders(n - 1).SelectMany(o => Enumerable.Range(0, n).Select(at => (int[])[.. o[..at], n - 1, .. o[at..]]));

    private static IReadOnlyList<LowerBound> Bounds(LayerProblem problem, LayerFreedom freedom) => freedom switch
    {
        LayerFreedom.Sequential => LayerBounds.Separate(problem),
        LayerFreedom.OneLaunchPerRank => LayerBounds.OneLaunchPerRank(problem),
        LayerFreedom.Overlapped => LayerBounds.Overlapped(problem, lastLaunchReturns: false),
        _ => LayerBounds.Interleaved(problem),
    };

    private static LayerProblem Problem((int Source, int Target)[] rows, Fabric fabric, ComputeProfile profile)
    {
        var cells = new long[9];
        foreach (var (source, target) in rows) cells[(source * 3) + target]++;
        var matrix = new TrafficMatrix(3, cells);
        var back = matrix.Transpose();
        return new LayerProblem(new LayerTraffic([new Exchange(matrix, matrix)], [new Exchange(back, back)], new Bytes(1), new Bytes(1)), fabric, [profile, profile, profile]);
    }

    /// <summary>Launch times from a function, the cheapest split by trying all.</summary>
    private sealed class Table(Func<int, int> launch) : ComputeProfile
    {
        public override string Description => "test";

        public override long SmallestLaunchPs => Enumerable.Range(1, 5).Min(launch);

        public override long LaunchPs(long tokens) => tokens == 0 ? 0 : launch((int)tokens);

        public override long CheapestSplitPs(long tokens) => tokens == 0 ? 0 : Enumerable.Range(1, (int)tokens).Min(k => launch(k) + CheapestSplitPs(tokens - k));
    }
}
