using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning.Tests.Scheduling;

public sealed class SchedulerPropertyTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 5, 8, 16, 27];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Open_shop_ends_at_the_port_bound_in_few_enough_phases(int n)
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var problem = GoldenMatrix.Problem(n, Matrices.Mixed(n, seed));
            var schedule = new OpenShopScheduler().Schedule(problem, new Prng(0));
            var bound = Enumerable.Range(0, n).Max(r => Math.Max(problem.Demand.Sent(r), problem.Demand.Received(r)));
            Assert.True(bound == GoldenMatrix.Tokens(schedule, problem), $"n {n} seed {seed}");
            Assert.InRange(schedule.Steps.Count, 0, (n * n) - (2 * n) + 2);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Greedy_needs_at_most_twice_the_degree_minus_one_matchings(int n)
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var problem = GoldenMatrix.Problem(n, Matrices.Mixed(n, seed));
            var schedule = new GreedyMaxWeightScheduler().Schedule(problem, new Prng(0));
            var degree = Enumerable.Range(0, n).Max(r => Math.Max(
                Enumerable.Range(0, n).Count(k => k != r && problem.Demand[r, k] > 0),
                Enumerable.Range(0, n).Count(k => k != r && problem.Demand[k, r] > 0)));
            Assert.InRange(schedule.Steps.Count, degree, Math.Max(0, (2 * degree) - 1));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Birkhoff_after_Sinkhorn_needs_at_most_the_polytope_bound(int n)
    {
        for (var seed = 0; seed < 15; seed++)
        {
            var problem = GoldenMatrix.Problem(n, Matrices.Mixed(n, seed));
            var schedule = new BvnSinkhornScheduler().Schedule(problem, new Prng(0));
            Assert.InRange(schedule.Steps.Count, 0, (n * n) - (2 * n) + 2);
        }
    }

    [Fact]
    public void Open_shop_on_unequal_ports_stays_within_a_token_per_phase_of_the_pair_bound()
    {
        long[] gbps = [100, 100, 80, 80, 50, 50, 40, 40];
        for (var seed = 0; seed < 25; seed++)
        {
            var fabric = new CircuitSwitch().Build(new FabricOptions(
                8, 1, new Bandwidth(1), SimTime.Zero, [.. gbps.Select(g => new Bandwidth(g * 1_000_000_000))]));
            var problem = new SchedulingProblem(new TrafficMatrix(8, Matrices.Mixed(8, seed)), new Bytes(8192), fabric);
            var schedule = new OpenShopScheduler().Schedule(problem, new Prng(0));
            var end = ScheduleTiming.Time(schedule, fabric, problem.TokenBytes).LastOrDefault().EndPs;
            var pair = Enumerable.Range(0, 8).Max(r => Math.Max(
                Enumerable.Range(0, 8).Sum(k => Ps(problem, r, k)),
                Enumerable.Range(0, 8).Sum(k => Ps(problem, k, r))));
            var slowest = new Bandwidth(40_000_000_000).TransferPs(8192);
            Assert.True(end >= pair, $"seed {seed}: below PAIR");
            Assert.True(end < pair + (slowest * schedule.Steps.Count) + 1, $"seed {seed}: {end} against {pair}");
        }
    }

    private static long Ps(SchedulingProblem p, int s, int t) =>
        s == t ? 0 : p.Fabric.PairRate(s, t).TransferPs(p.Demand[s, t] * p.TokenBytes.Value);
}
