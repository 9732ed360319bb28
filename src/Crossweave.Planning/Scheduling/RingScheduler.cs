using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// The all-to-all on a static two-directional ring, the baseline of arXiv 2605.26845 (scheduling spec 4): one step with all transfers,
/// which takes the time of the optimal flow, every pair free to split over both ways at half the port bandwidth each. The
/// publication leaves the direction open; this reading fits its figures. Cost: a linear program, 30 ms or so at n = 64. Bad because every
/// token uses the links of all ranks it passes.
/// </summary>
public sealed class RingScheduler : IScheduler
{
    public string Name => "ring";

    public string Summary => "all-to-all on a static two-directional ring: optimal flow, no switching";

    public bool KeepsEntriesWhole => true;

    public Fabric TimedOn(Fabric fabric) => Ring.Over(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => new(Name, Transfers.Together(problem.Demand));
}

/// <summary>The same on a ring that runs one way with the whole port bandwidth: no choice of way, so no program to solve. O(n^2).</summary>
public sealed class OneWayRingScheduler : IScheduler
{
    public string Name => "ring-one-way";

    public string Summary => "all-to-all on a static one-directional ring of full bandwidth";

    public bool KeepsEntriesWhole => true;

    public Fabric TimedOn(Fabric fabric) => OneWayRing.Over(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => new(Name, Transfers.Together(problem.Demand));
}
