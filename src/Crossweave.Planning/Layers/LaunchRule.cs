using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>When a rank that does not know its arrivals beforehand closes its launches: in order, each at a number of arrived rows.</summary>
/// <param name="ClosingRows">Arrived rows (local ones not counted) at which the launch closes; ascending, the last one is everything.</param>
/// <param name="TakesLocal">Whether the local rows join it.</param>
/// <param name="IsLocalAlone">A launch of the local rows alone, placed when the launch before it has closed.</param>
internal readonly record struct ClosingPoint(long ClosingRows, bool TakesLocal, bool IsLocalAlone);

internal static class LaunchRule
{
    /// <summary>The rule that repeats planned launches for arrivals like those of the table.</summary>
    public static ClosingPoint[] From(IReadOnlyList<PlannedLaunch> launches, ArrivalTable table, int rank)
    {
        var points = new ClosingPoint[launches.Count];
        var (rows, step) = (0L, 0);
        for (var l = 0; l < points.Length; l++)
        {
            for (; launches[l].HasSteps && step <= launches[l].LastStep; step++) rows += table.Rows[(step * table.RankCount) + rank];
            points[l] = new ClosingPoint(rows, launches[l].TakesLocalRows, !launches[l].HasSteps);
        }

        return points;
    }
}
