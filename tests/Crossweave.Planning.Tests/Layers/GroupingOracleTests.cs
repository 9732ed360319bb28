using Crossweave.Algorithms;
using Crossweave.Cli.Bench;
using Crossweave.Core.Compute;
using Crossweave.Core.Layers;
using Crossweave.Core.Units;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Tests.Layers;

/// <summary>The searches against plain enumeration.</summary>
public sealed class GroupingOracleTests
{
    [Fact]
    public void The_best_grouping_of_one_rank_is_that_of_all_cuts_and_all_places_of_the_local_rows()
    {
        var search = new GroupingSearch();
        for (var seed = 0; seed < 400; seed++)
        {
            var prng = new Prng(4).Split(seed);
            var (cells, hasLocal) = (prng.NextInt(8), prng.NextInt(3) > 0);
            search.Resize(cells);
            var arrival = 0L;
            for (var x = 0; x < cells; x++)
            {
                search.Arrival[x] = arrival += prng.NextInt(30);
                search.Return[x] = prng.NextInt(30);
                for (var y = x; y < cells; y++)
                {
                    search.Plain[(x * cells) + y] = 5 + prng.NextInt(20 * (y - x + 1)); // neither monotone nor subadditive
                    search.Joined[(x * cells) + y] = search.Plain[(x * cells) + y] + prng.NextInt(20);
                }
            }

            var (local, gate) = (hasLocal ? 5L + prng.NextInt(30) : 0, (long)prng.NextInt(200));
            var groups = new List<Group>();
            var found = search.Solve(hasLocal, local, gate, groups);
            Assert.Equal(Best(search, hasLocal, local, gate), found);
            Assert.Equal(found, End(search, groups, local, gate));
        }
    }

    /// <summary>Lockstep launches on three to five matchings: every order, every cut, every place of the local rows (spec 2.3 and 3.14).</summary>
    [Fact]
    public void Order_and_global_grouping_are_those_of_all_orders_and_cuts()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(8).Split(seed);
            var n = 3 + (seed % 3);
            var matrix = new TrafficMatrix(n, [.. Enumerable.Range(0, n * n).Select(_ => (long)prng.NextInt(seed % 2 == 0 ? 60 : 1500))]);
            var profile = seed % 4 < 2 ? (ComputeProfile)PhotonicTable.Profile : new FloorProfile("floor", 100_000_000, 500_000);
            var problem = SquareLayer.Problem(matrix, new SimTime(prng.NextInt(20_000_000)), profile);
            var given = LayerSchedules.Build(new GreedyMaxWeightScheduler(), problem, new Prng(0));
            var table = new ArrivalTable(problem, given.Dispatch);
            var steps = given.Dispatch[0].Steps;
            var delay = problem.Fabric.ReconfigurationDelay!.Value.Picoseconds;
            var time = steps.Select(s => delay + StepTimes.DurationPs(problem.Fabric, s, problem.Traffic.DispatchCopyBytes, turned: false)).ToArray();
            var model = new BarrierModel(problem, table, time, time);
            var known = model.Grouped([.. Enumerable.Range(0, steps.Count)], new GroupingSearch(), 32);
            Assert.Equal(PlainLayer.BestPs(problem, given.Dispatch[0], [.. Enumerable.Range(0, steps.Count)]), known.MakespanPs);
            Assert.Equal(PlainLayer.BestPs(problem, given.Dispatch[0]), model.Exact(known).MakespanPs);
        }
    }

    private static long Best(GroupingSearch search, bool hasLocal, long local, long gate)
    {
        var best = long.MaxValue;
        var k = search.CellCount;
        for (var cut = 0; cut < 1 << Math.Max(0, k - 1); cut++)
        {
            var groups = new List<Group>();
            for (int m = 0, first = 0; m < k; m++)
            {
                if (m < k - 1 && (cut >> m & 1) == 0) continue;
                groups.Add(new Group(first, m, false));
                first = m + 1;
            }

            if (!hasLocal) best = Math.Min(best, End(search, groups, local, gate));
            for (var g = 0; hasLocal && g < groups.Count; g++)
                best = Math.Min(best, End(search, [.. groups[..g], groups[g] with { TakesLocalRows = true }, .. groups[(g + 1)..]], local, gate));
            for (var g = 0; hasLocal && g <= groups.Count; g++)
                best = Math.Min(best, End(search, [.. groups[..g], new Group(0, -1, true), .. groups[g..]], local, gate));
        }

        return best;
    }

    private static long End(GroupingSearch search, List<Group> groups, long local, long gate)
    {
        var (compute, returned) = (0L, 0L);
        foreach (var g in groups)
        {
            if (g.Last < g.First)
            {
                compute += local;
                continue;
            }

            compute = Math.Max(compute, search.Arrival[g.Last]) + (g.TakesLocalRows ? search.Joined : search.Plain)[(g.First * search.CellCount) + g.Last];
            returned = Math.Max(Math.Max(returned, compute), gate);
            for (var c = g.First; c <= g.Last; c++) returned += search.Return[c];
        }

        return Math.Max(compute, returned);
    }
}
