using Crossweave.Algorithms;
using Crossweave.Planning.Deployment;

namespace Crossweave.Cli.Bench;

/// <summary>
/// Colocation on unequal devices: how long does the proof of the optimum take at n = 8 and 16, and a good plan at n = 8, 16 and 64? The
/// slowest of a few seeded instances of every family, on one thread, against the target of the deployment spec (9, goals 5 and 6).
/// </summary>
public static class DeploymentBench
{
    private const int Instances = 6;

    public static IEnumerable<BenchRow> Run()
    {
        yield return Slowest("optimal", 8, target: 20, warmups: 20, runs: 5);
        yield return Slowest("optimal", 16, target: 10_000, warmups: 0, runs: 1);
        yield return Slowest("swap", 8, target: 50, warmups: 20, runs: 5);
        yield return Slowest("fast", 16, target: null, warmups: 0, runs: 1);
        yield return Slowest("swap", 64, target: 1000, warmups: 0, runs: 1);
        yield return Slowest("fast", 64, target: 1000, warmups: 0, runs: 1);
    }

    private static BenchRow Slowest(string name, int n, double? target, int warmups, int runs)
    {
        var (hash, slowest, proven, count, gap) = (0xCBF29CE484222325UL, 0.0, 0, 0, 0.0);
        foreach (var line in new[] { TimeLines.Find("t2", "bench"), TimeLines.Find("pg", "bench") })
        {
            foreach (var family in DeploymentFamilies.All)
            {
                for (var s = 0; s < (n > 16 ? 1 : Instances); s++)
                {
                    var prng = new Prng(2026).Split(family.Name).Split(s);
                    var problem = new DeploymentProblem(DeploymentFamilies.Devices(n, steep: s % 2 == 1), [DeploymentFamilies.Model(family.Draw(n, prng.Split(0))), DeploymentFamilies.Model(family.Draw(n, prng.Split(1)))]);
                    var method = DeploymentMethods.Find(name, line.For(problem), "bench");
                    DeploymentPlan? plan = null;
                    var (best, _) = BenchClock.Measure(() => plan = method.Solve(problem, line, new Prng(1)), count == 0 ? Math.Max(1, warmups) : warmups, runs);
                    (slowest, count, proven) = (Math.Max(slowest, best), count + 1, proven + (plan!.IsProven ? 1 : 0));
                    gap = Math.Max(gap, plan.Value / (double)plan.LowerBound);
                    hash = (hash ^ (ulong)plan.Value) * 0x100000001B3UL;
                }
            }
        }

        return new BenchRow(
            FormattableString.Invariant($"deploy {name}, n = {n}, slowest of {count}; {proven} proven, at most {gap:0.000} x bound"), "ms", slowest * 1e3, target, target is null ? "" : "target", hash);
    }
}
