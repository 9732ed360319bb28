using Crossweave.Core.Bounds;
using Crossweave.Core.Compute;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Simulation.Layer;

namespace Crossweave.Simulation.Tests;

public sealed class GoldenLayerTests
{
    [Theory]
    [InlineData(1000, 33.131)]
    [InlineData(250, 7.937)]
    [InlineData(50, 1.700)]
    [InlineData(20, 0.749)]
    [InlineData(5, 0.358)]
    public void The_ideal_layer_time_is_the_published_one(int scale, double milliseconds) =>
        Assert.Equal(milliseconds, IdealLayer.NonOverlapped(GoldenLayer.Problem(scale)).Seconds * 1e3, 0.0005);

    [Theory]
    [InlineData(1000, 0.693, 0.691)]
    [InlineData(250, 0.830, 0.828)]
    [InlineData(50, 1.528, 1.527)]
    [InlineData(20, 3.183, 3.183)]
    [InlineData(5, 6.067, 6.067)]
    public void One_launch_per_matching_takes_the_published_share_of_the_ideal(int scale, double barrier, double async)
    {
        Assert.Equal(barrier, Ratio("overlap-barrier", scale), 0.0005);
        Assert.Equal(async, Ratio("overlap-async", scale), 0.0005);
    }

    [Fact]
    public void Without_overlap_the_layer_is_the_ideal_plus_the_communication_gap()
    {
        // 2 x (19705 tokens x 245760 ps + 7 x 10 ns) + f(22582), against 2 x 19627 tokens in the ideal.
        var problem = GoldenLayer.Problem(1000);
        var outcome = LayerEvaluators.Find("no-overlap-barrier", "test").Evaluate(problem, GoldenLayer.Schedule);
        Assert.Equal((2 * ((19_705 * 245_760L) + 70_000)) + PhotonicTable.Profile.LaunchPs(22_582), outcome.Makespan.Picoseconds);
        var async = LayerEvaluators.Find("no-overlap-async", "test").Evaluate(problem, GoldenLayer.Schedule);
        Assert.InRange(async.Makespan.Picoseconds, async.BestBound.Value.Picoseconds, outcome.Makespan.Picoseconds);
    }

    [Fact]
    public void Bounds_name_the_published_bottlenecks()
    {
        var problem = GoldenLayer.Problem(1000);
        var exchange = new SchedulingProblem(GoldenLayer.Matrix, problem.Traffic.DispatchCopyBytes, problem.Fabric);
        var bounds = ScheduleBounds.For(exchange, keepsEntriesWhole: true);
        Assert.Equal(["port", "reconfiguration", "whole-entry"], bounds.Select(b => b.Name));
        Assert.All(bounds, b => Assert.StartsWith("receive port of rank 1", b.Bottleneck));
        Assert.Equal(19_627 * 245_760L, bounds[0].Value.Picoseconds);
        Assert.Equal((19_627 * 245_760L) + 70_000, bounds[1].Value.Picoseconds);
        Assert.Equal((19_627 * 245_760L) + 70_000, bounds[2].Value.Picoseconds);
        var shared = SharedPortBound.Of(problem);
        Assert.Equal((31_646 * 245_760L) + 70_000, shared.Value.Picoseconds); // 7.78 ms
        Assert.Equal("send port of rank 1", shared.Bottleneck);
        Assert.Equal("compute of rank 1", ComputeBound.CheapestSplit(problem).Bottleneck);
        Assert.Equal(19_705 * 245_760L + 70_000, ScheduleTiming.Time(GoldenLayer.Dispatch, problem.Fabric, problem.Traffic.DispatchCopyBytes)[^1].EndPs);
    }

    [Fact]
    public void Flow_shop_bounds_of_the_seven_matchings_are_the_published_ones()
    {
        var problem = GoldenLayer.Problem(1000);
        var steps = GoldenLayer.Dispatch.Steps;
        var a = steps.Select(s => ScheduleTiming.MakespanPs(new Schedule("one", [s]), problem.Fabric, problem.Traffic.DispatchCopyBytes)).ToArray();
        var b = steps.Select(s => PhotonicTable.Profile.LaunchPs(s.Transfers.Max(t => t.Tokens))).ToArray();
        Assert.Equal([0.8668, 0.7855, 0.7385, 0.6523, 0.6960, 0.5918, 0.5119], a.Select(x => Math.Round(x * 1e-9, 4)));
        Assert.Equal([3.496, 3.168, 2.979, 2.631, 2.807, 2.387, 2.065], b.Select(x => Math.Round(x * 1e-9, 3)));
        var bounds = FlowShopBounds.Of(a, b, a);
        Assert.Equal(7.42, bounds.Dispatch * 1e-9, 0.005);
        Assert.Equal(20.56, bounds.Compute * 1e-9, 0.005);
        Assert.Equal(7.42, bounds.Combine * 1e-9, 0.005);
        Assert.Equal(9.69, bounds.SharedNetwork * 1e-9, 0.005); // sum a + sum c; the spec's 11.75 adds min b, which other transfers can hide
    }

    [Fact]
    public void The_timeline_shows_every_step_launch_and_reconfiguration_once()
    {
        var outcome = LayerEvaluators.Find("overlap-async", "test").Evaluate(GoldenLayer.Problem(1000), GoldenLayer.Schedule);
        Assert.Equal(14, outcome.Activities.Count(x => x.Kind == ActivityKind.Reconfigure));
        Assert.Equal(56, outcome.Activities.Count(x => x.Kind == ActivityKind.Dispatch));
        Assert.Equal(56, outcome.Activities.Count(x => x.Kind == ActivityKind.Combine));
        Assert.Equal(64, outcome.Activities.Count(x => x.Kind == ActivityKind.Launch)); // one local and seven more per rank
        Assert.Equal(111_262, outcome.Activities.Where(x => x.Kind == ActivityKind.Launch).Sum(x => x.Tokens));
        Assert.Equal(97_979, outcome.Activities.Where(x => x.Kind == ActivityKind.Combine).Sum(x => x.Tokens));
        Assert.Equal(outcome.Makespan.Picoseconds, outcome.Activities.Max(x => x.EndPs));
        Assert.Equal(outcome.Activities.Select(x => x.StartPs).Order(), outcome.Activities.Select(x => x.StartPs));
        var quick = LayerEvaluators.Find("overlap-async", "test", new EvaluatorOptions(CollectActivities: false))
            .Evaluate(GoldenLayer.Problem(1000), GoldenLayer.Schedule);
        Assert.Empty(quick.Activities);
        Assert.Equal(outcome.Makespan, quick.Makespan);
    }

    private static double Ratio(string evaluator, int scale)
    {
        var problem = GoldenLayer.Problem(scale);
        var makespan = LayerEvaluators.Find(evaluator, "test").Evaluate(problem, GoldenLayer.Schedule).Makespan;
        return (double)makespan.Picoseconds / IdealLayer.NonOverlapped(problem).Picoseconds;
    }
}
