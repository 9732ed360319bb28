using System.Diagnostics;
using Crossweave.Algorithms;
using Crossweave.Planning.Deployment;

namespace Crossweave.Cli.Bench;

/// <summary>
/// Colocation on unequal devices: how long does the proof of the optimum take at n = 8, 16 and 20, and a good plan at n = 8, 16 and 64? The
/// slowest of many seeded instances of every family, t2 and pg, compute in proportion and steep, on one thread, against the target of the
/// deployment spec (9, goals 5 and 6).
/// </summary>
public static class DeploymentBench
{
    public static IEnumerable<BenchRow> Run()
    {
        yield return Slowest("optimal", 8, instances: 500, target: 20);
        yield return Slowest("optimal", 16, instances: 40, target: 10_000);
        yield return Slowest("optimal", 20, instances: 20, target: 10_000);
        yield return Slowest("swap", 8, instances: 500, target: 50);
        yield return Slowest("fast", 8, instances: 500, target: 50);
        yield return Slowest("fast", 16, instances: 20, target: null);
        yield return Slowest("swap", 64, instances: 10, target: 1000);
        yield return Slowest("fast", 64, instances: 10, target: 1000);
    }

    private static BenchRow Slowest(string name, int n, int instances, double? target)
    {
        var (hash, slowest, proven, count, sum, gap) = (0xCBF29CE484222325UL, 0.0, 0, 0, 0.0, 0.0);
        foreach (var line in new[] { TimeLines.Find("t2", "bench"), TimeLines.Find("pg", "bench") })
        {
            foreach (var family in DeploymentFamilies.All)
            {
                for (var s = 0; s < instances; s++)
                {
                    var prng = new Prng(2026).Split(family.Name).Split(s);
                    var problem = new DeploymentProblem(DeploymentFamilies.Devices(n, steep: s % 2 == 1), [DeploymentFamilies.Model(family.Draw(n, prng.Split(0))), DeploymentFamilies.Model(family.Draw(n, prng.Split(1)))]);
                    var method = DeploymentMethods.Find(name, line.For(problem), "bench");
                    DeploymentPlan plan = method.Solve(problem, line, new Prng(1)); // warm-up
                    var start = Stopwatch.GetTimestamp();
                    plan = method.Solve(problem, line, new Prng(1));
                    var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    // Only what would be the slowest is timed again, so that a pause of the machine does not count.
                    if (seconds > slowest) seconds = Math.Min(seconds, BenchClock.Measure(() => method.Solve(problem, line, new Prng(1)), 0, 3).BestSeconds);
                    (slowest, count, proven) = (Math.Max(slowest, seconds), count + 1, proven + (plan.IsProven ? 1 : 0));
                    var toBound = plan.Value / (double)plan.LowerBound;
                    (sum, gap) = (sum + toBound, Math.Max(gap, toBound));
                    hash = (hash ^ (ulong)plan.Value) * 0x100000001B3UL;
                }
            }
        }

        return new BenchRow(
            $"deploy {name}, n = {n}, slowest of {count}", "ms", slowest * 1e3, target, target is null ? "" : "target", hash, FormattableString.Invariant($"{proven} proven, mean {sum / count:0.0000}, at most {gap:0.000} x bound"));
    }
}
