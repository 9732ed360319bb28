using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Greedy max-weight decomposition (arXiv 2605.26845; scheduling spec 3.2): the maximum-weight matching of what is left carries each
/// of its entries completely, until nothing is left. Executed in extraction order; on parallel switches spread by <see cref="PlaneSpread"/>, entries still whole.
/// </summary>
/// <remarks>
/// At most 2 D - 1 matchings for at most D non-zeros per line. Cost: one warm-started assignment per matching, O(n^3) each at worst.
/// Ties: lexicographically smallest assignment (see <see cref="MaxWeightPeeling"/>). Weights are tokens, on unequal ports too, so
/// there a matching may wait for a slow pair. Bad on sparse or skewed matrices (whole entries cannot reach the port bound: 1.2-1.5
/// times) and with small batches (one launch per matching).
/// </remarks>
public sealed class GreedyMaxWeightScheduler : IScheduler
{
    public string Name => "greedy-max-weight";

    public string Summary => "maximum-weight matchings that carry their entries whole";

    public bool KeepsEntriesWhole => true;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var n = problem.Demand.RankCount;
        var peeling = new MaxWeightPeeling();
        peeling.Start(problem.Demand.Cells, n, skipDiagonal: true);
        var steps = new List<Step>(n);
        var columnOfRow = new int[n];
        var carried = new long[n];
        while (peeling.Next(columnOfRow, carried)) steps.Add(Matchings.StepOf(columnOfRow, carried));
        return new Schedule(Name, PlaneSpread.Over(steps, problem, mayCut: false));
    }
}
