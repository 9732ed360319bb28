using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Bound for circuit schedules that carry every entry in one step (scheduling spec 7.4). A line with t entries occupies t different
/// steps, so the t-th longest step lasts at least as long as the t-th largest entry of any line, and each of these steps needs a
/// configuration. Parallel planes share the sum. Needs steps that wait for each other on their plane: full reconfiguration.
/// O(ranks^2 log ranks).
/// </summary>
public static class WholeEntryBound
{
    /// <summary>Valid on circuit fabrics only: steps that share ports can carry several entries of a line.</summary>
    public static LowerBound Of(SchedulingProblem problem)
    {
        var (demand, fabric) = (problem.Demand, problem.Fabric);
        if (!fabric.IsCircuitSwitched) throw new ArgumentException("the whole-entry bound needs one peer per port");
        if (fabric.ReconfiguresPartially) throw new ArgumentException("ports that change alone have no steps");
        var n = demand.RankCount;
        var longest = new long[n]; // [t] = largest t-th entry of any line
        var lineOf = new string[n];
        var line = new long[n];
        for (var rank = 0; rank < n; rank++)
        {
            for (var peer = 0; peer < n; peer++) line[peer] = EntryPs(problem, rank, peer);
            Merge(line, longest, lineOf, "send", rank);
            for (var peer = 0; peer < n; peer++) line[peer] = EntryPs(problem, peer, rank);
            Merge(line, longest, lineOf, "receive", rank);
        }

        var delay = fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        var sum = 0L;
        foreach (var t in longest)
            if (t > 0)
                sum = checked(sum + t + delay);
        return new LowerBound("whole-entry", new SimTime((sum + fabric.PlaneCount - 1) / fabric.PlaneCount), lineOf[0] ?? "none");
    }

    private static long EntryPs(SchedulingProblem problem, int source, int target)
    {
        var tokens = problem.Demand[source, target];
        return source == target || tokens == 0
            ? 0
            : problem.Fabric.PairRate(source, target).TransferPs(checked(tokens * problem.TokenBytes.Value));
    }

    private static void Merge(long[] line, long[] longest, string[] lineOf, string side, int rank)
    {
        Array.Sort(line);
        for (var t = 0; t < line.Length; t++)
        {
            var entry = line[line.Length - 1 - t];
            if (entry <= longest[t]) continue;
            longest[t] = entry;
            if (t == 0) lineOf[0] = $"{side} port of rank {rank}, with its largest entry";
        }
    }
}
