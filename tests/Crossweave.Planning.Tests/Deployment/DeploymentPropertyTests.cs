using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Deployment;

namespace Crossweave.Planning.Tests.Deployment;

/// <summary>Every method against exhaustion on tiny instances, against each other on larger ones, and against itself.</summary>
public sealed class DeploymentPropertyTests
{
    // One, two and three models; equal, published and lopsided devices (send, receive and compute in no common order).
    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var line in TimeLines.All)
                for (var models = 1; models <= Math.Min(3, line.MostModels); models++)
                    cases.Add(line.Name, models);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bounds_hold_proofs_are_true_and_nothing_beats_exhaustion(string lineName, int models)
    {
        var line = TimeLines.Find(lineName, "test");
        for (var seed = 0; seed < 12; seed++)
        {
            var problem = Problem(models == 3 ? 3 : 3 + (seed % 2), models, seed);
            var time = line.For(problem);
            var best = Exhaust(time, models);
            foreach (var method in DeploymentMethods.All.Where(m => m.AppliesTo(time) && m is not LinaMethod))
            {
                var plan = method.Solve(problem, line, new Prng((ulong)seed));
                var text = $"{lineName}, {models} models, seed {seed}, {method.Name}: {plan.Value}, bound {plan.LowerBound}, optimum {best}";
                Assert.True(plan.Value >= best && plan.LowerBound <= best, text);
                Assert.True(method.Name is not ("optimal" or "fast" or "two-threshold") || (plan.Value == best && plan.IsProven), text);
                Assert.Equal(plan.Value, time.Evaluate([.. plan.DeviceOfRank.Select(DeploymentPlan.Inverse)]));
                Assert.All(plan.DeviceOfRank, d => Assert.Equal(Enumerable.Range(0, problem.DeviceCount), d.Order()));
            }
        }
    }

    // Two models of every family on the published devices, in proportion and steep: the proof against every placement.
    [Theory]
    [InlineData("t2")]
    [InlineData("pg")]
    public void Proofs_of_every_family_agree_with_exhaustion(string lineName)
    {
        var line = TimeLines.Find(lineName, "test");
        for (var seed = 0; seed < 60; seed++)
        {
            var (n, prng) = (seed % 10 == 0 ? 5 : 3 + (seed % 2), new Prng(900).Split(seed));
            var family = DeploymentFamilies.All[seed % DeploymentFamilies.All.Count];
            var problem = new DeploymentProblem(DeploymentFamilies.Devices(n, seed % 4 >= 2), [DeploymentFamilies.Model(family.Draw(n, prng.Split(0))), DeploymentFamilies.Model(family.Draw(n, prng.Split(1)))]);
            var plan = OptimalMethod.Quality.Solve(problem, line, new Prng(1));
            Assert.Equal((seed, Exhaust(line.For(problem), 2), true), (seed, plan.Value, plan.IsProven));
        }
    }

    // From the worst of many random placements, so that the search itself has to find the optimum; bounds of a search cut short hold.
    [Fact]
    public void The_search_needs_no_good_start()
    {
        foreach (var line in new[] { TimeLines.Find("t2", "test"), TimeLines.Find("pg", "test") })
        {
            for (var seed = 0; seed < 30; seed++)
            {
                var problem = Problem(7, 2, seed);
                var time = line.For(problem);
                if (TwoThresholdMethod.CanSolve(time)) continue;
                var optimum = OptimalMethod.Quality.Solve(problem, line, new Prng(1)).Value;
                var start = Enumerable.Range(0, 20).Select(s => DeploymentPlan.From(time, PlacementRules.Random(problem, new Prng((ulong)s)))).MaxBy(p => p.Value)!;
                var search = new DomainSearch(time, start);
                search.RaiseBound();
                Assert.InRange(search.LowerBound, 0, optimum);
                search.Below(search.Value, 2_000);
                Assert.True(search.LowerBound <= optimum && optimum <= search.Value, $"{line.Name} {seed}: {search.LowerBound} {optimum} {search.Value}");
                search.Below(search.Value, 50_000_000);
                Assert.Equal((seed, optimum, optimum), (seed, search.Value, search.LowerBound));
                Assert.Equal(optimum, search.Plan().Value);
            }
        }
    }

    // Steps of the bound alone, from a placement so bad that all targets around the optimum are asked for.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Bounds_without_placing_hold(string lineName, int models)
    {
        var (line, exact, count) = (TimeLines.Find(lineName, "test"), 0, 0);
        for (var seed = 0; seed < 24; seed++)
        {
            var problem = Problem(models == 3 ? 3 + (seed % 8 == 0 ? 1 : 0) : 3 + (seed % 3), models, seed);
            var time = line.For(problem);
            if (!DomainSearch.Fits(time)) continue;
            var optimum = Exhaust(time, models);
            var start = Enumerable.Range(0, 20).Select(s => DeploymentPlan.From(time, PlacementRules.Random(problem, new Prng((ulong)s)))).MaxBy(p => p.Value)!;
            var search = new DomainSearch(time, start);
            search.RaiseBound();
            Assert.InRange(search.LowerBound, DeploymentBounds.Lower(time), optimum);
            search.ClimbBound(100_000);
            Assert.InRange(search.LowerBound, DeploymentBounds.Lower(time), optimum);
            (exact, count) = (exact + (search.LowerBound == optimum ? 1 : 0), count + 1);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{lineName}, {models} models: the bound is the optimum in {exact} of {count}");
    }

    // Which pairs fit on which class is drawn; what is refuted has no placement. Also asked with the prices of the question before.
    [Fact]
    public void Refuted_pairs_have_no_placement()
    {
        var (refuted, impossible, matched) = (0, 0, 0);
        for (var seed = 0; seed < 400; seed++)
        {
            var (n, prng) = (3 + (seed % 3), new Prng(61).Split(seed));
            int[] classOf = [.. Enumerable.Range(0, n).Select(g => seed % 2 == 0 ? g / 2 : g)];
            var bound = new PairBound(classOf);
            for (var question = 0; question < 3; question++)
            {
                var chance = 0.2 + (0.2 * question);
                for (var k = 0; k < bound.Fitting.Length; k++) bound.Fitting[k] = (ulong)Enumerable.Range(0, n).Sum(j => prng.NextDouble() < chance ? 1 << j : 0);
                var all = GoldenDeployment.Permutations(n);
                var exists = all.Any(a => all.Any(b => Enumerable.Range(0, n).All(g => (bound.Fitting[(classOf[g] * n) + a[g]] >> b[g] & 1) != 0)));
                var work = 0L;
                var isRefuted = bound.Refutes(ref work);
                Assert.False(exists && isRefuted, $"seed {seed}");
                var any = all.Any(p => Enumerable.Range(0, n).All(i => classOf.Any(c => (bound.Fitting[(c * n) + i] >> p[i] & 1) != 0)));
                (impossible, refuted, matched) = (impossible + (exists ? 0 : 1), refuted + (isRefuted ? 1 : 0), matched + (isRefuted && any ? 1 : 0));
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"refuted {refuted} of {impossible}, {matched} of them with a perfect matching of pairs");
        Assert.True(refuted > 0.9 * impossible && matched > 60, $"{refuted} of {impossible}, {matched}");
    }

    [Fact]
    public void Tabu_search_keeps_what_is_below_its_target()
    {
        var reached = 0;
        const int count = 30;
        foreach (var line in new[] { TimeLines.Find("t2", "test"), TimeLines.Find("pg", "test"), TimeLines.Find("port", "test") })
        {
            for (var seed = 0; seed < count; seed++)
            {
                var problem = Problem(seed % 5 == 0 ? 3 : 7, seed % 5 == 0 ? 3 : 2, seed);
                var time = line.For(problem);
                var optimal = OptimalMethod.Quality.Solve(problem, line, new Prng(1));
                var start = Enumerable.Range(0, 20).Select(s => DeploymentPlan.From(time, PlacementRules.Random(problem, new Prng((ulong)s)))).MaxBy(p => p.Value)!;
                var search = new TabuSearch(time, start, new Prng((ulong)seed));
                Assert.False(search.Below(optimal.LowerBound, 5_000)); // nothing is below the optimum
                Assert.Equal(start.Value, search.Value);
                search.Improve(optimal.LowerBound, 100_000, 8);
                Assert.True(search.Value >= optimal.LowerBound && search.Value <= start.Value);
                Assert.Equal(search.Value, time.Evaluate(search.RankOfDevice));
                if (search.Value == optimal.Value) reached++;
            }
        }

        Assert.True(reached >= 0.9 * 3 * count, $"{reached} of {3 * count}");
    }

    // Spec 9, goal 5, at its largest size, where the optimum is unknown: against the bound.
    [Theory]
    [InlineData("t2")]
    [InlineData("pg")]
    public void Colocation_of_64_ranks_is_within_its_floors(string lineName)
    {
        var (line, gaps) = (TimeLines.Find(lineName, "test"), new List<double>());
        foreach (var (family, seed) in DeploymentFamilies.All.SelectMany(f => Enumerable.Range(0, 2).Select(s => (f, s))))
        {
            var prng = new Prng(64).Split(family.Name).Split(seed);
            var problem = new DeploymentProblem(DeploymentFamilies.Devices(64, seed == 1), [DeploymentFamilies.Model(family.Draw(64, prng.Split(0))), DeploymentFamilies.Model(family.Draw(64, prng.Split(1)))]);
            var plan = OptimalMethod.Fast.Solve(problem, line, new Prng(1));
            Assert.Equal(plan.Value, line.For(problem).Evaluate([.. plan.DeviceOfRank.Select(DeploymentPlan.Inverse)]));
            gaps.Add(plan.Value / (double)plan.LowerBound);
        }

        Assert.True(gaps.Average() <= 1.005 && gaps.Max() <= 1.05, $"mean {gaps.Average()}, worst {gaps.Max()}");
    }

    [Fact]
    public void Searches_are_never_above_the_rules_and_the_queue_is_never_slower_than_global_phases()
    {
        for (var seed = 0; seed < 18; seed++)
        {
            var n = seed % 3 == 2 ? 5 : 9; // devices in no common order are hard to prove
            var problem = Problem(n, 2, seed);
            var values = new Dictionary<(string Line, string Method), long>();
            foreach (var line in new[] { TimeLines.Find("t2", "test"), TimeLines.Find("pg", "test") })
                foreach (var method in DeploymentMethods.All.Where(m => m.AppliesTo(line.For(problem)) && m is not LinaMethod))
                    values[(line.Name, method.Name)] = method.Solve(problem, line, new Prng(1)).Value;
            foreach (var ((line, method), value) in values)
            {
                Assert.True(values[(line, "optimal")] <= values[(line, "fast")] && values[(line, "fast")] <= value, $"seed {seed}: {line} {method}");
                if (method is "two-stage" or "sort-sort" && !problem.HasEqualDevices) Assert.True(values[(line, "swap")] <= value, $"seed {seed}: {line} {method}");
            }

            int[][] ranks = [[.. Enumerable.Range(0, n)], [.. Enumerable.Range(0, n).Reverse()]];
            Assert.True(TimeLines.Find("pg", "test").For(problem).Evaluate(ranks) <= TimeLines.Find("t2", "test").For(problem).Evaluate(ranks));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_plan()
    {
        var problem = Problem(10, 2, 3);
        foreach (var line in new[] { TimeLines.Find("t2", "test"), TimeLines.Find("pg", "test") })
            foreach (var method in DeploymentMethods.All.Where(m => m.AppliesTo(line.For(problem))))
            {
                var plans = Enumerable.Range(0, 2).AsParallel().Select(_ => method.Solve(problem, line, new Prng(3))).ToList();
                Assert.Equal(plans[0].DeviceOfRank.SelectMany(d => d), plans[1].DeviceOfRank.SelectMany(d => d));
            }
    }

    [Fact]
    public void Relabelling_ranks_leaves_optimum_and_bound_alone()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var problem = Problem(5, 2, seed);
            var order = Enumerable.Range(0, 5).ToArray();
            new Prng((ulong)seed).Shuffle(order.AsSpan());
            var cells = new long[25];
            for (var i = 0; i < 5; i++)
                for (var j = 0; j < 5; j++)
                    cells[(i * 5) + j] = problem.Models[0].Demand[order[i], order[j]];
            var other = new DeploymentProblem(problem.Devices, [new DeployedModel(new TrafficMatrix(5, cells), problem.Models[0].GateTokens, problem.Models[0].AggregateTokens), problem.Models[1]]);
            var line = TimeLines.Find("pg", "test");
            Assert.Equal(GoldenDeployment.Solve("optimal", "pg", problem).Value, GoldenDeployment.Solve("optimal", "pg", other).Value);
            Assert.Equal(DeploymentBounds.Lower(line.For(problem)), DeploymentBounds.Lower(line.For(other)));
        }
    }

    // Spec 9, goals 4 and 5, at the sizes of the golden set.
    [Theory]
    [InlineData(true, 1.0, 1.0)]
    [InlineData(false, 1.005, 1.05)]
    public void Colocation_is_within_its_floors(bool equal, double mean, double worst)
    {
        var gaps = new List<double>();
        foreach (var family in DeploymentFamilies.All)
        {
            for (var seed = 0; seed < 8; seed++)
            {
                var n = 4 + (seed % 5);
                var prng = new Prng(77).Split(family.Name).Split(seed);
                DeviceCost[] devices = equal ? [.. Enumerable.Repeat(new DeviceCost(8, 8, seed % 2 == 0 ? 4 : 10), n)] : DeploymentFamilies.Devices(n, seed % 2 == 1);
                var problem = new DeploymentProblem(devices, [DeploymentFamilies.Model(family.Draw(n, prng.Split(0))), DeploymentFamilies.Model(family.Draw(n, prng.Split(1)))]);
                var best = GoldenDeployment.Solve("optimal", "pg", problem);
                Assert.True(best.IsProven, $"{family.Name} {seed}");
                gaps.Add(GoldenDeployment.Solve("fast", "pg", problem).Value / (double)best.Value);
            }
        }

        Assert.True(gaps.Average() <= mean && gaps.Max() <= worst, $"mean {gaps.Average()}, worst {gaps.Max()}");
    }

    // Two experts per device, separate and fixed shards: all placements of 4 experts and 4 shards on 2 devices.
    [Theory]
    [InlineData(ShardMoves.Together)]
    [InlineData(ShardMoves.Fixed)]
    [InlineData(ShardMoves.Free)]
    public void Several_experts_per_device_stay_close_to_exhaustion(ShardMoves moves)
    {
        var line = TimeLines.Find("barrier", "test");
        var sum = 0.0;
        const int count = 20;
        for (var seed = 0; seed < count; seed++)
        {
            var prng = new Prng(11).Split(seed);
            long[] tokens = [.. Enumerable.Range(0, 16).Select(_ => (long)prng.NextInt(50))];
            DeviceCost[] devices = [new(8, 10, 4), new(16, 12, 9)];
            var model = new ShardedModel(4, 4, tokens, moves, 3, 2);
            var plan = ShardedDeployment.Solve(devices, [model], OptimalMethod.Quality, line, new Prng(1));
            var best = long.MaxValue;
            var halves = GoldenDeployment.Permutations(4).Where(p => p[0] < p[1] && p[2] < p[3]).Select(p => Enumerable.Range(0, 4).Select(i => Array.IndexOf(p, i) / 2).ToArray()).ToList();
            foreach (var experts in halves)
                foreach (var shards in moves switch { ShardMoves.Together => [experts], ShardMoves.Fixed => [[0, 0, 1, 1]], _ => halves })
                    best = Math.Min(best, line.For(new DeploymentProblem(devices, [new DeployedModel(model.Between(2, shards, experts), 3, 2)])).Evaluate([[0, 1]]));
            Assert.True(plan.Value >= best && plan.LowerBound <= best, $"seed {seed}: {plan.LowerBound} {best} {plan.Value}");
            Assert.Equal([2, 2], plan.DeviceOfExpert[0].GroupBy(g => g).OrderBy(g => g.Key).Select(g => g.Count()));
            Assert.Equal(plan.Value, line.For(plan.Devices).Evaluate([[0, 1]]));
            sum += plan.Value / (double)best;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{moves}: mean {sum / count:F4} of the optimum");
        Assert.InRange(sum / count, 1.0, moves == ShardMoves.Free ? 1.05 : 1.03);
    }

    [Fact]
    public void Wrong_deployments_are_named()
    {
        var model = new DeployedModel(new TrafficMatrix(2, [0, 1, 1, 0]), 0, 0);
        Assert.Contains("expected one per device (1)", Assert.Throws<InputException>(() => new DeploymentProblem([new(1, 1, 1)], [model])).Message);
        Assert.Contains("expected at least 1", Assert.Throws<InputException>(() => new DeploymentProblem([new(1, 0, 1), new(1, 1, 1)], [model])).Message);
        Assert.Contains("below 2^56", Assert.Throws<InputException>(() => new DeploymentProblem([new(1, 1L << 60, 1), new(1, 1, 1)], [model])).Message);
        var pair = new DeploymentProblem([new(1, 1, 1), new(1, 1, 1)], [model, model]);
        Assert.Contains("pg or t2", Assert.Throws<InputException>(() => TimeLines.Find("eq1", "test").For(pair)).Message);
    }

    private static DeploymentProblem Problem(int n, int models, int seed)
    {
        var prng = new Prng(500).Split(n).Split(seed);
        DeviceCost[] devices = (seed % 3) switch
        {
            0 => DeploymentFamilies.Devices(n, seed % 2 == 1),
            1 => [.. Enumerable.Repeat(new DeviceCost(8, seed % 2 == 0 ? 8 : 5, 6), n)],
            _ => [.. Enumerable.Range(0, n).Select(_ => new DeviceCost(5 + prng.NextInt(15), 5 + prng.NextInt(15), prng.NextInt(12)))],
        };
        return new DeploymentProblem(devices, [.. Enumerable.Range(0, models).Select(m => DeploymentFamilies.Model(DeploymentFamilies.All[(seed + m) % DeploymentFamilies.All.Count].Draw(n, prng.Split($"model {m}"))))]);
    }

    private static long Exhaust(LayerTime time, int models)
    {
        var all = GoldenDeployment.Permutations(time.Problem.DeviceCount);
        var best = long.MaxValue;
        var chosen = new int[models][];
        Choose(0);
        return best;

        void Choose(int m)
        {
            if (m == models)
            {
                best = Math.Min(best, time.Evaluate(chosen));
                return;
            }

            foreach (var p in all)
            {
                chosen[m] = p;
                Choose(m + 1);
            }
        }
    }
}
