using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Birkhoff-von Neumann on the QuickStuff matrix (scheduling spec 3.3, 3.4): stuff the off-diagonal matrix until all line sums equal the
/// largest, take a perfect matching on its positive entries by the given rule, subtract its smallest entry, until nothing is left.
/// Matchings of dummies alone are dropped, and each other one lasts as long as its largest real transfer.
/// </summary>
/// <remarks>
/// <para>Integers throughout: at most n^2 - 2n + 2 steps and, with equal ports and delta = 0, exactly the port bound. Unequal ports are
/// weighted to PAIR as in <see cref="OpenShopScheduler"/>. Cost and ties of each rule: <see cref="BirkhoffDecomposition"/>.</para>
/// <para>Bad when delta or the floor of a launch counts: on dense n = 32 with delta = 1 % of the line load about twice the bound.</para>
/// </remarks>
public sealed class BvnScheduler(string name, string summary, MatchingRule rule) : IScheduler
{
    /// <summary>The smallest entry of each matching as large as possible: the fewest steps of the family.</summary>
    public static readonly BvnScheduler Bottleneck =
        new("bvn-bottleneck", "Birkhoff-von Neumann on the stuffed matrix, matchings with the largest smallest entry", MatchingRule.Bottleneck);

    /// <summary>The heaviest perfect matching. Tends to leave small entries behind, so it takes more steps than bottleneck.</summary>
    public static readonly BvnScheduler MaxWeight =
        new("bvn-max-weight", "Birkhoff-von Neumann on the stuffed matrix, matchings of largest weight", MatchingRule.MaxWeight);

    /// <summary>
    /// Birkhoff+ (Valls, Iosifidis and Tassiulas, arXiv 2011.02752, ToN 2021; scheduling spec 3.7): Frank-Wolfe directions with a barrier
    /// that keeps away from small entries. The paper stops at an accuracy; here every token has to travel, so it runs to the end.
    /// </summary>
    public static readonly BvnScheduler BirkhoffPlus =
        new("birkhoff-plus", "Birkhoff+: matchings by Frank-Wolfe steps with a barrier, on the stuffed matrix", MatchingRule.Barrier);

    public string Name => name;

    public string Summary => summary;

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => new(Name, Steps(problem, rule));

    /// <summary>The steps under a matching rule, spread over the planes.</summary>
    internal static IReadOnlyList<Step> Steps(SchedulingProblem problem, MatchingRule rule)
    {
        var work = new PairWork(problem);
        var stuffed = work.Matrix();
        LineSums.StuffQuick(stuffed, work.Size);
        var decomposition = new BirkhoffDecomposition(work.Size);
        decomposition.Start(stuffed, rule);
        var steps = new List<Step>();
        var targetOfSource = new int[work.Size];
        while (decomposition.Next(targetOfSource) is > 0 and var duration)
            if (work.Carry(targetOfSource, duration) is { } step)
                steps.Add(step);
        return PlaneSpread.Over(steps, problem, mayCut: true);
    }
}
