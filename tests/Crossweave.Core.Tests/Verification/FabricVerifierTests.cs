using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;

namespace Crossweave.Core.Tests.Verification;

/// <summary>Certificates on rings and on two tiers, worked by hand, and every rule seen to fire.</summary>
public sealed class FabricVerifierTests
{
    private const long PerPs = 8_000_000_000_000; // one byte per picosecond

    // Ring of three, a byte per picosecond and link: 0 -> 1 and 1 -> 2 and 2 -> 0 send one token of 6 bytes each. Two thirds go the short
    // way (4 ps), one third the long way, which loads every link back with two pieces of 2 bytes (4 ps).
    private static readonly TrafficMatrix Around = new(3, [0, 1, 0, 0, 0, 1, 1, 0, 0]);

    private static readonly ScheduleDocument OnRing = new()
    {
        Scheduler = "by-hand",
        RankCount = 3,
        FabricKind = "ring",
        BandwidthOfRank = [2 * PerPs, 2 * PerPs, 2 * PerPs],
        RateOfLink = [PerPs, PerPs, PerPs, PerPs, PerPs, PerPs],
        ReconfigurationPs = null,
        TokenBytes = 6,
        MakespanPs = 4,
        CommunicationPs = 4,
        LowerBounds = [("port", 3), ("ring", 4)],
        RingPrices = [2, 2, 2, 1, 1, 1], // a token pays 2 either way: 3 x 2 x 6 bytes over 9 bytes per picosecond is 4
        Gap = 1,
        Steps = [new TimedStep(0, 4, [new Transfer(0, 1, 1), new Transfer(1, 2, 1), new Transfer(2, 0, 1)], Split: new RingSplit(3, [2, 2, 2]))],
    };

    // Two nodes of two, NICs one byte and scale-up ports two bytes per picosecond. 0 -> 3: 8 bytes over NIC 0, 4 over NIC 1; 1 -> 0: 2.
    // Balance 0 -> 1: 4 bytes, 0 to 2; 1 -> 0 beside it, 2 to 3; NICs 2 to 10; hand-out 2 -> 3: 8 bytes, 10 to 14.
    private static readonly TrafficMatrix Relayed = new(4, [0, 0, 0, 12, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

    private static readonly TimedStep RelayStep = new(
        0, 14, [new Transfer(0, 3, 8, 0), new Transfer(0, 3, 4, 1), new Transfer(1, 0, 2)], 0, [new StepTime(2, 14), new StepTime(0, 10), new StepTime(0, 3)], new StepTime(2, 10));

    private static readonly ScheduleDocument OnTiers = new()
    {
        Scheduler = "by-hand",
        RankCount = 4,
        FabricKind = "two-tier",
        BandwidthOfRank = [PerPs, PerPs, PerPs, PerPs],
        NodeCount = 2,
        ScaleUpOfRank = [2 * PerPs, 2 * PerPs, 2 * PerPs, 2 * PerPs],
        ReconfigurationPs = null,
        TokenBytes = 1,
        MakespanPs = 14,
        CommunicationPs = 14,
        LowerBounds = [("port", 4), ("node", 6)],
        Gap = 14 / 6.0,
        Steps = [RelayStep],
    };

    [Fact]
    public void Hand_worked_schedules_are_certified()
    {
        Assert.Empty(ScheduleVerifier.Verify(OnRing, Around).Findings);
        Assert.Empty(ScheduleVerifier.Verify(OnTiers, Relayed).Findings);
        var oneWay = OnRing with
        {
            FabricKind = "ring-one-way",
            BandwidthOfRank = [PerPs, PerPs, PerPs],
            RateOfLink = [PerPs, PerPs, PerPs],
            MakespanPs = 6,
            CommunicationPs = 6,
            LowerBounds = [("ring", 6)],
            RingPrices = [0, 1, 0],
            Steps = [OnRing.Steps[0] with { EndPs = 6, Split = null }],
        };
        Assert.Empty(ScheduleVerifier.Verify(oneWay, Around).Findings);
        Assert.Contains(ScheduleVerifier.Verify(oneWay with { Steps = [OnRing.Steps[0] with { EndPs = 6 }] }, Around).Findings, f => f.What == "ring split");
        Assert.Contains(ScheduleVerifier.Verify(oneWay with { Steps = [oneWay.Steps[0] with { EndPs = 5 }] }, Around).Findings, f => f is { What: "bandwidth", Where: "step 0, link 0 to 1" });
    }

    public static TheoryData<string, string, string> RingCorruptions => new()
    {
        { "short", "bandwidth", "step 0, link 0 to 1" },
        { "all one way", "bandwidth", "step 0, link 0 to 1" },
        { "long way", "bandwidth", "step 0, link 1 to 0" },
        { "slow link", "bandwidth", "step 0, link 2 to 1" },
        { "more than there is", "ring split", "step 0, transfer 0 -> 1" },
        { "no split", "ring split", "step 0" },
        { "own times", "shape", "step 0" },
        { "no prices", "lower bound", "ring" },
        { "cheap prices", "lower bound", "ring" },
        { "bound too high", "lower bound", "ring" },
        { "ports", "fabric", "fabric.bandwidth" },
        { "links", "fabric", "fabric.links" },
        { "overlap", "one step at a time", "combine step 0" },
        { "node", "lower bound", "node" },
    };

    [Theory, MemberData(nameof(RingCorruptions))]
    public void Every_corruption_on_a_ring_is_named(string corruption, string what, string where)
    {
        var step = OnRing.Steps[0];
        var document = corruption switch
        {
            "short" => OnRing with { Steps = [step with { EndPs = 3 }] },
            "all one way" => OnRing with { Steps = [step with { Split = new RingSplit(3, [3, 3, 3]) }] },
            "long way" => OnRing with { Steps = [step with { Split = new RingSplit(3, [1, 1, 1]) }] },
            "slow link" => OnRing with { RateOfLink = [PerPs, PerPs, PerPs, PerPs, PerPs / 2, PerPs], BandwidthOfRank = [2 * PerPs, 2 * PerPs, PerPs * 3 / 2] },
            "more than there is" => OnRing with { Steps = [step with { Split = new RingSplit(3, [4, 2, 2]) }] },
            "no split" => OnRing with { Steps = [step with { Split = null }] },
            "own times" => OnRing with { Steps = [step with { Times = [new StepTime(0, 4), new StepTime(0, 4), new StepTime(0, 4)] }] },
            "no prices" => OnRing with { RingPrices = null },
            "cheap prices" => OnRing with { RingPrices = [1, 0, 0, 0, 0, 0] }, // the way back is free
            "bound too high" => OnRing with { LowerBounds = [("ring", 5)], MakespanPs = 5, Steps = [step with { EndPs = 5 }], CommunicationPs = 5 },
            "ports" => OnRing with { BandwidthOfRank = [PerPs, 2 * PerPs, 2 * PerPs] },
            "links" => OnRing with { RateOfLink = [PerPs, PerPs, PerPs] },
            "overlap" => OnRing with
            {
                Layer = new LayerPart("by-hand", "rate:1", 0, 1, [], [new TimedStep(3, 7, [new Transfer(1, 0, 1), new Transfer(2, 1, 1), new Transfer(0, 2, 1)], Split: new RingSplit(3, [1, 1, 1]))]),
            },
            _ => OnRing with { LowerBounds = [("node", 1)] },
        };
        Assert.Contains(ScheduleVerifier.Verify(document, Around).Findings, f => f.What == what && f.Where == where);
    }

    public static TheoryData<string, string, string> TierCorruptions => new()
    {
        { "lost", "demand", "pair 0 -> 3" },
        { "fast NIC", "bandwidth", "step 0, NICs" },
        { "one NIC", "bandwidth", "step 0, NICs" },
        { "before it is there", "scale-up bandwidth", "step 0" },
        { "after the NIC began", "relay order", "step 0, transfer 0 -> 3" },
        { "hand-out before the NIC is done", "relay order", "step 0, transfer 0 -> 3" },
        { "fast hand-out", "scale-up bandwidth", "step 0" },
        { "fast inside", "scale-up bandwidth", "step 0" },
        { "direct", "bandwidth", "step 0, NICs" },
        { "no NIC times", "relay", "step 0" },
        { "no times", "shape", "step 0" },
        { "NIC outside", "step time", "step 0, NICs" },
        { "transfer outside", "step time", "step 0, transfer 1 -> 0" },
        { "no such NIC", "relay", "step 0, transfer 0 -> 3" },
        { "relay inside", "relay", "step 0, transfer 1 -> 0" },
        { "NICs twice", "one step at a time", "step 1, NICs" },
        { "slow nodes", "scale-up bandwidth", "step 0" },
        { "bound too high", "lower bound", "node" },
        { "nodes", "fabric", "fabric.nodes" },
        { "scale-up", "fabric", "fabric.scaleUpBandwidth" },
        { "flat", "relay", "via" },
        { "flat nodes", "fabric", "fabric.nodes" },
        { "ring bound", "lower bound", "ring" },
        { "makespan", "makespan", "makespanPs" },
    };

    [Theory, MemberData(nameof(TierCorruptions))]
    public void Every_corruption_on_two_tiers_is_named(string corruption, string what, string where)
    {
        var (a, b, c) = (RelayStep.Transfers[0], RelayStep.Transfers[1], RelayStep.Transfers[2]);
        var (ta, tb, tc) = (RelayStep.Times![0], RelayStep.Times[1], RelayStep.Times[2]);
        var document = corruption switch
        {
            "lost" => Step(RelayStep with { Transfers = [a, b with { Tokens = 3 }, c] }),
            "fast NIC" => Step(RelayStep with { Nic = new StepTime(2, 9) }),
            "one NIC" => Step(RelayStep with { Transfers = [a with { Tokens = 9 }, b with { Tokens = 3 }, c] }),
            "before it is there" => Step(RelayStep with { Nic = new StepTime(1, 10), Times = [new StepTime(1, 14), tb, tc] }),
            "after the NIC began" => Step(RelayStep with { Times = [ta, new StepTime(3, 10), tc] }),
            "hand-out before the NIC is done" => Step(RelayStep with { Times = [ta with { EndPs = 9 }, tb, tc] }),
            "fast hand-out" => Step(RelayStep with { Times = [ta with { EndPs = 13 }, tb, tc] }),
            "fast inside" => Step(RelayStep with { Times = [ta, tb, tc with { EndPs = 1 }] }),
            "direct" => Step(RelayStep with { Transfers = [a with { Via = -1 }, b with { Via = -1 }, c] }),
            "no NIC times" => Step(RelayStep with { Nic = null }),
            "no times" => Step(RelayStep with { Times = null }),
            "NIC outside" => Step(RelayStep with { Nic = new StepTime(2, 15) }),
            "transfer outside" => Step(RelayStep with { Times = [ta, tb, tc with { EndPs = 15 }] }),
            "no such NIC" => Step(RelayStep with { Transfers = [a with { Via = 2 }, b, c] }),
            "relay inside" => Step(RelayStep with { Transfers = [a, b, c with { Via = 0 }] }),
            "NICs twice" => Step(RelayStep with { Transfers = [a with { Tokens = 7 }, b, c] }, new TimedStep(9, 11, [new Transfer(0, 3, 1)], 0, [new StepTime(9, 11)], new StepTime(9, 11))),
            "slow nodes" => OnTiers with { ScaleUpOfRank = [2 * PerPs, PerPs, 2 * PerPs, 2 * PerPs] }, // balancing needs 4 of the 2 ps
            "bound too high" => OnTiers with { LowerBounds = [("node", 7)] },
            "nodes" => OnTiers with { NodeCount = 3 },
            "scale-up" => OnTiers with { ScaleUpOfRank = null },
            "flat" => OnTiers with { FabricKind = "ideal-switch", NodeCount = 0, ScaleUpOfRank = null },
            "flat nodes" => OnTiers with { FabricKind = "ideal-switch" },
            "ring bound" => OnTiers with { LowerBounds = [("ring", 1)] },
            _ => OnTiers with { MakespanPs = 13 },
        };
        Assert.Contains(ScheduleVerifier.Verify(document, Relayed).Findings, f => f.What == what && f.Where == where);
    }

    [Fact]
    public void Steps_of_both_phases_may_share_a_ring_and_the_NICs()
    {
        // The same traffic there and back at once: each link carries both splits.
        var twice = OnRing with
        {
            MakespanPs = 8,
            CommunicationPs = 8,
            LowerBounds = [],
            Gap = 8,
            Steps = [OnRing.Steps[0] with { EndPs = 8 }],
            Layer = new LayerPart("by-hand", "x", 0, 1, [], [new TimedStep(0, 8, [new Transfer(1, 0, 1), new Transfer(2, 1, 1), new Transfer(0, 2, 1)], Split: new RingSplit(3, [1, 1, 1]))]),
        };
        Assert.DoesNotContain(ScheduleVerifier.Verify(twice, Around).Findings, IsOfTheNetwork);
        var faster = twice with { Steps = [twice.Steps[0] with { EndPs = 7 }], Layer = twice.Layer! with { CombineSteps = [twice.Layer!.CombineSteps[0] with { EndPs = 7 }] } };
        Assert.Contains(ScheduleVerifier.Verify(faster, Around).Findings, f => f.What == "bandwidth");
    }

    [Fact]
    public void Documents_of_rings_and_tiers_come_back_unchanged_and_faults_are_named()
    {
        using var folder = new TemporaryFolder();
        foreach (var document in new[] { OnRing with { Chosen = "fluid", Reason = "it ends first" }, OnTiers })
        {
            document.Write(folder.File("s.json"));
            Assert.Equal(document.ToJson(), ScheduleDocument.Read(folder.File("s.json")).ToJson());
        }

        AssertNamed(OnRing, "\"partsPerToken\": 3,", "", "transfers[0].clockwise: found 2, expected \"partsPerToken\" in its step");
        AssertNamed(OnRing, ", \"clockwise\": 2", "", "no \"clockwise\"");
        AssertNamed(OnRing, "\"links\": 8000000000000", "\"links\": [1, 2]", "for each of the 6 links");
        AssertNamed(OnTiers, "\"nicEndPs\": 10,", "", "no \"nicEndPs\"");
        AssertNamed(OnTiers, "\"nodes\": 2", "\"nodes\": 9", "fabric.nodes: found 9");
        AssertNamed(OnTiers, "\"scaleUpBandwidth\": 16000000000000", "\"scaleUpBandwidth\": 0", "fabric.scaleUpBandwidth");

        void AssertNamed(ScheduleDocument document, string old, string replacement, string expected)
        {
            var text = document.ToJson();
            Assert.Contains(old, text);
            var path = folder.File("bad.json", text.Replace(old, replacement));
            Assert.Contains(expected, Assert.Throws<InputException>(() => ScheduleDocument.Read(path)).Message);
        }
    }

    [Fact]
    public void Times_and_bounds_of_the_product_pass_and_any_link_or_NIC_a_little_slower_is_found()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var prng = new Prng(6).Split(seed);
            var n = 2 * (1 + prng.NextInt(4));
            var cells = new long[n * n];
            for (var i = 0; i < cells.Length; i++) cells[i] = prng.NextInt(3) == 0 ? 0 : prng.NextInt(500);
            var matrix = new TrafficMatrix(n, cells);
            if (matrix.RemoteTotal() == 0) continue;
            var transfers = new List<Transfer>();
            for (var s = 0; s < n; s++)
                for (var t = 0; t < n; t++)
                    if (s != t && matrix[s, t] > 0)
                        transfers.Add(new Transfer(s, t, matrix[s, t]));
            var options = new FabricOptions(n, n / 2, new Bandwidth(400_000_000_000));
            foreach (var fabric in new[] { new Ring().Build(options), new OneWayRing().Build(options), new TwoTier().Build(options with { ScaleUpBandwidth = new Bandwidth(400_000_000_000) }) })
            {
                var problem = new SchedulingProblem(matrix, new Bytes(1 + prng.NextInt(20_000)), fabric);
                var schedule = new Schedule("by-hand", [new Step([.. transfers])]);
                var document = ScheduleDocument.From(schedule, ScheduleTiming.Time(schedule, fabric, problem.TokenBytes), problem, ScheduleBounds.For(problem, false));
                var findings = ScheduleVerifier.Verify(document, matrix).Findings;
                Assert.True(findings.Count == 0, $"seed {seed} {fabric.Kind}: {string.Join(" | ", findings)}");
                var slower = fabric.HasTwoTiers
                    ? document with { BandwidthOfRank = [.. document.BandwidthOfRank.Select(b => b * 9 / 10)], ScaleUpOfRank = [.. document.ScaleUpOfRank!.Select(b => b * 9 / 10)] }
                    : document with { RateOfLink = [.. document.RateOfLink!.Select(b => b * 9 / 10)], BandwidthOfRank = [.. document.BandwidthOfRank.Select(b => b / 10 * 9)] };
                Assert.Contains(ScheduleVerifier.Verify(slower, matrix).Findings, f => f.What.Contains("bandwidth", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Documents_with_any_digits_changed_are_judged_or_refused_but_never_crash_the_verifier()
    {
        using var folder = new TemporaryFolder();
        var prng = new Prng(8);
        var (judged, found) = (0, 0);
        foreach (var (document, matrix) in new[] { (OnRing, Around), (OnTiers, Relayed) })
        {
            var text = document.ToJson();
            var digits = Enumerable.Range(0, text.Length).Where(i => char.IsAsciiDigit(text[i])).ToArray();
            for (var round = 0; round < 300; round++)
            {
                var changed = text.ToCharArray();
                for (var k = prng.NextInt(3); k >= 0; k--) changed[digits[prng.NextInt(digits.Length)]] = (char)('0' + prng.NextInt(10));
                var path = folder.File("s.json", new string(changed));
                try
                {
                    judged++;
                    if (!ScheduleVerifier.Verify(ScheduleDocument.Read(path), matrix).IsValid) found++;
                }
                catch (InputException)
                {
                    judged--;
                }
            }
        }

        Assert.True(judged > 300 && found > judged * 3 / 4, $"{found} of {judged}");
    }

    private static bool IsOfTheNetwork(Finding f) => f.What is "bandwidth" or "one step at a time" or "ring split" or "relay";

    private static ScheduleDocument Step(params TimedStep[] steps) => OnTiers with { Steps = steps };
}
