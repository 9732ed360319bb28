using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>When the launches of a plan end, for given arrivals; the planner's own arithmetic.</summary>
internal static class LaunchClock
{
    /// <returns>[step, rank] -> end of the launch that computes what the step brings to the rank; 0 where it brings nothing.</returns>
    public static long[] EndOfCell(LayerProblem problem, ArrivalTable table, LaunchPlan plan)
    {
        var n = table.RankCount;
        var ends = new long[table.StepCount * n];
        if (plan.InLockstep)
        {
            var now = 0L;
            for (var g = 0; g < plan.LaunchesOfRank[0].Count; g++)
            {
                var launch = plan.LaunchesOfRank[0][g];
                var start = Math.Max(now, launch.HasSteps ? table.StepEndPs[launch.LastStep] : 0);
                for (var j = 0; j < n; j++) now = Math.Max(now, start + problem.ComputeOfRank[j].LaunchPs(RowsOf(table, launch, j)));
                for (var m = launch.FirstStep; m <= launch.LastStep; m++) ends.AsSpan(m * n, n).Fill(now);
            }

            return ends;
        }

        for (var j = 0; j < n; j++)
        {
            var free = 0L;
            foreach (var launch in plan.LaunchesOfRank[j])
            {
                var rows = RowsOf(table, launch, j);
                if (rows == 0) continue;
                for (var m = launch.FirstStep; m <= launch.LastStep; m++) free = Math.Max(free, table.ArrivalPs[(m * n) + j]);
                free += problem.ComputeOfRank[j].LaunchPs(rows);
                for (var m = launch.FirstStep; m <= launch.LastStep; m++) ends[(m * n) + j] = free;
            }
        }

        return ends;
    }

    private static long RowsOf(ArrivalTable table, PlannedLaunch launch, int rank)
    {
        var rows = launch.TakesLocalRows ? table.LocalRows[rank] : 0;
        for (var m = launch.FirstStep; m <= launch.LastStep; m++) rows += table.Rows[(m * table.RankCount) + rank];
        return rows;
    }
}
