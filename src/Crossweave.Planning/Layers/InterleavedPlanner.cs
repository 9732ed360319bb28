using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;

namespace Crossweave.Planning.Layers;

/// <summary>
/// Dispatch and combine share the ports and interleave, with mixed matchings, and every rank groups its own launches (modes b and c): the busiest
/// ports, which carry both phases, never wait for the end of the dispatch (scheduling spec 7.6).
/// </summary>
/// <remarks>
/// <para>The dispatch is cut anew: list scheduling (<see cref="NetworkRun"/>) decides slots and launches in one pass, from closing points per
/// rank. These come first from the best grouping for the given steps, then from the arrivals of the run before, and, with effort, from a
/// local search on the rank that ends last: a launch more, a launch less, or a boundary moved. The best run is kept; ties: the earlier.</para>
/// <para>For one exchange each way and one plane; anything else is planned by <see cref="GroupedPlanner"/>. Partial reconfiguration is treated as full,
/// so the plan is never late. Not always better than separate phases, hence a portfolio.</para>
/// </remarks>
public sealed class InterleavedPlanner(LayerEffort effort) : ILayerPlanner
{
    public string Name => "interleaved";

    public string Summary => "dispatch and combine share the ports in mixed matchings; every rank groups its own launches";

    public bool KeepsGivenSteps => false;

    public LayerSchedule Plan(LayerProblem problem, LayerSchedule given)
    {
        if (given.Dispatch.Count != 1 || problem.Fabric.PlaneCount != 1) return new GroupedPlanner(effort).Plan(problem, given);
        var search = new Search(problem, effort);
        search.Try(search.Rules(new ArrivalTable(problem, new StepPieces(problem, given.Dispatch, effort.Pieces).Dispatch)));
        for (var round = 1; round < effort.Rounds; round++)
            if (!search.Try(search.Rules(search.LastArrivals())))
                break;
        search.Try(search.OneLaunch());
        search.Improve(effort.Moves / Math.Max(1, problem.Traffic.RankCount / LayerEffort.RanksOfFullEffort));
        return search.Best!;
    }

    private sealed class Search(LayerProblem problem, LayerEffort effort)
    {
        private readonly NetworkRun _run = new(problem, 0, effort);
        private readonly RankGrouping _grouping = new(effort.Pieces);
        private readonly long[] _sendPs = new PortLines(problem.Traffic.Dispatch[0].Copies, problem.Fabric, problem.Traffic.DispatchCopyBytes).SendPs;
        private LayerSchedule? _last;
        private long _bestPs = long.MaxValue;
        private ClosingPoint[][] _bestRules = [];
        private int _criticalRank;

        public LayerSchedule? Best { get; private set; }

        public bool Try(ClosingPoint[][] rules)
        {
            _last = _run.Interleave(rules, "interleaved");
            if (_run.EndPs >= _bestPs) return false;
            (_bestPs, _bestRules, Best, _criticalRank) = (_run.EndPs, rules, _last, _run.LastRank);
            return true;
        }

        public ArrivalTable LastArrivals() => new(problem, _last!.Dispatch, _run.DispatchEndPs);

        // The best launches of each rank for these arrivals; its own dispatch keeps its send port busy first.
        public ClosingPoint[][] Rules(ArrivalTable table)
        {
            var rules = new ClosingPoint[table.RankCount][];
            for (var j = 0; j < rules.Length; j++) rules[j] = LaunchRule.From(_grouping.Launches(table, j, problem.ComputeOfRank[j], _sendPs[j]), table, j);
            return rules;
        }

        public ClosingPoint[][] OneLaunch()
        {
            var rows = ComputeBound.RowsOfRank(problem);
            var rules = new ClosingPoint[rows.Length][];
            for (var j = 0; j < rules.Length; j++)
            {
                var remote = rows[j] - problem.Traffic.Dispatch[0].Work[j, j];
                rules[j] = [new ClosingPoint(remote, TakesLocal: true, IsLocalAlone: remote == 0)];
            }

            return rules;
        }

        public void Improve(int moves)
        {
            var (tried, round) = (0, 0);
            while (tried < moves)
            {
                var rank = _criticalRank;
                var found = false;
                var points = _bestRules[rank];
                var total = points.Length == 0 ? 0 : points[^1].ClosingRows;
                var step = total >> (5 + round);
                if (step == 0) return;
                for (var l = points.Length - 1; l >= 0 && !found && tried < moves; l--)
                {
                    if (points[l].IsLocalAlone) continue;
                    var before = l == 0 ? 0 : points[l - 1].ClosingRows;
                    var after = Array.FindIndex(points, l + 1, p => !p.IsLocalAlone);
                    if (after > 0) found = Moved(points[l].ClosingRows + step) || Moved(points[l].ClosingRows - step);
                    if (l < points.Length - 1 && !found && tried < moves) found = Attempt([.. points[..l], Merged(points[l], points[l + 1]), .. points[(l + 2)..]]);
                    if (!found && tried < moves && points[l].ClosingRows - before >= 2)
                        found = Attempt([.. points[..l], new ClosingPoint(points[l].ClosingRows - Math.Max(1, (points[l].ClosingRows - before) / 4), false, false), .. points[l..]]);

                    bool Moved(long closing) =>
                        tried < moves && closing > before && closing < points[after].ClosingRows &&
                        Attempt([.. points[..l], points[l] with { ClosingRows = closing }, .. points[(l + 1)..]]);
                }

                if (!found) round++;

                bool Attempt(ClosingPoint[] changed)
                {
                    tried++;
                    var rules = (ClosingPoint[][])_bestRules.Clone();
                    rules[rank] = changed;
                    return Try(rules);
                }
            }
        }

        // The later launch with the rows of the earlier one; local rows alone join the launch before them.
        private static ClosingPoint Merged(ClosingPoint first, ClosingPoint second) =>
            (second.IsLocalAlone ? first : second) with { TakesLocal = first.TakesLocal || second.TakesLocal };
    }
}
