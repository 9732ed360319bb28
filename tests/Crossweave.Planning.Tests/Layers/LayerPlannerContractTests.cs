using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation.Layer;
using Crossweave.Simulation.Tests;

namespace Crossweave.Planning.Tests.Layers;

/// <summary>Every planner on random layers: its plan can be played, is certified from scratch, and is the same again.</summary>
public sealed class LayerPlannerContractTests
{
    private static readonly PlannedExecutor Executor = new();

    public static TheoryData<string, string> Planners =>
        [.. from effort in LayerEffort.All from planner in LayerPlanners.Create(effort) select (planner.Name, effort.Name)];

    [Theory]
    [MemberData(nameof(Planners))]
    public void Plans_on_random_steps_of_every_send_mode_are_certified(string name, string preset)
    {
        var planner = LayerPlanners.Find(name, "test", LayerEffort.All.First(e => e.Name == preset));
        for (var seed = 0UL; seed < Seeds(preset); seed++)
        {
            var prng = new Prng(seed);
            var circuit = seed % 3 != 0;
            var problem = RandomLayer.Problem(prng, circuit);
            Certify(planner, problem, RandomLayer.Schedule(problem, prng, circuit), $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Planners))]
    public void Plans_on_the_steps_of_schedulers_are_certified_also_as_documents(string name, string preset)
    {
        var planner = LayerPlanners.Find(name, "test", LayerEffort.All.First(e => e.Name == preset));
        for (var seed = 0; seed < (int)Seeds(preset); seed++)
        {
            var (problem, kind) = SquareLayer.Random(seed);
            var scheduler = Schedulers.All[seed % Schedulers.All.Count];
            problem = LayerSchedules.ProblemFor(scheduler, problem);
            if (Enumerable.Range(0, problem.Fabric.RankCount).Any(r => problem.Fabric.SendRate(r) != problem.Fabric.ReceiveRate(r))) continue; // no document has that
            var where = $"seed {seed}, {kind}, {scheduler.Name}";
            var (schedule, outcome) = Certify(planner, problem, LayerSchedules.Build(scheduler, problem, new Prng(3)), where);
            var document = LayerScheduleDocument.From(problem, schedule, outcome with { Evaluator = name }, SquareLayer.ProfileText(seed));
            var certificate = ScheduleVerifier.Verify(document, problem.Traffic.Dispatch[0].Copies);
            Assert.True(certificate.IsValid, $"{where}: {string.Join("; ", certificate.Findings)}");
        }
    }

    [Fact]
    public void Two_ranks_by_hand()
    {
        // 1 us a token, delay 5 us, 10 us a row, no start: rank 0 sends 3 rows to rank 1 and keeps 2, rank 1 keeps 1.
        var matrix = new TrafficMatrix(2, [2, 3, 0, 1]);
        var fabric = new CircuitSwitch().Build(new FabricOptions(2, 1, new Bandwidth(8_000_000_000), new SimTime(5_000_000)));
        var linear = new AdditiveProfile("linear", 0, 10_000_000);
        var problem = new LayerProblem(SquareLayer.Traffic(matrix, 1000), fabric, [linear, linear]);
        var given = LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0));

        // One launch of 4 rows from 8 to 48, then 5 + 3.
        Assert.Equal(56_000_000, Executor.Evaluate(problem, new SingleLaunchPlanner().Plan(problem, given)).Makespan.Picoseconds);

        // Three pieces arrive at 6, 7 and 8 on one circuit; local row 0 to 10, then 10 to 40; the first return leaves as soon as its circuit
        // is up, the last row is back at 41.
        var plan = new GroupedPlanner(LayerEffort.Quality).Plan(problem, given);
        Assert.Equal(41_000_000, Executor.Evaluate(problem, plan).Makespan.Picoseconds);
    }

    [Theory]
    [MemberData(nameof(Planners))]
    public void Empty_traffic_and_local_rows_alone_need_no_network(string name, string preset)
    {
        var planner = LayerPlanners.Find(name, "test", LayerEffort.All.First(e => e.Name == preset));
        foreach (var cells in new long[][] { new long[9], [5, 0, 0, 0, 0, 0, 0, 0, 9] })
        {
            var problem = SquareLayer.Problem(new TrafficMatrix(3, cells), new SimTime(1000), PhotonicTable.Profile);
            var (schedule, outcome) = Certify(planner, problem, LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0)), name);
            Assert.Empty(schedule.Dispatch[0].Steps);
            Assert.Equal(PhotonicTable.Profile.LaunchPs(cells.Max()), outcome.Makespan.Picoseconds);
        }
    }

    [Fact]
    public void An_unknown_planner_is_named_with_the_known_ones()
    {
        var error = Assert.Throws<InputException>(() => LayerPlanners.Find("grouping", "--mode"));
        Assert.Equal("--mode: found 'grouping', expected one of single-launch, grouped-barrier, grouped, interleaved", error.Message);
    }

    private static ulong Seeds(string preset) => preset == "fast" ? 200UL : 40UL;

    private static (LayerSchedule Schedule, LayerOutcome Outcome) Certify(ILayerPlanner planner, LayerProblem problem, LayerSchedule given, string where)
    {
        LayerSchedule schedule;
        LayerOutcome outcome;
        try
        {
            schedule = planner.Plan(problem, given);
            outcome = Executor.Evaluate(problem, schedule);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException(where, e);
        }

        var certificate = LayerTimelineVerifier.Verify(outcome, problem, schedule);
        Assert.True(certificate.IsValid, $"{where}: {string.Join("; ", certificate.Findings)}");
        var again = Executor.Evaluate(problem, planner.Plan(problem, given));
        Assert.True(outcome.Activities.SequenceEqual(again.Activities), $"{where}: another plan the second time");
        return (schedule, outcome);
    }
}
