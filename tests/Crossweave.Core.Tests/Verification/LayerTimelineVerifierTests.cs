using Crossweave.Core.Bounds;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;

namespace Crossweave.Core.Tests.Verification;

/// <summary>A three-rank layer worked by hand: one byte per token, one picosecond per byte and per row, delay 6.</summary>
public sealed class LayerTimelineVerifierTests
{
    private static readonly Bandwidth Rate = new(8_000_000_000_000);
    private static readonly TrafficMatrix Demand = new(3, [9, 10, 30, 5, 0, 20, 15, 0, 0]);

    private static readonly LayerProblem Problem = new(
        new LayerTraffic([new Exchange(Demand, Demand)], [new Exchange(Demand.Transpose(), Demand.Transpose())], new Bytes(1), new Bytes(1)),
        new CircuitSwitch().Build(new FabricOptions(3, 1, Rate, new SimTime(6))),
        [OnePerRow.Instance, OnePerRow.Instance, OnePerRow.Instance]);

    private static readonly LayerSchedule Schedules = new(
        [new Schedule("by-hand", [new Step([new(0, 1, 10), new(1, 2, 20), new(2, 0, 15)]), new Step([new(0, 2, 30), new(1, 0, 5)])])],
        [new Schedule("by-hand", [new Step([new(1, 0, 10), new(2, 1, 20), new(0, 2, 15)]), new Step([new(2, 0, 30), new(0, 1, 5)])])]);

    // Rows: rank 0 computes 9 + 5 + 15 = 29, rank 1 10, rank 2 30 + 20 = 50.
    private static readonly Activity[] Timeline =
    [
        new(ActivityKind.Reconfigure, -1, -1, 0, 6, 0, 0),
        new(ActivityKind.Launch, 0, -1, 0, 9, 9, 0),
        new(ActivityKind.Dispatch, 0, 1, 6, 16, 10, 0),
        new(ActivityKind.Dispatch, 1, 2, 6, 26, 20, 0),
        new(ActivityKind.Dispatch, 2, 0, 6, 21, 15, 0),
        new(ActivityKind.Launch, 1, -1, 16, 26, 10, 0),
        new(ActivityKind.Launch, 2, -1, 26, 46, 20, 0),
        new(ActivityKind.Reconfigure, -1, -1, 26, 32, 0, 1),
        new(ActivityKind.Dispatch, 0, 2, 32, 62, 30, 1),
        new(ActivityKind.Dispatch, 1, 0, 32, 37, 5, 1),
        new(ActivityKind.Launch, 0, -1, 37, 57, 20, 1),
        new(ActivityKind.Launch, 2, -1, 62, 92, 30, 1),
        new(ActivityKind.Reconfigure, -1, -1, 62, 68, 0, 2),
        new(ActivityKind.Combine, 1, 0, 68, 78, 10, 0),
        new(ActivityKind.Combine, 2, 1, 68, 88, 20, 0),
        new(ActivityKind.Combine, 0, 2, 68, 83, 15, 0),
        new(ActivityKind.Reconfigure, -1, -1, 88, 94, 0, 3),
        new(ActivityKind.Combine, 2, 0, 94, 124, 30, 1),
        new(ActivityKind.Combine, 0, 1, 94, 99, 5, 1),
    ];

    private static readonly LayerOutcome Valid =
        new("by-hand", new SimTime(124), new SimTime(62), new SimTime(92), [new LowerBound("port", new SimTime(100), "receive port of rank 2")], Timeline);

    [Fact]
    public void The_hand_worked_timeline_is_certified()
    {
        var certificate = LayerTimelineVerifier.Verify(Valid, Problem, Schedules);
        Assert.Empty(certificate.Findings);
        Assert.Contains("5 launches compute 89 rows", certificate.Summary[1]);
    }

    public static TheoryData<int, string, string, string> Corruptions => new()
    {
        { 9, "drop", "delivery", "Dispatch 1 -> 0" },
        { 18, "drop", "delivery", "Combine 0 -> 1" },
        { 8, "tokens-1", "delivery", "Dispatch 0 -> 2" },
        { 8, "tokens+1", "delivery", "Dispatch 0 -> 2" },
        { 10, "tokens-1", "rows computed", "rank 0" },
        { 10, "drop", "rows computed", "rank 0" },
        { 11, "earlier", "arrival before launch", "rank 2, launch at 61" },
        { 5, "earlier", "arrival before launch", "rank 1, launch at 15" },
        { 1, "at 30", "one launch at a time", "rank 0, launch 1" },
        { 10, "faster", "launch time", "rank 0, launch 1" },
        { 13, "at 20", "launch before combine", "rank 1 to 0 at 20" },
        { 17, "at 68", "launch before combine", "rank 2 to 0 at 68" },
        { 8, "at 15", "one circuit per port", "send port of rank 0 at 15" },
        { 8, "at 20", "reconfiguration delay", "send port of rank 0 at 20" },
        { 2, "earlier", "reconfiguration delay", "send port of rank 0 at 5" },
        { 8, "faster", "bandwidth", "receive port of rank 2 from 32 to 57" },
        { 7, "earlier", "nothing flows during a reconfiguration", "Dispatch 1 -> 2 from 6" },
        { 17, "earlier", "makespan", "outcome" },
        { 11, "later", "compute end", "outcome" },
        { 8, "later", "dispatch end", "outcome" },
        { 8, "tokens=0", "tokens", "Dispatch of rank 0 at 32" },
        { 8, "rank", "rank", "Dispatch of rank 3 at 32" },
        { 8, "self", "peer", "Dispatch of rank 0 at 32" },
        { 8, "backwards", "interval", "Dispatch of rank 0 at 32" },
    };

    [Theory, MemberData(nameof(Corruptions))]
    public void Every_corruption_is_named(int index, string change, string what, string where)
    {
        var a = Timeline[index];
        var length = a.EndPs - a.StartPs;
        var activities = Timeline.ToList();
        activities[index] = change switch
        {
            "tokens-1" => a with { Tokens = a.Tokens - 1 },
            "tokens+1" => a with { Tokens = a.Tokens + 1 },
            "tokens=0" => a with { Tokens = 0 },
            "earlier" => a with { StartPs = a.StartPs - 1, EndPs = a.EndPs - 1 },
            "later" => a with { EndPs = a.EndPs + 1 },
            "faster" => a with { EndPs = a.EndPs - 5 },
            "at 15" => a with { StartPs = 15, EndPs = 15 + length },
            "at 20" => a with { StartPs = 20, EndPs = 20 + length },
            "at 30" => a with { StartPs = 30, EndPs = 30 + length },
            "at 68" => a with { StartPs = 68, EndPs = 68 + length },
            "rank" => a with { Rank = 3 },
            "self" => a with { Peer = a.Rank },
            "backwards" => a with { EndPs = a.StartPs - 1 },
            _ => a,
        };
        if (change == "drop") activities.RemoveAt(index);
        var findings = LayerTimelineVerifier.Verify(Valid with { Activities = activities }, Problem, Schedules).Findings;
        Assert.True(findings.Any(f => f.What == what && f.Where == where), string.Join(" | ", findings));
    }

    [Fact]
    public void False_claims_and_foreign_schedules_are_named()
    {
        Assert.Equal("makespan", Only(Valid with { Makespan = new SimTime(125) }, Schedules).What);
        Assert.Equal("lower bound", Only(Valid with { Bounds = [new LowerBound("model", new SimTime(125), "?")] }, Schedules).What);
        var lost = Schedules with { Dispatch = [new Schedule("lost", [Schedules.Dispatch[0].Steps[0]])] };
        var findings = LayerTimelineVerifier.Verify(Valid, Problem, lost).Findings;
        Assert.Equal(["dispatch exchange 0, pair 0 -> 2", "dispatch exchange 0, pair 1 -> 0"], findings.Select(f => f.Where));

        static Finding Only(LayerOutcome outcome, LayerSchedule schedule) => Assert.Single(LayerTimelineVerifier.Verify(outcome, Problem, schedule).Findings);
    }

    [Fact]
    public void On_packet_fabrics_transfers_may_overlap_as_long_as_the_port_can_carry_them()
    {
        // One copy per rank: 4 copies bring 9 rows from rank 0 to rank 1, 2 copies bring 2 rows back; results are summed before combine.
        var dispatch = new Exchange(new TrafficMatrix(2, [0, 4, 2, 0]), new TrafficMatrix(2, [3, 9, 2, 1]));
        var combine = new Exchange(dispatch.Copies.Transpose(), dispatch.Work.Transpose());
        var problem = new LayerProblem(
            new LayerTraffic([dispatch], [combine], new Bytes(10), new Bytes(10)),
            new IdealSwitch().Build(new FabricOptions(2, 1, Rate)),
            [OnePerRow.Instance, OnePerRow.Instance]);
        var schedule = new LayerSchedule(
            [new Schedule("s", [new Step([new(0, 1, 4), new(1, 0, 2)])])], [new Schedule("s", [new Step([new(1, 0, 4), new(0, 1, 2)])])]);
        Activity[] timeline =
        [
            new(ActivityKind.Dispatch, 0, 1, 0, 40, 2, 0),
            new(ActivityKind.Dispatch, 0, 1, 0, 40, 2, 0),
            new(ActivityKind.Dispatch, 1, 0, 0, 20, 2, 0),
            new(ActivityKind.Launch, 0, -1, 20, 25, 5, 0),
            new(ActivityKind.Launch, 1, -1, 40, 50, 10, 0),
            new(ActivityKind.Combine, 0, 1, 40, 60, 2, 0),
            new(ActivityKind.Combine, 1, 0, 50, 90, 4, 0),
        ];
        var outcome = new LayerOutcome("by-hand", new SimTime(90), new SimTime(40), new SimTime(50), [], timeline);
        Assert.Empty(LayerTimelineVerifier.Verify(outcome, problem, schedule).Findings);
        timeline[0] = timeline[0] with { EndPs = 35 };
        timeline[1] = timeline[1] with { EndPs = 35 };
        var findings = LayerTimelineVerifier.Verify(outcome with { DispatchEnd = new SimTime(35) }, problem, schedule).Findings;
        Assert.Equal(["send port of rank 0 from 0 to 35", "receive port of rank 1 from 0 to 35"], findings.Select(f => f.Where));
    }

    private sealed class OnePerRow : ComputeProfile
    {
        public static readonly OnePerRow Instance = new();

        public override string Description => "1 ps per row";

        public override long LaunchPs(long tokens) => tokens;

        public override long CheapestSplitPs(long tokens) => tokens;

        public override long SmallestLaunchPs => 1;
    }
}
