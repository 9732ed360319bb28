using Crossweave.Core.Layers;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Bounds of a whole layer for the modes in which all dispatch steps precede all combine steps (scheduling spec 2.1, network mode a). Valid for
/// every schedule of the exchanges, split or whole, on circuit and packet fabrics. O(exchanges x ranks^2).
/// </summary>
public static class LayerBounds
{
    /// <summary>
    /// One launch per rank, between the whole dispatch and the whole combine: the three phases simply add up.
    /// </summary>
    public static IReadOnlyList<LowerBound> Separate(LayerProblem problem)
    {
        var exchanges = new ExchangeLines(problem);
        var network = Network(exchanges, 0);
        var compute = ComputeBound.OneLaunch(problem);
        return [network, compute, new LowerBound("sequential", network.Value + compute.Value, $"{network.Bottleneck}, then {compute.Bottleneck}")];
    }

    /// <summary>
    /// One launch per rank, each started when its own last rows are there: per rank, last arrival, the launch, then its returns.
    /// </summary>
    public static IReadOnlyList<LowerBound> OneLaunchPerRank(LayerProblem problem)
    {
        var exchanges = new ExchangeLines(problem);
        var rows = ComputeBound.RowsOfRank(problem);
        var first = exchanges.FirstReturn(j => exchanges.LastArrivalPs(j) + problem.ComputeOfRank[j].LaunchPs(rows[j]));
        var (best, rank) = (0L, 0);
        for (var j = 0; j < rows.Length; j++)
        {
            if (rows[j] == 0) continue;
            var launched = exchanges.LastArrivalPs(j) + problem.ComputeOfRank[j].LaunchPs(rows[j]);
            var path = exchanges.AfterLastReturn(j, Math.Max(launched, exchanges.DispatchPs), launched);
            if (path > best) (best, rank) = (path, j);
        }

        return [Network(exchanges, first), ComputeBound.OneLaunch(problem), new LowerBound("critical-path", new SimTime(best), $"rank {rank}: last arrival, launch, returns")];
    }

    /// <summary>
    /// Any launches per rank, overlapping communication (scheduling spec 7.5 and 7.7). A rank without local rows starts after its first
    /// arrival; all its launches follow one another; its last arrival still needs a launch; its last launch still needs a return.
    /// </summary>
    /// <param name="problem">The layer.</param>
    /// <param name="lastLaunchReturns">False when the last launch of a rank may hold local rows only (local rows joined to the last step).</param>
    public static IReadOnlyList<LowerBound> Overlapped(LayerProblem problem, bool lastLaunchReturns = true)
    {
        var exchanges = new ExchangeLines(problem);
        var first = exchanges.FirstReturn(j => exchanges.FirstArrivalPs(j) + problem.ComputeOfRank[j].SmallestLaunchPs);
        return
        [
            Network(exchanges, first), ComputeBound.CheapestSplit(problem), CriticalPath.Of(problem, exchanges, lastLaunchReturns),
            CriticalPath.SendingTail(problem, exchanges, separate: true), CriticalPath.ReceivingTail(problem, exchanges, separate: true),
        ];
    }

    /// <summary>
    /// Valid in every mode, also when dispatch and combine share the ports and interleave (mode b; scheduling spec 7.5 to 7.7): no port
    /// carries both phases faster, no rank computes its rows cheaper, and no rank's chain of arrival, launch and return is shorter.
    /// </summary>
    public static IReadOnlyList<LowerBound> Interleaved(LayerProblem problem) =>
        [SharedPortBound.Of(problem), ComputeBound.CheapestSplit(problem), new InterleavedLines(problem).CriticalPath()];

    // All dispatch exchanges one after another, then all combine exchanges, which cannot begin before the first return is ready.
    private static LowerBound Network(ExchangeLines exchanges, long firstReturnPs)
    {
        var value = Math.Max(exchanges.DispatchPs, firstReturnPs) + exchanges.CombinePs;
        return new LowerBound("network", new SimTime(value), exchanges.LongestExchange);
    }
}
