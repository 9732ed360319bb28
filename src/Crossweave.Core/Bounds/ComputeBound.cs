using Crossweave.Core.Layers;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Busiest rank (scheduling spec 7.5). A rank runs one launch at a time, so its rows cost at least the cheapest way to split them into
/// launches; when the mode fixes one launch per rank, they cost exactly that launch. O(ranks^2).
/// </summary>
public static class ComputeBound
{
    /// <summary>max over ranks of f*(rows). Tie: lowest rank.</summary>
    public static LowerBound CheapestSplit(LayerProblem problem) => Busiest(problem, (j, rows) => problem.ComputeOfRank[j].CheapestSplitPs(rows));

    /// <summary>max over ranks of f(rows): one launch per rank.</summary>
    public static LowerBound OneLaunch(LayerProblem problem) => Busiest(problem, (j, rows) => problem.ComputeOfRank[j].LaunchPs(rows));

    /// <summary>Rows computed at each rank, local ones included, over all dispatch exchanges.</summary>
    public static long[] RowsOfRank(LayerProblem problem)
    {
        var n = problem.Traffic.RankCount;
        var rows = new long[n];
        foreach (var exchange in problem.Traffic.Dispatch)
            for (var source = 0; source < n; source++)
            {
                var row = exchange.Work.Row(source);
                for (var j = 0; j < n; j++) rows[j] += row[j];
            }

        return rows;
    }

    private static LowerBound Busiest(LayerProblem problem, Func<int, long, long> costPs)
    {
        var rows = RowsOfRank(problem);
        var (best, rank) = (-1L, 0);
        for (var j = 0; j < rows.Length; j++)
        {
            var ps = costPs(j, rows[j]);
            if (ps > best) (best, rank) = (ps, j);
        }

        return new LowerBound("compute", new SimTime(best), $"compute of rank {rank}");
    }
}
