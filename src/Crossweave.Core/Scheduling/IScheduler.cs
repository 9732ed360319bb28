using Crossweave.Algorithms;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Scheduling;

/// <summary>One exchange to be scheduled. The diagonal of the demand is local and is never scheduled.</summary>
/// <param name="Demand">Tokens per (source, target).</param>
/// <param name="TokenBytes">Bytes of one token on the wire.</param>
/// <param name="Fabric">Ports and reconfiguration delay.</param>
public sealed record SchedulingProblem(TrafficMatrix Demand, Bytes TokenBytes, Fabric Fabric);

/// <summary>Cuts an exchange into ordered steps. Stateless; registered in <c>Schedulers.All</c>.</summary>
public interface IScheduler
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <summary>True when every entry of the matrix is carried in one step (the whole-entry bound applies).</summary>
    bool KeepsEntriesWhole { get; }

    /// <summary>
    /// The fabric on which the steps of this scheduler are timed. The given one, unless the method cannot use it: methods whose steps
    /// share ports are timed on the packet twin of a circuit fabric.
    /// </summary>
    Fabric TimedOn(Fabric fabric) => fabric;

    Schedule Schedule(SchedulingProblem problem, Prng prng);
}
