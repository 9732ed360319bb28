using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Verification;
using Crossweave.Simulation.Layer;

namespace Crossweave.Simulation.Tests;

public sealed class EvaluatorContractTests
{
    public static TheoryData<string, LocalRows> Evaluators
    {
        get
        {
            var data = new TheoryData<string, LocalRows>();
            foreach (var evaluator in LayerEvaluators.All)
                foreach (var local in Enum.GetValues<LocalRows>())
                    data.Add(evaluator.Name, local);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Evaluators))]
    public void No_bound_is_above_the_makespan_and_rows_are_conserved(string name, LocalRows local)
    {
        var evaluator = LayerEvaluators.Find(name, "test", new EvaluatorOptions(local));
        for (var seed = 0UL; seed < 400; seed++)
        {
            var prng = new Prng(seed);
            var circuit = seed % 2 == 0;
            var problem = RandomLayer.Problem(prng, circuit);
            var schedule = RandomLayer.Schedule(problem, prng, circuit);
            var outcome = evaluator.Evaluate(problem, schedule);
            foreach (var bound in outcome.Bounds)
                Assert.True(bound.Value <= outcome.Makespan, $"seed {seed}: {bound} above the makespan {outcome.Makespan.Picoseconds}");
            Assert.True(SharedPortBound.Of(problem).Value <= outcome.Makespan, $"seed {seed}: shared ports");
            var work = problem.Traffic.Dispatch.Sum(e => e.Work.Total());
            var launched = outcome.Activities.Where(a => a.Kind == ActivityKind.Launch).ToArray();
            Assert.True(work == launched.Sum(a => a.Tokens), $"seed {seed}: rows");
            Assert.True(launched.Length == 0 || launched.Max(a => a.EndPs) == outcome.ComputeEnd.Picoseconds, $"seed {seed}: compute end");
            Assert.True(outcome.Activities.Count == 0 || outcome.Activities.Max(a => a.EndPs) == outcome.Makespan.Picoseconds, $"seed {seed}: makespan");
            foreach (var rank in launched.GroupBy(a => a.Rank))
            {
                var end = 0L;
                foreach (var launch in rank.OrderBy(a => a.StartPs))
                {
                    Assert.True(launch.StartPs >= end, $"seed {seed}: rank {launch.Rank} runs two launches at once");
                    end = launch.EndPs;
                }
            }

            var certificate = LayerTimelineVerifier.Verify(outcome, problem, schedule);
            Assert.True(certificate.IsValid, $"seed {seed}: {string.Join("; ", certificate.Findings)}");
            var again = evaluator.Evaluate(problem, schedule);
            Assert.Equal(outcome.Activities, again.Activities);
        }
    }

    [Fact]
    public void Bounds_of_an_exchange_are_never_above_its_timed_schedule()
    {
        for (var seed = 0UL; seed < 600; seed++)
        {
            var prng = new Prng(seed);
            var circuit = seed % 3 != 0;
            var problem = RandomLayer.Problem(prng, circuit);
            var schedule = RandomLayer.Schedule(problem, prng, circuit).Dispatch[0];
            var copies = problem.Traffic.Dispatch[0].Copies;
            var whole = schedule.Steps.Sum(s => s.Transfers.Length) == Enumerable.Range(0, copies.Cells.Length).Count(c => c / copies.RankCount != c % copies.RankCount && copies.Cells[c] > 0);
            var exchange = new SchedulingProblem(copies, problem.Traffic.DispatchCopyBytes, problem.Fabric);
            var times = ScheduleTiming.Time(schedule, problem.Fabric, exchange.TokenBytes);
            var end = times.Length == 0 ? 0 : times[^1].EndPs;
            foreach (var bound in ScheduleBounds.For(exchange, whole))
                Assert.True(bound.Value.Picoseconds <= end, $"seed {seed}: {bound} above {end}");
        }
    }

    [Fact]
    public void Without_overlap_waiting_for_nobody_is_never_slower()
    {
        for (var seed = 0UL; seed < 200; seed++)
        {
            var prng = new Prng(seed);
            var problem = RandomLayer.Problem(prng, circuit: true);
            var schedule = RandomLayer.Schedule(problem, prng, circuit: true);
            var barrier = LayerEvaluators.Find("no-overlap-barrier", "test").Evaluate(problem, schedule).Makespan;
            var async = LayerEvaluators.Find("no-overlap-async", "test").Evaluate(problem, schedule).Makespan;
            Assert.True(async <= barrier, $"seed {seed}");
        }
    }

    [Fact]
    public void A_schedule_that_loses_or_invents_tokens_is_refused()
    {
        var problem = GoldenLayer.Problem(1000);
        var steps = GoldenLayer.Dispatch.Steps;
        var evaluator = LayerEvaluators.All[2];
        var lost = new Schedule("bad", [.. steps.Skip(1)]);
        var invented = new Schedule("bad", [.. steps, steps[0]]);
        foreach (var bad in new[] { lost, invented })
        {
            Assert.Throws<ArgumentException>(() => evaluator.Evaluate(problem, new LayerSchedule([bad], GoldenLayer.Schedule.Combine)));
            Assert.Throws<ArgumentException>(() => evaluator.Evaluate(problem, new LayerSchedule(GoldenLayer.Schedule.Dispatch, [LayerSchedules.Transpose(bad)])));
        }

        var shared = new Schedule("bad", [new Step([.. steps.SelectMany(s => s.Transfers)])]);
        Assert.Throws<ArgumentException>(() => evaluator.Evaluate(problem, new LayerSchedule([shared], GoldenLayer.Schedule.Combine)));
    }

    [Fact]
    public void An_unknown_evaluator_is_named_with_the_known_ones()
    {
        var error = Assert.Throws<InputException>(() => LayerEvaluators.Find("overlap", "--evaluator"));
        Assert.Equal("--evaluator: found 'overlap', expected one of no-overlap-barrier, no-overlap-async, overlap-barrier, overlap-async", error.Message);
    }

    [Fact]
    public void Two_ranks_by_hand()
    {
        // 1 kB tokens at 8 Gbps = 1 us each, delay 5 us, linear 10 us per row. Rank 0 sends 3 rows to rank 1, keeps 2; rank 1 keeps 1.
        var matrix = new TrafficMatrix(2, [2, 3, 0, 1]);
        var fabric = new Core.Fabrics.CircuitSwitch().Build(new(2, 1, new(8_000_000_000), new(5_000_000)));
        var linear = new Core.Compute.AdditiveProfile("linear", 0, 10_000_000);
        var problem = new LayerProblem(
            new LayerTraffic([new(matrix, matrix)], [new(matrix.Transpose(), matrix.Transpose())], new(1000), new(1000)), fabric, [linear, linear]);
        var cut = new Schedule("hand", [new Step([new(0, 1, 1)]), new Step([new(0, 1, 2)])]); // the same circuit: one delay
        var schedule = new LayerSchedule([cut], [LayerSchedules.Transpose(cut)]);

        // Dispatch: 5 + 1 = 6, then 2 more = 8. Local launches: rank 0 until 20, rank 1 until 10.
        // Barrier: launch 1 from 20 to 30, launch 2 from 30 to 50; combine: 30 + 5 + 1 = 36, then 50 + 2 = 52.
        Assert.Equal(52_000_000, Makespan("overlap-barrier", LocalRows.OwnLaunch));

        // Async: rank 1 is free at 10: 10 to 20, 20 to 40; combine: 20 + 5 + 1 = 26, then 40 + 2 = 42.
        Assert.Equal(42_000_000, Makespan("overlap-async", LocalRows.OwnLaunch));

        // Joined first: rank 1 computes 1 + 1 rows from 6 to 26, then 26 to 46; combine ends at 48.
        Assert.Equal(48_000_000, Makespan("overlap-async", LocalRows.JoinedFirst));

        // Joined last: 6 to 16, then 1 + 2 rows from 16 to 46; combine ends at 48.
        Assert.Equal(48_000_000, Makespan("overlap-async", LocalRows.JoinedLast));

        // One launch of 4 rows from 8 to 48, then 5 + 1 + 2.
        Assert.Equal(56_000_000, Makespan("no-overlap-barrier", LocalRows.OwnLaunch));

        long Makespan(string name, LocalRows local) =>
            LayerEvaluators.Find(name, "test", new EvaluatorOptions(local)).Evaluate(problem, schedule).Makespan.Picoseconds;
    }
}
