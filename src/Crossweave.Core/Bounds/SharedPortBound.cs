using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Dispatch and combine together need every port, however they interleave (scheduling spec 7.6): a send port carries what its rank
/// dispatches and what it returns, and meets every peer of either phase at least once. This is the port bound of the sum of all
/// exchanges. Valid in every mode; strictly separate phases have the stronger "network" bound. O(exchanges x ranks^2).
/// </summary>
public static class SharedPortBound
{
    public static LowerBound Of(LayerProblem problem)
    {
        var traffic = problem.Traffic;
        var n = traffic.RankCount;
        var bytes = new long[n * n];
        foreach (var exchange in traffic.Dispatch) Add(bytes, exchange.Copies, traffic.DispatchCopyBytes);
        foreach (var exchange in traffic.Combine) Add(bytes, exchange.Copies, traffic.CombineCopyBytes);
        var lines = new PortLines(new TrafficMatrix(n, bytes), problem.Fabric, new Bytes(1));
        return PortBound.WithReconfiguration(lines) with { Name = "shared-ports" };
    }

    private static void Add(long[] bytes, TrafficMatrix copies, Bytes copyBytes)
    {
        var cells = copies.Cells;
        for (var i = 0; i < cells.Length; i++) bytes[i] = checked(bytes[i] + (cells[i] * copyBytes.Value));
    }
}
