using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;

namespace Crossweave.Simulation.Layer;

/// <summary>
/// Every rank computes on its own (modes a and c of scheduling spec 2.1): one launch per step that brought it rows, started when its own
/// rows of that step are there and its launch before is over. A combine step waits only for the launches whose rows it returns.
/// </summary>
public sealed class OverlapAsync(EvaluatorOptions options) : LayerEvaluator(options)
{
    public override string Name => "overlap-async";

    public override string Summary => "every rank launches what a step brought as soon as it is there; nobody waits for other ranks";

    private protected override void Launch(LayerProblem problem, DispatchRun dispatch, LaunchTimes launches)
    {
        var n = dispatch.RankCount;
        for (var j = 0; j < n; j++)
        {
            var profile = problem.ComputeOfRank[j];
            var local = dispatch.LocalRowsOfRank[j];
            var joined = local == 0 || Options.Local == LocalRows.OwnLaunch ? -1 : StepWithRows(dispatch, j, last: Options.Local == LocalRows.JoinedLast);
            var now = 0L;
            if (local > 0 && joined < 0) launches.Add(j, -1, local, 0, now = profile.LaunchPs(local));
            for (var m = 0; m < dispatch.StepCount; m++)
            {
                var cell = (m * n) + j;
                var rows = dispatch.Rows[cell] + (m == joined ? local : 0);
                if (rows == 0) continue;
                var start = Math.Max(now, dispatch.ArrivalPs[cell]);
                now = start + profile.LaunchPs(rows);
                launches.Add(j, m, rows, start, now);
                launches.EndPs[cell] = now;
            }
        }
    }

    protected override IReadOnlyList<LowerBound> Bounds(LayerProblem problem) => LayerBounds.Overlapped(problem);

    // First or last step that brings the rank rows; -1 when none does.
    private static int StepWithRows(DispatchRun dispatch, int rank, bool last)
    {
        for (var i = 0; i < dispatch.StepCount; i++)
        {
            var m = last ? dispatch.StepCount - 1 - i : i;
            if (dispatch.Rows[(m * dispatch.RankCount) + rank] > 0) return m;
        }

        return -1;
    }
}
