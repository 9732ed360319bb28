using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Everything at once on a packet switch: one step with all transfers at the constant rates d / T, where T is the port bound. Ends
/// exactly at the port bound, for unequal ports too (deployment spec 3.3). O(n^2). Impossible on circuit switches; needs rate
/// control and up to n - 1 concurrent flows per port.
/// </summary>
/// <remarks>
/// Registered under the names it goes by: the fluid limit, Ideal-A2A of arXiv 2605.26845 (max(row, column) of the off-diagonal
/// matrix x time per token, no congestion, no delay), and paced rates, the order-free answer to Aurora (arXiv 2410.17043).
/// </remarks>
public sealed class FluidScheduler(string name, string summary) : IScheduler
{
    public static readonly FluidScheduler Fluid = new("fluid", "everything at once at paced rates on a packet switch: the port bound");

    public static readonly FluidScheduler Ideal = new("ideal", "Ideal-A2A: congestion-free exchange on a packet switch, the busiest port decides");

    public static readonly FluidScheduler Paced = new("paced", "constant rate d / T for every flow on a packet switch, exact for unequal ports");

    public string Name => name;

    public string Summary => summary;

    public bool KeepsEntriesWhole => true;

    public Fabric TimedOn(Fabric fabric) => FabricKinds.PacketTwin(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng) => new(Name, Transfers.Together(problem.Demand));
}
