using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// The reference executor of scheduling spec 2.3 (modes a and d): when step m is over and the launches of step m - 1 are over on every
/// rank, all ranks compute the rows of step m together; the slowest rank ends the launch for all. Combine step m waits for launch m.
/// </summary>
public sealed class OverlapBarrier(EvaluatorOptions options) : LayerEvaluator(options)
{
    public override string Name => "overlap-barrier";

    public override string Summary => "launches of step m overlap step m + 1; every launch waits for the slowest rank";

    private protected override void Launch(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches)
    {
        var n = dispatch.RankCount;
        var local = dispatch.LocalRowsOfRank;
        var now = 0L;
        if (Options.Local == LocalRows.OwnLaunch || dispatch.StepCount == 0) now = Together(problem, launches, -1, 0, j => local[j]);
        var joined = Options.Local switch { LocalRows.JoinedFirst => 0, LocalRows.JoinedLast => dispatch.StepCount - 1, _ => -1 };
        for (var m = 0; m < dispatch.StepCount; m++)
        {
            var (row, withLocal) = (m * n, m == joined);
            now = Together(problem, launches, m, Math.Max(now, dispatch.Steps[m].EndPs), j => dispatch.Rows[row + j] + (withLocal ? local[j] : 0));
            launches.EndPs.AsSpan(row, n).Fill(now);
        }
    }

    protected override IReadOnlyList<LowerBound> Bounds(LayerProblem problem) => LayerBounds.Overlapped(problem, Options.Local != LocalRows.JoinedLast);

    // Returns when the slowest rank is done; the start when no rank has rows.
    private static long Together(LayerProblem problem, LaunchTimes launches, int step, long start, Func<int, long> rowsOfRank)
    {
        var end = start;
        for (var j = 0; j < problem.Traffic.RankCount; j++)
        {
            var rows = rowsOfRank(j);
            if (rows == 0) continue;
            var done = start + problem.ComputeOfRank[j].LaunchPs(rows);
            launches.Add(j, step, rows, start, done);
            end = Math.Max(end, done);
        }

        return end;
    }
}
