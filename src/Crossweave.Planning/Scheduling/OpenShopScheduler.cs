using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
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
        var work = new ExchangeWork(problem);
        var n = work.Size;
        var stuffed = work.Units.ToArray();
        LineSums.StuffQuick(stuffed, n);
        var (phases, durations) = BvnSinkhornScheduler.Decompose(stuffed, n, n <= LongPhasesUpTo ? MatchingRule.Bottleneck : MatchingRule.HeavyFirst);
        return new Schedule(Name, PlaneSpread.Over(work.Cover(phases, durations), problem, mayCut: true));
    }
}
