using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning.Tests.Scheduling;

/// <summary>FAST's two tiers (scheduling spec 3.9 and 5.6), 450 GB/s inside and 50 GB/s between nodes unless said otherwise.</summary>
public sealed class FastTests
{
    private static readonly Bytes TokenBytes = new(12_288);

    private static SchedulingProblem Problem(long[] cells, int nodes, int perNode, long up = 3_600_000_000_000, long nic = 400_000_000_000) =>
        new(new TrafficMatrix(nodes * perNode, cells), TokenBytes,
            new TwoTier().Build(new FabricOptions(nodes * perNode, nodes, new Bandwidth(nic), ScaleUpBandwidth: new Bandwidth(up))));

    public static TheoryData<string> Kinds => ["random", "zipf", "one-pair-per-node", "one-sender", "one-receiver", "sparse", "inside", "empty", "single-entry"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Carries_every_token_within_the_published_guarantee(string kind)
    {
        foreach (var (nodes, perNode) in new[] { (1, 4), (2, 2), (3, 1), (4, 8), (3, 5) })
            for (var seed = 0; seed < 8; seed++)
            {
                var prng = new Prng(7).Split(kind).Split(seed);
                var problem = Problem(Cells(kind, nodes, perNode, prng), nodes, perNode);
                var schedule = new FastScheduler().Schedule(problem, new Prng(0));
                var where = $"{kind} {nodes} x {perNode} seed {seed}";
                CheckCoverage(problem.Demand, schedule, where);
                var makespan = ScheduleTiming.MakespanPs(schedule, problem.Fabric, TokenBytes);
                var bounds = ScheduleBounds.For(problem, keepsEntriesWhole: false);
                Assert.All(bounds, b => Assert.True(b.Value.Picoseconds <= makespan, $"{where}: {b} above {makespan}"));

                // T* (1 + (B2/B1)(M + M/N)), plus whole tokens (one per NIC and step on either tier) and the traffic inside nodes.
                var star = bounds.Single(b => b.Name == "node").Value.Picoseconds;
                var token = problem.Fabric.ScaleOutSendRate(0).TransferPs(TokenBytes.Value);
                var limit = (star * Factor(nodes, perNode)) + (2.0 * token * (schedule.Steps.Count + nodes)) + InsidePs(problem);
                Assert.True(makespan <= limit, $"{where}: {makespan} above {limit}");
            }
    }

    [Fact]
    public void The_factor_is_two_point_one_one_for_four_nodes_of_eight() => Assert.Equal(2.11, Factor(4, 8), 2);

    [Theory]
    [InlineData("uniform", 1.03)]
    [InlineData("zipf 0.4", 1.03)]
    [InlineData("zipf 0.8", 1.05)]
    [InlineData("zipf 0.9", 1.13)]
    public void Typical_overhead_is_that_of_the_publication(string kind, double limit)
    {
        // Published: balancing and hand-out below 5 % typically, below 8 % at Zipf 0.9. Here all pairs of ranks follow the law: at 0.9 one
        // pair holds 9 % of everything, and its node's scale-up ports, which carry it twice, are as busy as the NICs.
        double sum = 0;
        for (var seed = 0; seed < 5; seed++)
        {
            var problem = Problem(Skewed(4, 8, kind == "uniform" ? 0 : double.Parse(kind[5..], System.Globalization.CultureInfo.InvariantCulture), new Prng(3).Split(kind).Split(seed)), 4, 8);
            var schedule = new FastScheduler().Schedule(problem, new Prng(0));
            var star = ScheduleBounds.For(problem, keepsEntriesWhole: false).Max(b => b.Value.Picoseconds);
            sum += (double)ScheduleTiming.MakespanPs(schedule, problem.Fabric, TokenBytes) / star;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{kind}: {sum / 5:F4}");
        Assert.True(sum / 5 <= limit, $"{kind}: {sum / 5}");
    }

    [Fact]
    public void Relays_beat_straight_transfers_on_uneven_nodes()
    {
        var problem = Problem(Skewed(4, 8, 0.8, new Prng(3).Split("compare")), 4, 8);
        var fast = ScheduleTiming.MakespanPs(new FastScheduler().Schedule(problem, new Prng(0)), problem.Fabric, TokenBytes);
        var straight = ScheduleTiming.MakespanPs(FluidScheduler.Ideal.Schedule(problem, new Prng(0)), problem.Fabric, TokenBytes);
        Assert.True(fast * 1.2 < straight, $"{fast} against {straight}");
    }

    [Fact]
    public void Merged_and_descending_stages_carry_the_same()
    {
        var problem = Problem(Skewed(4, 4, 0.8, new Prng(9)), 4, 4);
        foreach (var limit in new[] { 1, 2, 3, 5 })
            foreach (var order in Enum.GetValues<StageOrder>())
            {
                var schedule = new FastScheduler(new FastOptions(order, limit)).Schedule(problem, new Prng(0));
                CheckCoverage(problem.Demand, schedule, $"{order} {limit}");
                Assert.InRange(schedule.Steps.Count, 1, limit);
            }
    }

    [Fact]
    public void The_embedding_leaves_the_fullest_lines_alone()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var prng = new Prng(11).Split(seed);
            var n = 1 + prng.NextInt(9);
            var cells = new long[n * n];
            for (var k = 0; k < cells.Length; k++) cells[k] = prng.NextInt(3) == 0 ? 0 : prng.NextInt(100);
            var stuffed = cells.ToArray();
            var sum = LineSums.StuffFast(stuffed, n);
            Assert.Equal(LineSums.Largest(cells, n), sum);
            for (var i = 0; i < n; i++)
            {
                Assert.Equal(sum, Enumerable.Range(0, n).Sum(j => stuffed[(i * n) + j]));
                Assert.Equal(sum, Enumerable.Range(0, n).Sum(j => stuffed[(j * n) + i]));
            }

            Assert.True(Enumerable.Range(0, n * n).All(k => stuffed[k] >= cells[k]), $"seed {seed}");
            Assert.True(Enumerable.Range(0, n * n).Count(k => stuffed[k] != cells[k]) <= (2 * n) - 1, $"seed {seed}");
        }
    }

    [Fact]
    public void The_ring_on_the_published_matrix()
    {
        var problem = GoldenMatrix.Problem(8, GoldenMatrix.Cells());
        var ring = new RingScheduler();
        var both = Tokens(ring, problem);
        Assert.Equal(2 * 17_223, both); // links of half the rate
        Assert.Equal(1.755, both / 19_627.0, 3);
        var oneWay = Tokens(new OneWayRingScheduler(), problem);
        TestContext.Current.TestOutputHelper!.WriteLine($"one way: {oneWay / 19_627.0:F4}");
        Assert.Equal(2.81, oneWay / 19_627.0, 2);

        static long Tokens(IScheduler scheduler, SchedulingProblem problem)
        {
            var used = problem with { Fabric = scheduler.TimedOn(problem.Fabric) };
            var schedule = scheduler.Schedule(used, new Prng(0));
            var bound = ScheduleBounds.For(used, scheduler.KeepsEntriesWhole).Max(b => b.Value.Picoseconds);
            var time = ScheduleTiming.MakespanPs(schedule, used.Fabric, used.TokenBytes);
            Assert.InRange(time, bound, bound + 100);
            return time / 1_000_000;
        }
    }

    private static double Factor(int nodes, int perNode) => 1 + (50.0 / 450 * (perNode + ((double)perNode / nodes)));

    private static long InsidePs(SchedulingProblem problem)
    {
        var inside = problem.Demand.Cells.ToArray();
        for (var s = 0; s < problem.Demand.RankCount; s++)
            for (var t = 0; t < problem.Demand.RankCount; t++)
                if (problem.Fabric.NodeOf(s) != problem.Fabric.NodeOf(t))
                    inside[(s * problem.Demand.RankCount) + t] = 0;
        var only = problem with { Demand = new TrafficMatrix(problem.Demand.RankCount, inside) };
        return ScheduleTiming.MakespanPs(FluidScheduler.Ideal.Schedule(only, new Prng(0)), problem.Fabric, TokenBytes);
    }

    private static void CheckCoverage(TrafficMatrix demand, Schedule schedule, string where)
    {
        var n = demand.RankCount;
        var carried = new long[n * n];
        foreach (var t in schedule.Steps.SelectMany(s => s.Transfers))
        {
            Assert.True(t.Tokens > 0 && t.Source != t.Target, $"{where}: {t}");
            carried[(t.Source * n) + t.Target] += t.Tokens;
        }

        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                Assert.True(carried[(s * n) + t] == (s == t ? 0 : demand[s, t]), $"{where}: {s} -> {t}");
    }

    private static long[] Cells(string kind, int nodes, int perNode, Prng prng)
    {
        var n = nodes * perNode;
        var cells = new long[n * n];
        var (only, shift) = (prng.NextInt(perNode), 1 + prng.NextInt(Math.Max(1, nodes - 1)));
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
            {
                var sameNode = s / perNode == t / perNode;
                cells[(s * n) + t] = kind switch
                {
                    "random" => prng.NextInt(2000),
                    "one-pair-per-node" => s % perNode == only && t % perNode == only && t / perNode == ((s / perNode) + shift) % nodes ? 5000 : 0,
                    "one-sender" => s % perNode == only && !sameNode ? 1 + prng.NextInt(3000) : 0,
                    "one-receiver" => t % perNode == only && !sameNode ? 1 + prng.NextInt(3000) : 0,
                    "sparse" => prng.NextInt(9) == 0 ? 1 + prng.NextInt(50) : 0,
                    "inside" => sameNode ? prng.NextInt(400) : 0,
                    _ => 0,
                };
            }

        if (kind == "single-entry") cells[prng.NextInt(n) * n] = 12;
        return kind == "zipf" ? Skewed(nodes, perNode, 0.9, prng) : cells;
    }

    // Rank popularity ~ 1 / place^exponent in random order, 20 % noise, about 2,000 tokens per pair.
    private static long[] Skewed(int nodes, int perNode, double exponent, Prng prng)
    {
        var n = nodes * perNode;
        var cells = new long[n * n];
        var weight = Enumerable.Range(1, n * n).Select(k => Math.Pow(k, -exponent)).ToArray();
        for (var k = weight.Length - 1; k > 0; k--)
        {
            var other = prng.NextInt(k + 1);
            (weight[k], weight[other]) = (weight[other], weight[k]);
        }

        var scale = 2000 * weight.Length / weight.Sum();
        for (var k = 0; k < cells.Length; k++) cells[k] = (long)(weight[k] * scale * (0.8 + (0.4 * prng.NextDouble())));
        return cells;
    }
}
