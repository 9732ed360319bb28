using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;

namespace Crossweave.Simulation.Layer;

/// <summary>Strictly one after the other: whole dispatch, one launch per rank (local rows included), the slowest launch, whole combine.</summary>
public sealed class NoOverlapBarrier(EvaluatorOptions options) : LayerEvaluator(options)
{
    public override string Name => "no-overlap-barrier";

    public override string Summary => "whole dispatch, one launch per rank, whole combine; all ranks wait for the slowest";

    private protected override void Launch(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches)
    {
        OneLaunch.Place(problem, dispatch, launches, _ => dispatch.EndPs);
        Array.Fill(launches.EndPs, launches.LastEndPs);
    }

    protected override IReadOnlyList<LowerBound> Bounds(LayerProblem problem) => LayerBounds.Separate(problem);
}

/// <summary>
/// One launch per rank, started when the rank's own last rows are there; a combine step waits only for the ranks that send in it.
/// </summary>
public sealed class NoOverlapAsync(EvaluatorOptions options) : LayerEvaluator(options)
{
    public override string Name => "no-overlap-async";

    public override string Summary => "one launch per rank after its own last arrival; combine steps wait for their senders only";

    private protected override void Launch(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches)
    {
        var n = dispatch.RankCount;
        var arrival = new long[n];
        for (var cell = 0; cell < dispatch.ArrivalPs.Length; cell++) arrival[cell % n] = Math.Max(arrival[cell % n], dispatch.ArrivalPs[cell]);
        OneLaunch.Place(problem, dispatch, launches, j => arrival[j]);
    }

    protected override IReadOnlyList<LowerBound> Bounds(LayerProblem problem) => LayerBounds.OneLaunchPerRank(problem);
}

internal static class OneLaunch
{
    /// <summary>All rows of a rank in one launch that starts at the given time.</summary>
    public static void Place(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches, Func<int, long> startPs)
    {
        var n = dispatch.RankCount;
        for (var j = 0; j < n; j++)
        {
            var (rows, last) = (dispatch.LocalRowsOfRank[j], -1);
            for (var m = 0; m < dispatch.StepCount; m++)
            {
                if (dispatch.Rows[(m * n) + j] == 0) continue;
                rows += dispatch.Rows[(m * n) + j];
                last = m;
            }

            if (rows == 0) continue;
            var end = startPs(j) + problem.ComputeOfRank[j].LaunchPs(rows);
            launches.Add(j, last, rows, startPs(j), end);
            for (var m = 0; m <= last; m++) launches.EndPs[(m * n) + j] = end;
        }
    }
}
