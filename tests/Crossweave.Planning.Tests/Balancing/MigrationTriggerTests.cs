using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Planning.Balancing;
using Crossweave.Planning.Placement;
using Crossweave.Planning.Tests.Placement;

namespace Crossweave.Planning.Tests.Balancing;

public sealed class MigrationTriggerTests
{
    private static readonly BalanceCosts Costs = new(new MigrationCosts());

    [Fact]
    public void Balanced_traffic_never_moves_anything()
    {
        var load = Loads.LogNormal(8, 64, 0.6, new Prng(2));
        var problem = new PlacementProblem(load, 72, 8);
        var running = new RefinedPlanner(allowDuplicates: false).Plan(problem, new Prng(1));
        var trigger = new MigrationTrigger(new BalanceCosts(new MigrationCosts { ExpertBytes = 1 }), new MigrationHorizon(1e9, Confidence: 1));

        var (placement, decision) = trigger.Choose(problem with { Previous = running });

        Assert.False(decision.Act);
        Assert.Equal(0, PlacementMetrics.Fetched(running, placement));
        Assert.False(trigger.Decide(running, new EplbPlanner().Plan(problem, new Prng(1)), load).Act);
    }

    [Fact]
    public void The_decision_is_saving_times_horizon_times_confidence_against_the_slowest_rank()
    {
        // Two ranks of two slots, loads 4 3 2 1 (millions): {0,1}{2,3} = 7 | 3, {0,3}{1,2} = 5 | 5. Both ranks fetch one expert.
        var load = Loads.Of([4_000_000, 3_000_000, 2_000_000, 1_000_000]);
        var before = new ExpertPlacement([LayerPlacement.Even(4, [0, 1, 2, 3], 2)]);
        var after = new ExpertPlacement([LayerPlacement.Even(4, [0, 3, 2, 1], 2)]);
        var costs = new BalanceCosts(new MigrationCosts { ExpertBytes = 3e9, BytesPerSecond = 1e9, Overlap = 0.5, SecondsPerRearrangement = 0.25 }, SecondsPerToken: 1e-6);
        var trigger = new MigrationTrigger(costs, new MigrationHorizon(2, Confidence: 0.5));

        var decision = trigger.Decide(before, after, load);

        Assert.Equal(2.0, decision.SavingPerIteration, 1e-12); // 7 s to 5 s
        Assert.Equal(1.75, decision.Cost, 1e-12); // 3 s, half hidden, and the stop
        Assert.True(decision.Act); // 2 x 2 x 0.5 = 2 > 1.75
        Assert.False((trigger with { Horizon = new(1, 0.5) }).Decide(before, after, load).Act);
        Assert.False((trigger with { Horizon = new(2, 0.4) }).Decide(before, after, load).Act);
        Assert.False((trigger with { WantedBalance = 0.7 }).Decide(before, after, load).Act); // 5/7 is enough
    }

    [Fact]
    public void Better_balance_that_costs_more_than_it_saves_is_refused()
    {
        // The pattern of vLLM #50647: 0.94 to 0.99, but rearrangements every few iterations.
        var load = Loads.LogNormal(8, 64, 1.0, new Prng(3));
        var running = new RefinedPlanner(allowDuplicates: false).Plan(new PlacementProblem(load, 72, 8), new Prng(1));
        var drifted = LoadFamilies.Jitter(load, 0.15, new Prng(4));
        var problem = new PlacementProblem(drifted, 72, 8) { Previous = running };
        Assert.InRange(PlacementMetrics.Balancedness(running, drifted).MeanOfRatios, 0.85, 0.97);

        var stopping = new BalanceCosts(new MigrationCosts { SecondsPerRearrangement = 1 }); // "stops the world: about 1 s"
        Assert.False(new MigrationTrigger(stopping, new MigrationHorizon(10)).Choose(problem).Decision.Act);
        var (placement, decision) = new MigrationTrigger(stopping, new MigrationHorizon(100_000)).Choose(problem);
        Assert.True(decision.Act);
        Assert.InRange(PlacementMetrics.Balancedness(placement, drifted).MeanOfRatios, 0.985, 1.0);
    }

    [Fact]
    public void Break_even_is_where_the_net_saving_is_zero()
    {
        var horizon = new MigrationHorizon(Iterations: 400, Confidence: 0.25);
        Assert.Equal(0, horizon.Net(savingPerIteration: 0.02, cost: 2), 1e-12); // 400 x 0.02 / 4 = 2
        Assert.Equal(400, horizon.BreakEven(0.02, 2), 1e-9);
        Assert.Equal(double.PositiveInfinity, horizon.BreakEven(0, 2));
        Assert.Equal(0, horizon.BreakEven(-1, 0));
    }

    [Fact]
    public void Redrawn_counts_predict_the_saving_on_traffic_to_come_better_than_the_counts_themselves()
    {
        const double Scale = 30; // a recorded token stands for 30
        var (fitted, redrawn) = (0.0, 0.0);
        for (var seed = 0UL; seed < 20; seed++)
        {
            var prng = new Prng(seed).Split("noise");
            var truth = Loads.LogNormal(4, 64, 0.6, prng.Split("truth"));
            var seen = new long[4 * 64];
            for (var l = 0; l < 4; l++)
                for (var e = 0; e < 64; e++)
                    seen[(l * 64) + e] = Math.Max(0, (long)(truth.Layer(l)[e] + (Math.Sqrt(truth.Layer(l)[e] * Scale) * prng.NextNormal())));
            var load = new ExpertLoad(4, 64, seen);
            var running = new EplbPlanner().Plan(new PlacementProblem(truth, 72, 8), new Prng(1));
            var planned = new RefinedPlanner(allowDuplicates: true).Plan(new PlacementProblem(load, 72, 8), new Prng(1));
            var exact = new MigrationTrigger(Costs, new MigrationHorizon());
            var saving = exact.Decide(running, planned, truth).SavingPerIteration;
            fitted += Math.Abs(exact.Decide(running, planned, load).SavingPerIteration - saving);
            redrawn += Math.Abs((exact with { TokensPerSample = Scale }).Decide(running, planned, load).SavingPerIteration - saving);
        }

        Assert.True(redrawn < fitted * 0.75, $"mean error {redrawn} against {fitted}");
    }

    [Fact]
    public void A_replay_adds_up_and_steady_traffic_costs_no_move()
    {
        var load = Loads.LogNormal(4, 32, 0.8, new Prng(6));
        var replay = new DriftReplay([load, load, load], 40, 8, 10, Costs);
        var policies = DriftReplay.Policies(new MigrationTrigger(Costs, new MigrationHorizon(10)));
        var never = replay.Run(policies[0], new EvenDispatch(), new Prng(1));
        var plan = new EplbPlanner().Plan(new PlacementProblem(load, 40, 8), new Prng(1));
        Assert.Equal(2 * 10 * Costs.Compute(plan, load), never.ComputeSeconds, 1e-12);
        Assert.Equal(0, never.MigrationSeconds);
        Assert.InRange(replay.PerfectSeconds(), 0, never.TotalSeconds);
        foreach (var policy in policies.Where(p => p.Name.Contains("pays", StringComparison.Ordinal)))
            Assert.True(replay.Run(policy, new EvenDispatch(), new Prng(1)).TotalSeconds <= never.TotalSeconds + 1e-12, policy.Name);
        var llep = replay.Run(policies[0], BatchDispatches.Find("llep", "test"), new Prng(1));
        Assert.True(llep.TransferSeconds > 0 && llep.Balance > never.Balance);
        foreach (var outcome in new[] { never, llep, replay.Run(policies[2], new EvenDispatch(), new Prng(1)) })
        {
            Assert.Equal(2, outcome.Windows.Count);
            Assert.Equal(outcome.TotalSeconds, outcome.Windows.Sum(w => w.Seconds), 1e-9);
            Assert.Equal(outcome.Fetched, outcome.Windows.Sum(w => w.Fetched));
            Assert.Equal(outcome.Balance, outcome.Windows.Average(w => w.Balance), 1e-9);
        }
    }

    [Fact]
    public void Windows_count_every_token_and_scale()
    {
        var choices = Enumerable.Range(0, 50 * 2).SelectMany(i => new ushort[] { (ushort)(i % 7), (ushort)(7 + (i % 3)) }).ToArray();
        using var trace = new InMemoryTrace(2, 2, 10, choices);
        var windows = LoadWindows.Count(trace, 20, 1.5);
        Assert.Equal(2, windows.Length);
        foreach (var window in windows) Assert.InRange(window.Layer(1).ToArray().Sum(), 60 - 10, 60 + 10);
        Assert.Equal(choices.Take(80).Where((_, i) => i / 2 % 2 == 0).Count(e => e == 3), LoadWindows.Count(trace, 20)[0].Layer(0)[3]);
    }
}
