using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation.Layer;
using Crossweave.Simulation.Tests;

namespace Crossweave.Planning.Tests.Layers;

public sealed class LayerPortfolioTests
{
    private static readonly PlannedExecutor Executor = new();

    /// <summary>Ideal' = Ideal + 2 delta k, k the matchings of open shop, each rounded up to a whole picosecond (scheduling spec section 8).</summary>
    [Theory]
    [InlineData("fast", 400)]
    [InlineData("quality", 32)]
    public void Never_above_the_ideal_with_its_delays_on_any_traffic(string preset, int seeds)
    {
        var portfolio = LayerPortfolio.Create(LayerEffort.All.First(e => e.Name == preset), Executor);
        for (var seed = 0; seed < seeds; seed++)
        {
            var (problem, kind) = SquareLayer.Random(seed, equalPorts: true);
            var plan = portfolio.Plan(problem, new Prng(0));
            var k = LayerSchedules.Build(new OpenShopScheduler(), problem, new Prng(0)).Dispatch[0].Steps.Count;
            var limit = IdealLayer.NonOverlapped(problem).Picoseconds + (2 * k * ((problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0) + 1));
            Assert.True(plan.Outcome.Makespan.Picoseconds <= limit, $"seed {seed}, {kind}: {plan.Outcome.Makespan.Picoseconds} above {limit}");
            Assert.Empty(LayerTimelineVerifier.Verify(plan.Outcome, problem, plan.Schedule).Findings);
        }
    }

    /// <summary>Unequal ports have no such ideal; the plan is never above one launch per rank, nor above any single planner.</summary>
    [Fact]
    public void Never_above_any_of_its_members()
    {
        var portfolio = LayerPortfolio.Create(LayerEffort.Fast, Executor);
        for (var seed = 0; seed < 200; seed++)
        {
            var (problem, kind) = SquareLayer.Random(seed);
            var plan = portfolio.Plan(problem, new Prng(5));
            foreach (var scheduler in new Core.Scheduling.IScheduler[] { new GreedyMaxWeightScheduler(), new OpenShopScheduler() })
                foreach (var planner in LayerPlanners.All)
                {
                    if (planner is InterleavedPlanner && scheduler is OpenShopScheduler) continue; // it starts from the first only
                    var single = Executor.Evaluate(problem, planner.Plan(problem, LayerSchedules.Build(scheduler, problem, new Prng(1))));
                    Assert.True(plan.Outcome.Makespan <= single.Makespan, $"seed {seed}, {kind}: {planner.Name} on {scheduler.Name}");
                }

            Assert.Empty(LayerTimelineVerifier.Verify(plan.Outcome, problem, plan.Schedule).Findings);
            Assert.Contains(plan.Planner, plan.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void More_effort_is_never_worse()
    {
        var (fast, quality) = (LayerPortfolio.Create(LayerEffort.Fast, Executor), LayerPortfolio.Create(LayerEffort.Quality, Executor));
        var better = 0;
        for (var seed = 0; seed < 24; seed++)
        {
            var (problem, kind) = SquareLayer.Random(seed);
            var (quick, slow) = (fast.Plan(problem, new Prng(5)).Outcome.Makespan, quality.Plan(problem, new Prng(5)).Outcome.Makespan);
            Assert.True(slow <= quick, $"seed {seed}, {kind}");
            if (slow < quick) better++;
        }

        Assert.True(better > 3, $"better on {better} of 24");
    }

    [Fact]
    public void Several_exchanges_and_every_send_mode_are_planned_and_certified()
    {
        var portfolio = LayerPortfolio.Create(LayerEffort.Fast, Executor);
        for (var seed = 0UL; seed < 150; seed++)
        {
            var problem = RandomLayer.Problem(new Prng(seed), circuit: seed % 2 == 0);
            var plan = portfolio.Plan(problem, new Prng(0));
            Assert.Empty(LayerTimelineVerifier.Verify(plan.Outcome, problem, plan.Schedule).Findings);
        }
    }

    /// <summary>
    /// The published collapse: few tokens a pair, one launch per matching, and every launch pays the floor of the profile. The portfolio stays at
    /// the ideal, at any batch size.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(35)]
    [InlineData(88)]
    [InlineData(440)]
    public void Small_batches_do_not_collapse(int tokens)
    {
        var prng = new Prng(9).Split(tokens);
        var matrix = new TrafficMatrix(8, [.. Enumerable.Range(0, 64).Select(_ => (long)Math.Max(1, Math.Round(tokens * (0.5 + prng.NextDouble()))))]);
        var problem = SquareLayer.Problem(matrix, new SimTime(10_000), PhotonicTable.Profile);
        var ideal = (double)IdealLayer.NonOverlapped(problem).Picoseconds;
        var given = LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0));
        var published = Simulation.LayerEvaluators.Find("overlap-barrier", "test").Evaluate(problem, given).Makespan.Picoseconds / ideal;
        var ours = LayerPortfolio.Create(LayerEffort.Fast, Executor).Plan(problem, new Prng(0)).Outcome.Makespan.Picoseconds / ideal;
        TestContext.Current.TestOutputHelper!.WriteLine($"{tokens} tokens a pair: published {published:F3}, ours {ours:F3}");
        if (tokens <= 88) Assert.True(published > 1.3, $"{published}");
        Assert.True(ours <= 1.0035, $"{ours}"); // 2 delta k of a few microseconds
        Assert.True(ours <= published);
    }

    /// <summary>
    /// On a slow network communication dominates: interleaving must use that busy ports differ between the phases, down to the shared-port
    /// bound, and never lose to the port bound of separate phases.
    /// </summary>
    [Fact]
    public void Slow_networks_are_planned_down_to_the_shared_ports()
    {
        var prng = new Prng(31);
        var cells = new long[64];
        for (var i = 0; i < 8; i++)
            for (var j = 0; j < 8; j++)
                cells[(i * 8) + j] = (long)(100 * Math.Exp(prng.NextNormal()) * (i < 4 ? 3 : 1) * (j < 4 ? 1 : 3)); // senders and receivers differ
        var problem = SquareLayer.Problem(new TrafficMatrix(8, cells), new SimTime(10_000), new AdditiveProfile("linear", 0, 1000)); // compute is nothing
        var plan = LayerPortfolio.Create(LayerEffort.Quality, Executor).Plan(problem, new Prng(0));
        var ideal = (double)IdealLayer.NonOverlapped(problem).Picoseconds;
        var shared = Core.Bounds.SharedPortBound.Of(problem).Value.Picoseconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{plan.Outcome.Makespan.Picoseconds / ideal:F3} of the ideal, shared ports {shared / ideal:F3}; {plan.Reason}");
        Assert.Equal("interleaved", plan.Planner);
        Assert.True(plan.Outcome.Makespan.Picoseconds <= 1.04 * shared, $"{plan.Outcome.Makespan.Picoseconds / (double)shared}");
    }
}
