using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;

namespace Crossweave.Core.Tests.Verification;

public sealed class ScheduleVerifierTests
{
    private const long Rate = 8_000_000_000_000; // one byte per picosecond

    // Two matchings on three ranks, one byte per token: 6 + 20 and 6 + 30 picoseconds.
    private static readonly TrafficMatrix Matrix = new(3, [9, 10, 30, 5, 0, 20, 15, 0, 0]);

    private static readonly ScheduleDocument Valid = new()
    {
        Scheduler = "by-hand",
        RankCount = 3,
        FabricKind = "circuit-switch",
        BandwidthOfRank = [Rate, Rate, Rate],
        ReconfigurationPs = 6,
        TokenBytes = 1,
        MakespanPs = 62,
        CommunicationPs = 62,
        LowerBounds = [("port", 50), ("reconfiguration", 62), ("whole-entry", 62)],
        Gap = 1.0,
        Steps =
        [
            new TimedStep(6, 26, [new Transfer(0, 1, 10), new Transfer(1, 2, 20), new Transfer(2, 0, 15)]),
            new TimedStep(32, 62, [new Transfer(0, 2, 30), new Transfer(1, 0, 5)]),
        ],
    };

    [Fact]
    public void A_valid_schedule_is_certified()
    {
        // Column 2 holds 50 tokens in 2 entries: port 50, with delays 62; longest entries 30 and 20 plus 2 delays: 62.
        var certificate = ScheduleVerifier.Verify(Valid, Matrix);
        Assert.Empty(certificate.Findings);
        Assert.Contains("80 tokens", certificate.Summary[0]);
    }

    public static TheoryData<string, string, string> Corruptions => new()
    {
        { "lost", "demand", "pair 1 -> 0" },
        { "more", "demand", "pair 0 -> 2" },
        { "extra", "demand", "pair 2 -> 1" },
        { "local", "local traffic", "step 1, transfer 2 -> 2" },
        { "zero", "tokens", "step 1, transfer 2 -> 1" },
        { "rank", "rank", "step 1, transfer 3 -> 1" },
        { "source", "one-to-one", "step 0, source 0" },
        { "target", "one-to-one", "step 0, target 2" },
        { "fast", "bandwidth", "step 1, send port of rank 0" },
        { "slow port", "bandwidth", "step 0, receive port of rank 1" },
        { "no delay", "reconfiguration delay", "step 1" },
        { "no first delay", "reconfiguration delay", "step 0" },
        { "order", "step order", "step 1" },
        { "backwards", "step time", "step 0" },
        { "makespan", "makespan", "makespanPs" },
        { "communication", "communication time", "communicationPs" },
        { "bound above makespan", "lower bound", "model" },
        { "bound too high", "lower bound", "port" },
        { "gap", "gap", "gap" },
        { "ranks", "shape", "ranks" },
    };

    [Theory, MemberData(nameof(Corruptions))]
    public void Every_corruption_is_named(string corruption, string what, string where)
    {
        var (first, second) = (Valid.Steps[0], Valid.Steps[1]);
        var document = corruption switch
        {
            "lost" => Steps(first, second with { Transfers = [second.Transfers[0]] }),
            "more" => Steps(first, second with { EndPs = 63, Transfers = [new Transfer(0, 2, 31), second.Transfers[1]] }),
            "extra" => Steps(first, second with { Transfers = [.. second.Transfers, new Transfer(2, 1, 1)] }),
            "local" => Steps(first, second with { Transfers = [.. second.Transfers, new Transfer(2, 2, 1)] }),
            "zero" => Steps(first, second with { Transfers = [.. second.Transfers, new Transfer(2, 1, 0)] }),
            "rank" => Steps(first, second with { Transfers = [.. second.Transfers, new Transfer(3, 1, 1)] }),
            "source" or "target" => Steps(first with { Transfers = [.. first.Transfers, new Transfer(0, 2, 1)] }, second with { Transfers = [new Transfer(0, 2, 29), second.Transfers[1]] }),
            "fast" => Steps(first, second with { EndPs = 61 }),
            "slow port" => Valid with { BandwidthOfRank = [Rate, Rate / 3, Rate] },
            "no delay" => Steps(first, second with { StartPs = 31 }),
            "no first delay" => Steps(first with { StartPs = 5 }, second),
            "order" => Steps(first, second with { StartPs = 20 }),
            "backwards" => Steps(first with { EndPs = 4 }, second),
            "makespan" => Valid with { MakespanPs = 60 },
            "communication" => Valid with { CommunicationPs = 63 },
            "bound above makespan" => Valid with { LowerBounds = [("model", 63)] },
            "bound too high" => Valid with { LowerBounds = [("port", 51)] },
            "gap" => Valid with { Gap = 1.01 },
            _ => Valid with { RankCount = 4 },
        };
        Assert.Contains(ScheduleVerifier.Verify(document, Matrix).Findings, f => f.What == what && f.Where == where);
    }

    [Fact]
    public void Splitting_an_entry_forbids_the_whole_entry_bound()
    {
        var split = Valid with
        {
            Steps = [Valid.Steps[0], new TimedStep(32, 47, [new Transfer(0, 2, 15), new Transfer(1, 0, 5)]), new TimedStep(47, 62, [new Transfer(0, 2, 15)])],
        };
        var findings = ScheduleVerifier.Verify(split, Matrix).Findings;
        Assert.Equal("whole-entry", Assert.Single(findings).Where); // the third step keeps a circuit of the second: no delay is due
    }

    [Fact]
    public void Packet_steps_may_share_ports_but_not_exceed_them()
    {
        // Everything at once: column 2 is the busiest line, 50 bytes.
        var document = Valid with
        {
            FabricKind = "ideal-switch",
            ReconfigurationPs = null,
            MakespanPs = 50,
            CommunicationPs = 50,
            LowerBounds = [("port", 50)],
            Steps = [new TimedStep(0, 50, [.. Valid.Steps[0].Transfers, .. Valid.Steps[1].Transfers])],
        };
        Assert.Empty(ScheduleVerifier.Verify(document, Matrix).Findings);
        var faster = document with { MakespanPs = 49, CommunicationPs = 49, LowerBounds = [], Gap = 49, Steps = [document.Steps[0] with { EndPs = 49 }] };
        Assert.Equal("step 0, receive port of rank 2", Assert.Single(ScheduleVerifier.Verify(faster, Matrix).Findings).Where);
    }

    [Fact]
    public void Schedules_timed_by_the_product_pass_on_random_matrices()
    {
        for (var seed = 0UL; seed < 40; seed++)
        {
            var prng = new Prng(seed);
            var n = 2 + prng.NextInt(7);
            var cells = new long[n * n];
            for (var i = 0; i < cells.Length; i++) cells[i] = prng.NextInt(3) == 0 ? 0 : prng.NextInt(1000);
            var matrix = new TrafficMatrix(n, cells);
            var rates = Enumerable.Range(0, n).Select(_ => new Bandwidth(100_000_000_000L * (1 + prng.NextInt(4)) + prng.NextInt(1000))).ToArray();
            var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, rates[0], new SimTime(prng.NextInt(2) * 10_000), rates));
            var steps = new List<Step>();
            for (var k = 1; k < n; k++)
                steps.Add(new Step([.. Enumerable.Range(0, n).Where(i => matrix[i, (i + k) % n] > 0).Select(i => new Transfer(i, (i + k) % n, matrix[i, (i + k) % n]))]));
            var schedule = new Schedule("shifted", steps);
            var problem = new SchedulingProblem(matrix, new Bytes(12288), fabric);
            var document = ScheduleDocument.From(schedule, ScheduleTiming.Time(schedule, fabric, problem.TokenBytes), problem, []);
            var findings = ScheduleVerifier.Verify(document, matrix).Findings;
            Assert.True(findings.Count == 0, $"seed {seed}: {string.Join(" | ", findings)}");
        }
    }

    private static ScheduleDocument Steps(params TimedStep[] steps) => Valid with { Steps = steps };
}
