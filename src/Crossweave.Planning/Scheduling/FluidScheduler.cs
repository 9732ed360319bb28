using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Everything at once on a packet switch: one step with all transfers at the constant rates d / T, where T is the port bound. Ends
/// exactly at the port bound, for unequal ports too (deployment spec 3.3). O(n^2). Impossible on circuit switches; needs rate
/// control and up to n - 1 concurrent flows per port.
/// </summary>
public sealed class FluidScheduler : IScheduler
{
    public string Name => "fluid";

    public string Summary => "everything at once at paced rates on a packet switch: the port bound";

    public bool KeepsEntriesWhole => true;

    public Fabric TimedOn(Fabric fabric) => FabricKinds.PacketTwin(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => new(Name, AllAtOnce.Steps(problem.Demand));
}
