using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Fabrics;

public sealed class TierTests
{
    // 1 kB tokens: 1 us at 8 Gbps (NIC), 100 ns at 80 Gbps (scale-up).
    private static readonly Bytes Token = new(1000);

    private static Fabric Two(int ranks, int nodes) =>
        new TwoTier().Build(new FabricOptions(ranks, nodes, new Bandwidth(8_000_000_000), ScaleUpBandwidth: new Bandwidth(80_000_000_000)));

    [Fact]
    public void A_step_without_relays_lasts_as_long_as_the_busiest_port_of_either_tier()
    {
        var clock = new StepClock(Two(4, 2), Token);
        // Rank 0 sends 3 tokens to its neighbour (300 ns); ranks 0 and 1 send 2 each to rank 2, whose NIC needs 4 us.
        var time = clock.Play(new Step([new(0, 1, 3), new(0, 2, 2), new(1, 2, 2)]));
        Assert.Equal(new StepTime(0, 4_000_000), time);
        Assert.Equal(300_000, clock.Transfers[0].EndPs);
        Assert.Equal(4_000_000, clock.Transfers[1].EndPs);
        Assert.Equal(new StepTime(4_000_000, 4_100_000), clock.Play(new Step([new(3, 2, 1)])));
    }

    [Fact]
    public void Relayed_steps_overlap_hand_by_hand()
    {
        var clock = new StepClock(Two(4, 2), Token);
        // 0 -> 3: 2 tokens over NIC 0 and 2 over NIC 1. Balance 2 tokens 0 -> 1: 0.2; NICs 2 us each: 0.2 to 2.2; hand-out 2 tokens 2 -> 3: 0.2.
        var first = clock.Play(new Step([new(0, 3, 2, 0), new(0, 3, 2, 1)]));
        Assert.Equal(new StepTime(0, 2_400_000), first);
        Assert.Equal(new StepTime(200_000, 2_400_000), clock.Transfers[0]); // handed out
        Assert.Equal(new StepTime(0, 2_200_000), clock.Transfers[1]); // balanced
        // Its balancing (0.4) runs from 0.2 to 0.6 beside the first step; NIC 2.2 to 6.2 without waiting for the hand-out; no hand-out.
        var second = clock.Play(new Step([new(0, 3, 4, 1)]));
        Assert.Equal(new StepTime(200_000, 6_200_000), second);
        // Back to back without balancing.
        Assert.Equal(new StepTime(6_200_000, 7_200_000), clock.Play(new Step([new(2, 0, 1, 0)])));
        // Data that is ready at 20 only.
        Assert.Equal(new StepTime(20_000_000, 21_100_000), clock.Play(new Step([new(3, 0, 1, 0)]), 20_000_000));
        Assert.Equal(21_100_000, clock.EndPs);
    }

    [Fact]
    public void Relays_need_two_tiers_and_two_nodes()
    {
        Assert.Throws<ArgumentException>(() => new StepClock(new IdealSwitch().Build(new FabricOptions(4, 2, new Bandwidth(8))), Token).Play(new Step([new(0, 3, 1, 1)])));
        Assert.Throws<ArgumentException>(() => new StepClock(Two(4, 2), Token).Play(new Step([new(0, 1, 1, 1)])));
        Assert.Throws<ArgumentException>(() => new StepClock(Two(4, 2), Token).Play(new Step([new(0, 3, 1, 2)])));
    }

    [Fact]
    public void The_busiest_node_is_a_bound()
    {
        // Node 0 sends 9 tokens over two NICs: 4.5 us; node 1 receives them.
        var cells = new long[16];
        cells[3] = 9;
        var fabric = Two(4, 2);
        var lines = new PortLines(new TrafficMatrix(4, cells), fabric, Token);
        Assert.Equal(new LowerBound("node", new SimTime(4_500_000), "NICs of node 0, sending"), NodeBound.Of(lines));
        Assert.Equal(4_500_000, lines.LongestPs());
        Assert.Equal((80_000_000_000, 8_000_000_000), (fabric.PairRate(0, 1).BitsPerSecond, fabric.PairRate(0, 2).BitsPerSecond));
    }

    [Fact]
    public void Rings_halve_the_port_or_run_one_way()
    {
        var ring = new Ring().Build(new FabricOptions(4, 1, new Bandwidth(16_000_000_000)));
        Assert.Equal(16_000_000_000, ring.SendRate(0).BitsPerSecond);
        Assert.Equal(8_000_000_000, ring.Ring!.OfLink[7]);
        // 0 -> 2: 4 tokens, two each way, 1 us per token and link.
        var step = new Step([new(0, 2, 4)]);
        Assert.Equal(2_000_000, new StepClock(ring, Token).Play(step).EndPs);
        Assert.Equal(2_000_000, new StepClock(OneWayRing.Over(ring), Token).Play(step).EndPs);
        var around = new Step([new(0, 3, 4), new(2, 0, 1)]); // one way: link 2 -> 3 carries 5 tokens, 0.5 us each
        Assert.Equal(2_500_000, new StepClock(OneWayRing.Over(ring), Token).Play(around).EndPs);
        Assert.Same(ring, Ring.Over(ring));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_smallest_rings_work(int n)
    {
        var ring = new Ring().Build(new FabricOptions(n, 1, new Bandwidth(16_000_000_000)));
        var cells = new long[n * n];
        Array.Fill(cells, 6L);
        var problem = new SchedulingProblem(new TrafficMatrix(n, cells), Token, ring);
        var transfers = new List<Transfer>();
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                if (s != t)
                    transfers.Add(new Transfer(s, t, 6));
        var time = new StepClock(ring, Token).Play(new Step([.. transfers])).EndPs;
        // 2 ranks: 6 tokens over two links; 3 ranks: every pair takes its one-link way.
        Assert.Equal(n switch { 1 => 0, 2 => 3_000_000, _ => 6_000_000 }, time);
        foreach (var fabric in new[] { ring, OneWayRing.Over(ring) })
        {
            var bound = RingBound.Of(problem with { Fabric = fabric }).Value.Picoseconds;
            Assert.InRange(new StepClock(fabric, Token).Play(new Step([.. transfers])).EndPs, bound, bound + 10);
        }
    }

    [Theory]
    [InlineData("""{"ranks": 8, "nodes": 2, "fabric": "two-tier"}""", "scaleUpBandwidth: found nothing")]
    [InlineData("""{"ranks": 8, "nodes": 2, "scaleUpBandwidth": "3600Gbps"}""", "scaleUpBandwidth: found 3.6 Tbps, expected none on a ideal-switch")]
    [InlineData("""{"ranks": 8, "fabric": "circuit-switch", "scaleUpBandwidth": "3600Gbps"}""", "expected none on a circuit-switch")]
    [InlineData("""{"ranks": 8, "fabric": "ring", "reconfigurationDelay": "10ns"}""", "reconfigurationDelay")]
    [InlineData("""{"ranks": 8, "fabric": "two-tier", "scaleUpBandwidth": "3600"}""", "without a unit")]
    public void A_cluster_file_names_the_key_that_does_not_fit(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("cluster.json", json);
        Assert.Contains(expected, Assert.Throws<InputException>(() => Cluster.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_file_describes_two_tiers()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("cluster.json", """{"ranks": 32, "nodes": 4, "fabric": "two-tier", "bandwidth": "50GB/s", "scaleUpBandwidth": "450GB/s"}""");
        var fabric = Cluster.Read(path).BuildFabric();
        Assert.Equal((4, 8, true), (fabric.NodeCount, fabric.RanksPerNode, fabric.HasTwoTiers));
        Assert.Equal((3_600_000_000_000, 400_000_000_000), (fabric.ScaleUpSendRate(31).BitsPerSecond, fabric.ScaleOutReceiveRate(31).BitsPerSecond));
    }
}
