using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Tests.Contracts;

/// <summary>What every registered scheduler must keep, on every kind of matrix, on equal and unequal ports.</summary>
public sealed class SchedulerContractTests
{
    private static readonly Bytes TokenBytes = new(12_288);

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var scheduler in Schedulers.All)
            foreach (var kind in Kinds)
                data.Add(scheduler.Name, kind);
        return data;
    }

    private static readonly string[] Kinds =
        ["random", "empty", "single-entry", "permutation", "skewed", "sparse", "local-only", "one-row", "halves", "n1", "n2", "golden"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Carries_every_token_once_and_respects_what_it_declares(string name, string kind)
    {
        var scheduler = Schedulers.Find(name, "test");
        foreach (var ports in Enum.GetValues<Ports>())
            for (var seed = 0; seed < 4; seed++)
            {
                var problem = Problem(kind, seed, ports);
                problem = problem with { Fabric = scheduler.TimedOn(problem.Fabric) };
                var schedule = scheduler.Schedule(problem, new Prng(1));
                Assert.Equal(name, schedule.Scheduler);
                var where = $"{name} {kind} seed {seed} ports {ports}";
                CheckCoverage(problem.Demand, schedule, scheduler.KeepsEntriesWhole, where);
                if (problem.Fabric.IsCircuitSwitched) CheckOneToOne(schedule, problem.Demand.RankCount, where);
                Assert.All(schedule.Steps, s => Assert.InRange(s.Plane, 0, problem.Fabric.PlaneCount - 1));
                var makespan = ScheduleTiming.MakespanPs(schedule, problem.Fabric, problem.TokenBytes);
                Assert.True(makespan >= PortBoundPs(problem), $"{where}: {makespan} is below the port bound");
                CheckSame(schedule, scheduler.Schedule(problem, new Prng(1)), where);
            }
    }

    private enum Ports
    {
        Equal,
        Unequal,
        ThreePlanes,
        PartialReconfiguration,
    }

    private static void CheckCoverage(TrafficMatrix demand, Schedule schedule, bool whole, string where)
    {
        var n = demand.RankCount;
        var carried = new long[n * n];
        foreach (var step in schedule.Steps)
        {
            Assert.True(step.Transfers.Length > 0, $"{where}: empty step");
            foreach (var t in step.Transfers)
            {
                Assert.True(t.Tokens > 0 && t.Source != t.Target, $"{where}: {t}");
                if (whole) Assert.True(t.Tokens == demand[t.Source, t.Target], $"{where}: {t} is not whole");
                carried[(t.Source * n) + t.Target] += t.Tokens;
            }
        }

        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                Assert.True(carried[(s * n) + t] == (s == t ? 0 : demand[s, t]), $"{where}: {s} -> {t} carries {carried[(s * n) + t]}");
    }

    private static void CheckOneToOne(Schedule schedule, int n, string where)
    {
        foreach (var step in schedule.Steps)
        {
            var sends = new bool[n];
            var receives = new bool[n];
            foreach (var t in step.Transfers)
            {
                Assert.True(!sends[t.Source] && !receives[t.Target], $"{where}: a port is used twice by {t}");
                sends[t.Source] = receives[t.Target] = true;
            }
        }
    }

    private static void CheckSame(Schedule a, Schedule b, string where)
    {
        Assert.Equal(a.Steps.Count, b.Steps.Count);
        for (var m = 0; m < a.Steps.Count; m++)
            Assert.True(a.Steps[m].Transfers.AsSpan().SequenceEqual(b.Steps[m].Transfers), $"{where}: not deterministic");
    }

    private static long PortBoundPs(SchedulingProblem p)
    {
        var bound = 0L;
        for (var r = 0; r < p.Demand.RankCount; r++)
        {
            bound = Math.Max(bound, p.Fabric.SendRate(r).TransferPs(p.Demand.Sent(r) * p.TokenBytes.Value));
            bound = Math.Max(bound, p.Fabric.ReceiveRate(r).TransferPs(p.Demand.Received(r) * p.TokenBytes.Value));
        }

        return bound;
    }

    private static SchedulingProblem Problem(string kind, int seed, Ports ports)
    {
        var prng = new Prng(500).Split(kind).Split(seed);
        var n = kind switch { "n1" => 1, "n2" => 2, "golden" => 8, _ => 2 + prng.NextInt(13) };
        var cells = new long[n * n];
        var shift = 1 + prng.NextInt(Math.Max(1, n - 1));
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                cells[(i * n) + j] = kind switch
                {
                    "random" or "n1" or "n2" => prng.NextInt(2000),
                    "permutation" => j == (i + shift) % n ? 1 + prng.NextInt(500) : 0,
                    "skewed" => (long)Math.Exp(prng.NextDouble() * 18),
                    "sparse" => prng.NextInt(5) == 0 ? 1 + prng.NextInt(9) : 0,
                    "local-only" => i == j ? 7 : 0,
                    "halves" => i < n / 3 && j >= n / 3 ? prng.NextInt(700) : 0, // few senders, other receivers: a non-square demand
                    "one-row" => i == 1 ? prng.NextInt(9) : 0,
                    _ => 0,
                };
        if (kind == "single-entry") cells[((n - 1) * n) + prng.NextInt(n - 1)] = 12;
        if (kind == "golden") cells = Scheduling.GoldenMatrix.Cells();
        var rates = Enumerable.Range(0, n).Select(r => new Bandwidth((long)(ports == Ports.Unequal ? new[] { 100, 80, 50, 40 }[r % 4] : 400) * 1_000_000_000));
        var options = new FabricOptions(
            n, 1, new Bandwidth(400_000_000_000), new SimTime(10_000), [.. rates], ports == Ports.ThreePlanes ? 3 : 1, ports == Ports.PartialReconfiguration);
        return new SchedulingProblem(new TrafficMatrix(n, cells), TokenBytes, new CircuitSwitch().Build(options));
    }
}
