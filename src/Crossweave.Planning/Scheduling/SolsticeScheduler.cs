using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Solstice (Liu et al., CoNEXT 2015; scheduling spec 3.5): QuickStuff, then perfect matchings on entries above a threshold that is
/// halved whenever there is none. Purely optical here, so it continues until nothing is left. Dummies are dropped as in
/// <see cref="BvnScheduler"/>.
/// </summary>
/// <remarks>
/// Equal ports, delta = 0: exactly the port bound. At most n^2 - 2n + 2 steps, usually a few more than bottleneck matchings, but each
/// is found by repairing the one before: O(n^3 / 64) at worst. Unequal ports: PAIR, as there. Bad on dense matrices with delta: the low
/// bits of every entry end in many short steps. No ties beyond the fixed order of search.
/// </remarks>
public sealed class SolsticeScheduler : IScheduler
{
    public string Name => "solstice";

    public string Summary => "Solstice: perfect matchings above a halving threshold, on the stuffed matrix";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var work = new PairWork(problem);
        var stuffed = work.Matrix();
        LineSums.StuffQuick(stuffed, work.Size);
        var slicing = new SolsticeSlicing(work.Size);
        slicing.Start(stuffed);
        var steps = new List<Step>();
        var targetOfSource = new int[work.Size];
        while (slicing.Next(targetOfSource) is > 0 and var duration)
            if (work.Carry(targetOfSource, duration) is { } step)
                steps.Add(step);
        return new Schedule(Name, PlaneSpread.Over(steps, problem, mayCut: true));
    }
}
