using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Bounds;

public sealed class BoundTests
{
    [Fact]
    public void One_line_on_two_planes_is_the_published_case()
    {
        // Scheduling spec 5.6 in thousandths: line (3, 1), delay 0.5, two planes.
        Assert.Equal(2500, PlaneBounds.Lb1([3000, 1000], 500, 2));
        Assert.Equal(2750, PlaneBounds.Lb2([3000, 1000], 500, 2));
        Assert.Equal(57, PlaneBounds.Lb1([50], 7, 1));
        Assert.Equal(57, PlaneBounds.Lb2([50], 7, 1));
        Assert.Equal(0, PlaneBounds.Lb2([0, 0], 7, 2));
    }

    [Fact]
    public void No_line_is_served_faster_than_its_plane_bounds()
    {
        for (var seed = 0UL; seed < 100; seed++)
        {
            var prng = new Prng(seed);
            var line = new long[1 + prng.NextInt(3)];
            for (var i = 0; i < line.Length; i++) line[i] = 1 + prng.NextInt(12);
            var planes = 1 + prng.NextInt(3);
            var delay = prng.NextInt(4);
            var best = OneLineOracle.Shortest(line, delay, planes);
            var (lb1, lb2) = (PlaneBounds.Lb1(line, delay, planes), PlaneBounds.Lb2(line, delay, planes));
            Assert.True(lb1 <= best, $"seed {seed}: LB1 {lb1} above {best}");
            Assert.True(lb2 <= best, $"seed {seed}: LB2 {lb2} above {best}");
            Assert.True(lb1 <= lb2, $"seed {seed}: LB2 {lb2} below LB1 {lb1}");
            if (line.Length == 1 && planes == 1) Assert.Equal(best, lb2);
        }
    }

    [Fact]
    public void No_schedule_of_a_tiny_exchange_beats_its_bounds_and_without_delay_the_port_bound_is_reached()
    {
        for (var seed = 0UL; seed < 40; seed++)
        {
            var prng = new Prng(seed);
            var cells = new long[9];
            for (var i = 0; i < 9; i++) cells[i] = prng.NextInt(3);
            var delay = prng.NextInt(3);
            // One token of 1000 bytes takes 1 us; the delay is a whole number of token times.
            var fabric = new CircuitSwitch().Build(new FabricOptions(3, 1, new Bandwidth(8_000_000_000), new SimTime(delay * 1_000_000L)));
            var problem = new SchedulingProblem(new TrafficMatrix(3, cells), new Bytes(1000), fabric);
            var bounds = ScheduleBounds.For(problem, keepsEntriesWhole: true);
            var best = TinyExchangeOracle.Shortest(cells, delay) * 1_000_000L;
            var bestWhole = TinyExchangeOracle.ShortestWhole(cells, delay) * 1_000_000L;
            Assert.True(bounds[0].Value.Picoseconds <= best, $"seed {seed}: port");
            Assert.True(bounds[1].Value.Picoseconds <= best, $"seed {seed}: reconfiguration");
            Assert.True(bounds[2].Value.Picoseconds <= bestWhole, $"seed {seed}: whole entries");
            Assert.True(bounds[1].Value >= bounds[0].Value, $"seed {seed}: order");
            if (delay == 0) Assert.Equal(best, bounds[0].Value.Picoseconds);
        }
    }

    [Fact]
    public void Relabelling_ranks_leaves_the_values_alone()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var prng = new Prng(seed);
            var n = 2 + prng.NextInt(6);
            int[] label = [.. Enumerable.Range(0, n)];
            prng.Shuffle<int>(label);
            long[] cells = new long[n * n], moved = new long[n * n];
            for (var s = 0; s < n; s++)
                for (var t = 0; t < n; t++)
                    moved[(label[s] * n) + label[t]] = cells[(s * n) + t] = prng.NextInt(3) == 0 ? 0 : prng.NextInt(1000);
            var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(8_000_000_007), new SimTime(77)));
            var a = ScheduleBounds.For(new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(13), fabric), true);
            var b = ScheduleBounds.For(new SchedulingProblem(new TrafficMatrix(n, moved), new Bytes(13), fabric), true);
            Assert.Equal(a.Select(x => x.Value), b.Select(x => x.Value));
        }
    }

    [Fact]
    public void On_a_packet_fabric_the_slower_port_counts()
    {
        var fabric = new IdealSwitch().Build(new FabricOptions(2, 1, new Bandwidth(8_000_000_000), BandwidthOfRank: [new(8_000_000_000), new(4_000_000_000)]));
        var bounds = ScheduleBounds.For(new SchedulingProblem(new TrafficMatrix(2, [9, 3, 0, 0]), new Bytes(1000), fabric), true);
        var port = Assert.Single(bounds);
        Assert.Equal(6_000_000, port.Value.Picoseconds);
        Assert.Equal("receive port of rank 1", port.Bottleneck);
    }

    [Fact]
    public void Flow_shop_bounds_hold_for_every_order()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var prng = new Prng(seed);
            var jobs = 1 + prng.NextInt(5);
            long[] a = new long[jobs], b = new long[jobs], c = new long[jobs];
            for (var i = 0; i < jobs; i++) (a[i], b[i], c[i]) = (prng.NextInt(9), prng.NextInt(9), prng.NextInt(9));
            var bounds = FlowShopBounds.Of(a, b, c);
            foreach (var order in Orders(jobs))
            {
                var (x, y, z) = (0L, 0L, 0L);
                foreach (var i in order)
                {
                    x += a[i];
                    y = Math.Max(x, y) + b[i];
                    z = Math.Max(y, z) + c[i];
                }

                Assert.True(Math.Max(bounds.Dispatch, Math.Max(bounds.Compute, bounds.Combine)) <= z, $"seed {seed}");
            }
        }
    }

    private static IEnumerable<int[]> Orders(int n) =>
        n == 0 ? [[]] : Orders(n - 1).SelectMany(o => Enumerable.Range(0, n).Select(at => (int[])[.. o[..at], n - 1, .. o[at..]]));
}
