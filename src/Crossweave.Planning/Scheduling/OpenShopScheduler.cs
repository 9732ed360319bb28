using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Preemptive open shop by matchings (Gonzalez and Sahni 1976; deployment spec 3.1): stuff the matrix (QuickStuff, which keeps more
/// zeros than the north-west-corner rule) until all line sums equal the largest, decompose it into weighted permutations (Birkhoff), and let every phase carry
/// min(phase, what is left) on each pair. Phases that would carry only dummies are dropped.
/// </summary>
/// <remarks>
/// <para>Equal ports, delta = 0: total duration exactly the port bound (in tokens; each phase is rounded up to a picosecond), at most
/// n^2 - 2n + 2 phases. Each phase costs a reconfiguration on circuits, so this is bad when delta is not negligible.</para>
/// <para>Unequal ports: the matrix is weighted to the time of each pair at the slower of its two ports (PAIR, deployment spec 2.4),
/// the bound for one-to-one transfers. Whole tokens cross a phase boundary completely, so the total stays below PAIR plus the time of
/// one slowest token per phase.</para>
/// <para>Matchings: the smallest entry as large as possible (<see cref="MatchingRule.Bottleneck"/>), which takes 20 to 70 % fewer phases
/// than any perfect matching; above 128 ranks <see cref="MatchingRule.HeavyFirst"/>, which is ten times faster to find.</para>
/// </remarks>
public sealed class OpenShopScheduler : IScheduler
{
    private const int LongPhasesUpTo = 128;

    public string Name => "open-shop";

    public string Summary => "preemptive open shop by matchings: the port bound exactly when switching is free";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var n = problem.Demand.RankCount;
        var left = problem.Demand.Cells.ToArray(); // tokens not sent yet
        for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
        var cost = PairCosts(problem.Fabric, problem.TokenBytes.Value);
        var served = new long[n * n]; // time given to each pair, without its dummy part
        var work = new long[n * n];
        for (var k = 0; k < work.Length; k++) work[k] = checked(left[k] * cost[k]);
        LineSums.StuffQuick(work, n);
        var decomposition = new BirkhoffDecomposition(n);
        decomposition.Start(work, n <= LongPhasesUpTo ? MatchingRule.Bottleneck : MatchingRule.HeavyFirst);
        var steps = new List<Step>();
        var targetOfSource = new int[n];
        var tokens = new long[n];
        while (decomposition.Next(targetOfSource) is > 0 and var duration)
        {
            var any = false;
            for (var source = 0; source < n; source++)
            {
                var pair = (source * n) + targetOfSource[source];
                // A token counts as sent in the phase in which it begins.
                var before = CeilDivide(served[pair], cost[pair]);
                served[pair] += duration;
                tokens[source] = Math.Min(left[pair], CeilDivide(served[pair], cost[pair]) - before);
                left[pair] -= tokens[source];
                any |= tokens[source] > 0;
            }

            if (any) steps.Add(Matchings.StepOf(targetOfSource, tokens));
        }

        return new Schedule(Name, steps);
    }

    private static long CeilDivide(long value, long divisor) => (value + divisor - 1) / divisor;

    // Time per token of each pair, divided by the common divisor: all ones when the ports are equal.
    private static long[] PairCosts(Fabric fabric, long tokenBytes)
    {
        var n = fabric.RankCount;
        var cost = new long[n * n];
        var common = 0L;
        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
            {
                var ps = Math.Max(1, fabric.PairRate(source, target).TransferPs(Math.Max(1, tokenBytes)));
                cost[(source * n) + target] = ps;
                common = Gcd(common, ps);
            }

        for (var k = 0; k < cost.Length; k++) cost[k] /= common;
        return cost;
    }

    private static long Gcd(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
