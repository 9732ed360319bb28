using Crossweave.Core.Bounds;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Layers;

/// <summary>The reference that published layer times are divided by.</summary>
public static class IdealLayer
{
    /// <summary>
    /// Congestion-free exchanges without reconfiguration, one launch per rank, nothing overlapped: the sum of the exchanges' port bounds
    /// and the longest launch (scheduling spec 2.3 step 6, generalised to several exchanges and unequal ports). Not a lower bound of
    /// overlapped layers.
    /// </summary>
    public static SimTime NonOverlapped(LayerProblem problem)
    {
        var traffic = problem.Traffic;
        var network = traffic.Dispatch.Sum(e => Exchange(e, traffic.DispatchCopyBytes)) + traffic.Combine.Sum(e => Exchange(e, traffic.CombineCopyBytes));
        return new SimTime(network) + ComputeBound.OneLaunch(problem).Value;

        long Exchange(Exchange exchange, Bytes copyBytes)
        {
            var lines = new PortLines(exchange.Copies, problem.Fabric, copyBytes);
            return Math.Max(PortBound.Of(lines).Value.Picoseconds, NodeBound.Of(lines).Value.Picoseconds);
        }
    }
}
