using Crossweave.Algorithms;
using Crossweave.Core.Layers;
using Crossweave.Core.Verification;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation.Layer;
using Crossweave.Simulation.Tests;

namespace Crossweave.Planning.Tests.Layers;

/// <summary>Whole layers on the published 8 x 8 matrix at 50 GB/s with the profiled curve (scheduling spec 5.5), over the ideal without overlap.</summary>
public sealed class GoldenLayerPlanTests
{
    // The optimum over all 5,040 orders, 64 groupings and three rules for local rows, with one launch of all ranks at a time.
    [Theory]
    [InlineData(1000, 0.6819, 0.682)]
    [InlineData(250, 0.7497, 0.750)]
    [InlineData(50, 0.9153, 0.916)]
    [InlineData(20, 1.0012, 1.002)]
    [InlineData(5, 1.0009, 1.002)]
    public void Order_and_global_grouping_reach_the_exact_optimum(int scale, double exact, double required)
    {
        foreach (var effort in LayerEffort.All)
        {
            var problem = GoldenLayer.Problem(scale);
            var schedule = new GroupedBarrierPlanner(effort).Plan(problem, LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0)));
            var ratio = Ratio(problem, new PlannedExecutor().Evaluate(problem, schedule));
            Assert.True(ratio <= required, $"{effort.Name}: {ratio:F4}");
            Assert.True(ratio <= exact + 0.0001, $"{effort.Name}: {ratio:F4} above the optimum of the spec");
        }
    }

    // As measured, rounded up. At 0.02 and 0.005 nothing is left to overlap: the busiest rank receives everything, launches once and returns.
    [Theory]
    [InlineData(1000, "fast", 0.6705)]
    [InlineData(250, "fast", 0.746)]
    [InlineData(50, "fast", 0.914)]
    [InlineData(20, "fast", 1.0011)]
    [InlineData(5, "fast", 1.001)]
    [InlineData(1000, "quality", 0.6705)]
    [InlineData(250, "quality", 0.746)]
    [InlineData(50, "quality", 0.914)]
    [InlineData(20, "quality", 1.0011)]
    [InlineData(5, "quality", 1.001)]
    public void Own_launches_and_a_shared_network_go_below_that(int scale, string preset, double atMost)
    {
        var problem = GoldenLayer.Problem(scale);
        var plan = LayerPortfolio.Create(LayerEffort.All.First(e => e.Name == preset), new PlannedExecutor()).Plan(problem, new Prng(0));
        var ratio = Ratio(problem, plan.Outcome);
        var bound = LayerBounds(problem);
        TestContext.Current.TestOutputHelper!.WriteLine($"scale {scale / 1000.0}, {preset}: {ratio:F4} of the ideal, bound {bound:F4}; {plan.Reason}");
        Assert.True(ratio <= atMost, $"{ratio:F4} by {plan.Planner}");
        Assert.True(ratio >= bound, "below the bound");
        Assert.Empty(LayerTimelineVerifier.Verify(plan.Outcome, problem, plan.Schedule).Findings);
    }

    private static double LayerBounds(LayerProblem problem) =>
        Core.Bounds.LayerBounds.Interleaved(problem).Max(b => b.Value.Picoseconds) / (double)IdealLayer.NonOverlapped(problem).Picoseconds;

    private static double Ratio(LayerProblem problem, LayerOutcome outcome) => (double)outcome.Makespan.Picoseconds / IdealLayer.NonOverlapped(problem).Picoseconds;
}
