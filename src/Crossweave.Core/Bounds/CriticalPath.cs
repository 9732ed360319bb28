using Crossweave.Core.Layers;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Chains of things that must follow one another at one rank (scheduling spec 7.7), for any launches per rank and any schedule, split or
/// whole. Each function is one chain; all hold whether or not dispatch and combine interleave, where nothing else is said.
/// Ties: lowest rank. O(exchanges x ranks^2) each.
/// </summary>
public static class CriticalPath
{
    /// <summary>The longer of <see cref="LastArrival(LayerProblem, bool)"/> and <see cref="AllLaunches(LayerProblem, bool)"/>, named "critical-path".</summary>
    public static LowerBound Of(LayerProblem problem, bool lastLaunchReturns = true) => Of(problem, new ExchangeLines(problem), lastLaunchReturns);

    internal static LowerBound Of(LayerProblem problem, ExchangeLines exchanges, bool lastLaunchReturns)
    {
        var (arrival, launches) = (LastArrival(problem, exchanges, lastLaunchReturns), AllLaunches(problem, exchanges, lastLaunchReturns));
        return launches.Value > arrival.Value ? launches : arrival;
    }

    /// <summary>
    /// The rank's receive port must have carried all its rows (with a reconfiguration per peer); the last of them still needs a launch
    /// of at least one row, and that launch a return of at least one row.
    /// </summary>
    /// <param name="problem">The layer.</param>
    /// <param name="lastLaunchReturns">False when the last launch of a rank may hold local rows only.</param>
    public static LowerBound LastArrival(LayerProblem problem, bool lastLaunchReturns = true) => LastArrival(problem, new ExchangeLines(problem), lastLaunchReturns);

    internal static LowerBound LastArrival(LayerProblem problem, ExchangeLines exchanges, bool lastLaunchReturns) =>
        Longest("critical-path", problem, "last arrival, a launch and its return", (j, rows) =>
            rows == exchanges.LocalRows(j)
                ? 0
                : exchanges.LastArrivalPs(j) + problem.ComputeOfRank[j].SmallestLaunchPs + (lastLaunchReturns ? exchanges.OneReturnPs(j) : 0));

    /// <summary>
    /// A rank without local rows starts after its first arrival; all its launches follow one another and cost at least the cheapest
    /// split of its rows; the last one still needs a return. Local rows may be computed last, so with local rows the return is relied on
    /// only when the mode computes them no later than remote ones.
    /// </summary>
    public static LowerBound AllLaunches(LayerProblem problem, bool lastLaunchReturns = true) => AllLaunches(problem, new ExchangeLines(problem), lastLaunchReturns);

    internal static LowerBound AllLaunches(LayerProblem problem, ExchangeLines exchanges, bool lastLaunchReturns) =>
        Longest("critical-path", problem, "all its launches, then a return", (j, rows) =>
        {
            var local = exchanges.LocalRows(j);
            return (local > 0 ? 0 : exchanges.FirstArrivalPs(j)) + problem.ComputeOfRank[j].CheapestSplitPs(rows) +
                (rows > local && (lastLaunchReturns || local == 0) ? exchanges.OneReturnPs(j) : 0);
        });

    /// <summary>
    /// Combine tail, sending side, "combine-tail-send": a rank returns nothing before its own first launch of remote rows has ended;
    /// from then on its send port carries all its returns.
    /// </summary>
    /// <param name="problem">The layer.</param>
    /// <param name="separate">
    /// Whether all combine exchanges follow the whole dispatch and begin with dark switches: then the tail starts no earlier than the
    /// dispatch ends and pays a reconfiguration per peer; otherwise one circuit per plane may be up already.
    /// </param>
    public static LowerBound SendingTail(LayerProblem problem, bool separate) => SendingTail(problem, new ExchangeLines(problem), separate);

    internal static LowerBound SendingTail(LayerProblem problem, ExchangeLines exchanges, bool separate) =>
        Longest("combine-tail-send", problem, "first launch, then all its returns", (j, _) => Tail(
            problem, exchanges, separate, c => exchanges.SendsBackPs(c, j, separate ? 0 : problem.Fabric.PlaneCount),
            _ => exchanges.FirstArrivalPs(j) + problem.ComputeOfRank[j].SmallestLaunchPs));

    /// <summary>
    /// Combine tail, receiving side, "combine-tail-receive": none of a rank's own rows comes back before the first launch that contains
    /// one of them has ended somewhere; from then on its receive port carries them all. Parameters as in <see cref="SendingTail(LayerProblem, bool)"/>.
    /// </summary>
    public static LowerBound ReceivingTail(LayerProblem problem, bool separate) => ReceivingTail(problem, new ExchangeLines(problem), separate);

    internal static LowerBound ReceivingTail(LayerProblem problem, ExchangeLines exchanges, bool separate) =>
        Longest("combine-tail-receive", problem, "first launch of one of its rows, then all of them back", (j, _) => Tail(
            problem, exchanges, separate, c => exchanges.GetsBackPs(c, j, separate ? 0 : problem.Fabric.PlaneCount),
            c => exchanges.FirstFinishElsewherePs(c, j, worker => problem.ComputeOfRank[worker].SmallestLaunchPs)), everyRank: true);

    private static long Tail(LayerProblem problem, ExchangeLines exchanges, bool separate, Func<int, long> busyPs, Func<int, long> firstFinishPs)
    {
        var best = 0L;
        for (var c = 0; c < problem.Traffic.Combine.Count; c++)
        {
            var busy = busyPs(c);
            if (busy == 0) continue;
            best = Math.Max(best, Math.Max(firstFinishPs(c), separate ? exchanges.DispatchPs : 0) + busy + (separate ? exchanges.AfterExchangePs(c) : 0));
        }

        return best;
    }

    // Over ranks that compute something; a rank may also wait for rows that only others compute.
    private static LowerBound Longest(string name, LayerProblem problem, string chain, Func<int, long, long> ps, bool everyRank = false)
    {
        var rows = ComputeBound.RowsOfRank(problem);
        var (best, bottleneck) = (0L, "none");
        for (var j = 0; j < rows.Length; j++)
        {
            if (rows[j] == 0 && !everyRank) continue;
            var value = ps(j, rows[j]);
            if (value > best) (best, bottleneck) = (value, $"rank {j}: {chain}");
        }

        return new LowerBound(name, new SimTime(best), bottleneck);
    }
}
