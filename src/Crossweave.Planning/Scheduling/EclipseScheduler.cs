using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Eclipse (SIGMETRICS 2016; scheduling spec 3.6): each step is the matching and duration that serve most per unit of time, the
/// reconfiguration delay of the fabric included; until everything is served. Details and ties: <see cref="EclipseSlicing"/>.
/// </summary>
/// <remarks>
/// Knows delta, so it trades few long steps against full ones. Works on time per pair (<see cref="PairWork"/>), so unequal ports are
/// weighted; delta 0 on packet fabrics. About ten assignments, O(n^3) each at worst, per step. Bad towards the end: the greedy leaves a
/// long sparse tail, each piece of which pays delta; on dense matrices 1.3 to 1.4 times the bound at delta = 1 % of the line load.
/// </remarks>
public sealed class EclipseScheduler : IScheduler
{
    public string Name => "eclipse";

    public string Summary => "Eclipse: the matching and duration that serve most per time, delay included";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var work = new PairWork(problem);
        var slicing = new EclipseSlicing(work.Size);
        slicing.Start(work.Matrix(), problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0, work.UnitPs);
        var steps = new List<Step>();
        var targetOfSource = new int[work.Size];
        while (slicing.Next(targetOfSource) is > 0 and var duration)
            if (work.Carry(targetOfSource, duration) is { } step)
                steps.Add(step);
        return new Schedule(Name, PlaneSpread.Over(steps, problem, mayCut: true));
    }
}
