using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning.Tests.Scheduling;

public sealed class ReplanningTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var scheduler in new[] { "greedy-max-weight", "open-shop", "shifted" })
            foreach (var kind in new[] { "mild", "skewed", "sparse" })
                data.Add(scheduler, kind);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Carries_the_new_demand_exactly_and_no_worse_than_promised(string name, string kind)
    {
        var scheduler = Schedulers.Find(name, "test");
        foreach (var n in new[] { 2, 5, 16, 24 })
            foreach (var changed in new[] { 1, 4, 16 })
                for (var seed = 0; seed < 6; seed++)
                {
                    var prng = new Prng(900).Split(kind).Split(n).Split(seed);
                    var before = Problem(n, Cells(n, kind, prng), unequal: seed % 2 == 1);
                    var after = Problem(n, Change(before.Demand, changed, prng), unequal: seed % 2 == 1);
                    var previous = scheduler.Schedule(before, new Prng(0));
                    var result = Replanning.Replan(previous, after, scheduler, new Prng(0));
                    var where = $"{name} {kind} n {n} changed {changed} seed {seed}";
                    CheckMatchings(result, after.Demand, scheduler.KeepsEntriesWhole, where);
                    var fresh = EndPs(scheduler.Schedule(after, new Prng(0)), after);
                    var (end, bound) = (EndPs(result, after), BoundPs(after));
                    var gap = BoundPs(before) == 0 ? 1 : (double)EndPs(previous, before) / BoundPs(before);
                    Assert.True(end <= (1 + Replanning.Tolerance) * gap * bound || end <= fresh, $"{where}: {end}, fresh {fresh}, bound {bound}, gap {gap}");
                    Assert.True(end <= (1 + Replanning.Tolerance) * gap * fresh, $"{where}: {end} against fresh {fresh}");
                }
    }

    [Fact]
    public void Few_changes_in_large_matrices_are_patched_and_stay_close_to_a_fresh_plan()
    {
        var (patched, ratios) = (0, 0.0);
        for (var seed = 0; seed < 20; seed++)
        {
            var prng = new Prng(901).Split(seed);
            var before = Problem(32, Cells(32, seed % 2 == 0 ? "mild" : "skewed", prng), unequal: false);
            var after = Problem(32, Change(before.Demand, 4, prng), unequal: false);
            var greedy = new Counting();
            var result = Replanning.Replan(greedy.Schedule(before, new Prng(0)), after, greedy, new Prng(0));
            patched += greedy.Calls == 1 ? 1 : 0;
            ratios += (double)EndPs(result, after) / EndPs(greedy.Schedule(after, new Prng(0)), after);
        }

        Assert.InRange(patched, 18, 20);
        Assert.InRange(ratios / 20, 0.9, 1.03);
    }

    [Fact]
    public void Entries_go_where_both_ports_are_idle_and_cost_nothing()
    {
        // Three ranks. Step 1: 0 -> 1 with 10, step 2: 0 -> 2 with 7. A new entry 1 -> 2 of 9 fits beside the first transfer (both its
        // ports are idle there), one of 8 for 2 -> 1 only lengthens the second step by one: 10 + 8.
        var previous = new Schedule("greedy-max-weight", [new Step([new Transfer(0, 1, 10)]), new Step([new Transfer(0, 2, 7)])]);
        var problem = GoldenMatrix.Problem(3, [0, 10, 7, 0, 0, 9, 0, 8, 0]);
        var result = Replanning.Replan(previous, problem, new GreedyMaxWeightScheduler(), new Prng(0), tolerance: 1);
        Assert.Equal(2, result.Steps.Count);
        Assert.Equal([new Transfer(0, 1, 10), new Transfer(1, 2, 9)], result.Steps[0].Transfers);
        Assert.Equal([new Transfer(0, 2, 7), new Transfer(2, 1, 8)], result.Steps[1].Transfers);
        Assert.Equal(18, GoldenMatrix.Tokens(result, problem));
    }

    [Fact]
    public void Divided_entries_fill_the_idle_time_of_several_steps()
    {
        // 0 -> 1 is carried in two steps, so entries may be divided: 2 -> 0 with 9 takes the 6 of the first step and 3 of the second.
        var previous = new Schedule("open-shop", [new Step([new Transfer(0, 1, 6)]), new Step([new Transfer(0, 1, 4)])]);
        var problem = GoldenMatrix.Problem(3, [0, 10, 0, 0, 0, 0, 9, 0, 0]);
        var result = Replanning.Replan(previous, problem);
        Assert.Equal([new Transfer(0, 1, 6), new Transfer(2, 0, 6)], result.Steps[0].Transfers);
        Assert.Equal([new Transfer(0, 1, 4), new Transfer(2, 0, 3)], result.Steps[1].Transfers);
    }

    [Fact]
    public void Unchanged_demand_returns_the_previous_schedule_and_vanished_demand_an_empty_one()
    {
        var problem = GoldenMatrix.Problem(8, GoldenMatrix.Cells());
        var previous = new GreedyMaxWeightScheduler().Schedule(problem, new Prng(0));
        Assert.Same(previous, Replanning.Replan(previous, problem));
        Assert.Empty(Replanning.Replan(previous, GoldenMatrix.Problem(8, new long[64])).Steps);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("other ranks")]
    [InlineData("shared ports")]
    [InlineData("held")]
    [InlineData("everything changed")]
    public void What_cannot_be_patched_is_planned_afresh(string reason)
    {
        var problem = GoldenMatrix.Problem(8, GoldenMatrix.Cells());
        var greedy = new Counting();
        Step[] steps = reason switch
        {
            "empty" => [],
            "other ranks" => [new Step([new Transfer(0, 9, 5)])],
            "shared ports" => [new Step([new Transfer(0, 1, 5), new Transfer(0, 2, 5)])],
            "held" => [new Step([new Transfer(0, 1, 5)], new Transfer(2, 2, 9))],
            _ => [new Step([new Transfer(0, 1, 5)])],
        };
        var result = Replanning.Replan(new Schedule("greedy-max-weight", steps), problem, greedy, new Prng(0));
        Assert.Equal(1, greedy.Calls);
        Assert.Equal(19_705, GoldenMatrix.Tokens(result, problem));
    }

    private static long[] Cells(int n, string kind, Prng prng)
    {
        var cells = new long[n * n];
        foreach (ref var c in cells.AsSpan())
            c = kind switch
            {
                "mild" => 500 + prng.NextInt(1000),
                "skewed" => (long)Math.Exp(prng.NextDouble() * 9),
                _ => prng.NextInt(4) == 0 ? 1 + prng.NextInt(300) : 0,
            };
        return cells;
    }

    // Rises, falls, vanishing and new entries.
    private static long[] Change(TrafficMatrix demand, int count, Prng prng)
    {
        var cells = demand.Cells.ToArray();
        for (var k = 0; k < count; k++)
        {
            ref var c = ref cells[prng.NextInt(cells.Length)];
            c = prng.NextInt(8) == 0 ? 0 : c == 0 ? prng.NextInt(300) : (long)(c * (0.5 + prng.NextDouble()));
        }

        return cells;
    }

    private static SchedulingProblem Problem(int n, long[] cells, bool unequal)
    {
        var rates = Enumerable.Range(0, n).Select(r => new Bandwidth((unequal ? new[] { 100L, 80, 50, 40 }[r % 4] : 100L) * 1_000_000_000));
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(100_000_000_000), new SimTime(20_000), [.. rates]));
        return new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(4096), fabric);
    }

    private static void CheckMatchings(Schedule schedule, TrafficMatrix demand, bool whole, string where)
    {
        var n = demand.RankCount;
        var carried = new long[n * n];
        foreach (var step in schedule.Steps)
        {
            Assert.True(step.Transfers.Length > 0, $"{where}: empty step");
            Assert.Equal(step.Transfers.Length, step.Transfers.Select(t => t.Source).Distinct().Count());
            Assert.Equal(step.Transfers.Length, step.Transfers.Select(t => t.Target).Distinct().Count());
            foreach (var t in step.Transfers)
            {
                Assert.True(t.Tokens > 0 && t.Source != t.Target && (!whole || t.Tokens == demand[t.Source, t.Target]), $"{where}: {t}");
                carried[(t.Source * n) + t.Target] += t.Tokens;
            }
        }

        for (var k = 0; k < carried.Length; k++) Assert.True(carried[k] == (k / n == k % n ? 0 : demand.Cells[k]), $"{where}: pair {k}");
    }

    private static long EndPs(Schedule schedule, SchedulingProblem p) =>
        schedule.Steps.Count == 0 ? 0 : ScheduleTiming.Time(schedule, p.Fabric, p.TokenBytes)[^1].EndPs;

    // Busiest port, one reconfiguration per peer.
    private static long BoundPs(SchedulingProblem p)
    {
        var n = p.Demand.RankCount;
        long Pair(int s, int t) => s == t || p.Demand[s, t] == 0 ? 0 : 20_000 + p.Fabric.PairRate(s, t).TransferPs(p.Demand[s, t] * 4096);
        return Enumerable.Range(0, n).Max(r => Math.Max(Enumerable.Range(0, n).Sum(k => Pair(r, k)), Enumerable.Range(0, n).Sum(k => Pair(k, r))));
    }

    // Greedy max-weight that counts how often it is asked.
    private sealed class Counting : IScheduler
    {
        private readonly GreedyMaxWeightScheduler _greedy = new();

        public int Calls { get; private set; }

        public string Name => _greedy.Name;

        public string Summary => _greedy.Summary;

        public bool KeepsEntriesWhole => true;

        public bool NeedsPacketFabric => false;

        public Schedule Schedule(SchedulingProblem problem, Prng prng)
        {
            Calls++;
            return _greedy.Schedule(problem, prng);
        }
    }
}
