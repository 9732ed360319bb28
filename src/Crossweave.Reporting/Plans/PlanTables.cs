using System.Globalization;
using Crossweave.Core.Pipeline;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Plans;

/// <summary>The tables of the main job, for console, Markdown, CSV and the report alike.</summary>
public static class PlanTables
{
    /// <summary>
    /// Planner x scheduler x evaluator, fastest first (ties in the order they were asked for); the choice is marked. What the fabric
    /// cannot execute comes after all that it can and is never marked as best.
    /// </summary>
    public static Table Methods(PlanResult plan)
    {
        var facts = new PlanFacts(plan);
        var rows = new List<(PlannerResult Planner, ScheduleResult Schedule)>();
        foreach (var planner in plan.Planners)
            foreach (var schedule in planner.Schedules)
                rows.Add((planner, schedule));
        var ordered = rows.OrderBy(r => !PlanFacts.IsCandidate(plan, r.Schedule)).ThenBy(r => r.Schedule.TotalPs).ToList(); // stable
        var table = new Table("Methods, judged on held-out tokens",
        [
            new("planner", true), new("scheduler", true), new("evaluator", true),
            new("makespan / bound", Hint: "sum of predicted layer times over the sum of their best lower bounds; 1 is optimal"),
            new("layer time", Hint: "predicted time of all MoE layers together: dispatch, expert compute, combine"),
            new("vs. first", Hint: "predicted time of the first planner with the same scheduler and evaluator over this one"),
            new("steps", Hint: "dispatch plus combine steps per layer, mean"),
            new("max / mean", Hint: "rows of the busiest rank over the mean rank, mean over layers"),
            new("C_T", Hint: "distinct ranks per token"),
            new("C_R", Hint: "distinct ranks per token other than its own"),
            new("wire bytes", Hint: "bytes that cross a port, dispatch plus combine, all layers"),
            new("cross-node", Hint: "share of the wire bytes that leave their node"),
            new("fetched", Hint: "experts that ranks must fetch when coming from the first planner's placement, all layers"),
        ]);
        if (ordered.Count == 0) return table;
        var candidates = ordered.Where(r => PlanFacts.IsCandidate(plan, r.Schedule)).Select(r => r.Schedule).DefaultIfEmpty(ordered[0].Schedule).ToList();
        var slowest = Math.Max(1, ordered.Max(r => r.Schedule.TotalPs));
        var best = new
        {
            Time = candidates[0].TotalPs,
            Gap = candidates.Min(s => s.Gap),
            Balance = ordered.Min(r => PlanFacts.Mean(r.Planner.MaxOverMeanRank)),
            Ranks = ordered.Min(r => PlanFacts.Mean(r.Planner.DistinctRanks)),
            Remote = ordered.Min(r => PlanFacts.Mean(r.Planner.RemoteRanks)),
            Wire = ordered.Min(r => r.Planner.WireBytes.Sum()),
            Cross = ordered.Min(r => PlanFacts.CrossNodeShare(r.Planner)),
        };
        foreach (var (planner, schedule) in ordered)
        {
            var total = schedule.TotalPs;
            var candidate = PlanFacts.IsCandidate(plan, schedule);
            var wire = planner.WireBytes.Sum();
            table.Add(
                planner.Planner, schedule.Scheduler, schedule.Evaluator,
                Value(schedule.Gap, 3, candidate ? best.Gap : double.NaN),
                new Cell(ReportText.Time(total), Raw(total), candidate && total == best.Time, (double)total / slowest),
                SpeedupCell(plan, schedule),
                Value(schedule.StepCount.Length == 0 ? 0 : schedule.StepCount.Average(), 1),
                Value(PlanFacts.Mean(planner.MaxOverMeanRank), 3, best.Balance),
                Value(PlanFacts.Mean(planner.DistinctRanks), 3, best.Ranks),
                Value(PlanFacts.Mean(planner.RemoteRanks), 3, best.Remote),
                new Cell(ReportText.Size(wire), Raw(wire), wire == best.Wire),
                Share(PlanFacts.CrossNodeShare(planner), best.Cross),
                new Cell(ReportText.Count(planner.FetchedExperts), Raw(planner.FetchedExperts)));
            if (facts.IsChoice(planner, schedule)) table.MarkLast();
        }

        return table;
    }

    /// <summary>One row per planner: what the placement alone does, planning part beside held-out part.</summary>
    public static Table Planners(PlanResult plan)
    {
        var table = new Table("Placements",
        [
            new("planner", true),
            new("max / mean, held out", Hint: "busiest rank over mean rank, mean over layers, tokens the planner has not seen"),
            new("worst layer", Hint: "the largest of these over all layers"),
            new("max / mean, planned on", Hint: "the same on the tokens it was planned on; much lower means overfitting"),
            new("busiest / mean, all layers", Hint: "sum of the busiest ranks over sum of the means: what perfect balance could gain at most"),
            new("C_T"), new("C_R"), new("wire bytes"), new("cross-node"), new("fetched experts"),
            new("best layer time", Hint: "over all schedulers that the fabric can execute, and all evaluators"),
        ]);
        if (plan.Planners.Count == 0) return table;
        var bestBalance = plan.Planners.Min(p => PlanFacts.Mean(p.MaxOverMeanRank));
        var bestWire = plan.Planners.Min(p => p.WireBytes.Sum());
        var bestTime = plan.Planners.Min(p => PlanFacts.BestTime(plan, p));
        foreach (var p in plan.Planners)
        {
            var wire = p.WireBytes.Sum();
            var time = PlanFacts.BestTime(plan, p);
            table.Add(
                p.Planner,
                Value(PlanFacts.Mean(p.MaxOverMeanRank), 3, bestBalance),
                Value(p.MaxOverMeanRank.Length == 0 ? 0 : p.MaxOverMeanRank.Max(), 3),
                Value(PlanFacts.Mean(p.MaxOverMeanRankPlanned), 3),
                Value(PlanFacts.BusiestOverMean(p), 3),
                Value(PlanFacts.Mean(p.DistinctRanks), 3),
                Value(PlanFacts.Mean(p.RemoteRanks), 3),
                new Cell(ReportText.Size(wire), Raw(wire), wire == bestWire),
                Share(PlanFacts.CrossNodeShare(p)),
                new Cell(ReportText.Count(p.FetchedExperts), Raw(p.FetchedExperts)),
                time == long.MaxValue ? "–" : new Cell(ReportText.Time(time), Raw(time), time == bestTime));
            if (p.Planner == plan.Chosen.Planner) table.MarkLast();
        }

        return table;
    }

    /// <summary>One row per planner: what leaving the running placement costs and when it pays. Null when nothing runs yet.</summary>
    public static Table? Moves(PlanResult plan)
    {
        if (plan.Migration is not { } rules) return null;
        var table = new Table("Moving from the running placement",
        [
            new("planner", true),
            new("fetched experts", Hint: "experts that ranks do not hold yet, all layers"),
            new("of slots"),
            new("bytes", Hint: "weights fetched over all ranks"),
            new("time to move", Hint: "the rank that fetches most, plus the fixed stop"),
            new("best layer time", Hint: "all MoE layers, one batch; best of the schedules that the fabric can execute"),
            new("saves per batch"),
            new("pays after", Hint: "batches until the believed saving has paid for the move"),
            new("net over the horizon", Hint: "believed saving minus the time to move"),
        ]);
        var before = PlanFacts.BestTime(plan, plan.Planners[0]);
        foreach (var p in plan.Planners)
        {
            if (PlanFacts.BestTime(plan, p) is var time && (time == long.MaxValue || before == long.MaxValue)) continue;
            var (saving, slots) = ((before - time) * 1e-12, (double)plan.SlotCount * plan.LayerIds.Count);
            var (breakEven, net) = (rules.Horizon.BreakEven(saving, p.MoveSeconds), rules.Horizon.Net(saving, p.MoveSeconds));
            table.Add(
                p.Planner,
                new Cell(ReportText.Count(p.FetchedExperts), Raw(p.FetchedExperts)),
                ReportText.Percent(p.FetchedExperts / slots, 1),
                new Cell(ReportText.Size((long)(p.FetchedExperts * rules.Costs.ExpertBytes)), Raw(p.FetchedExperts * rules.Costs.ExpertBytes)),
                Seconds(p.MoveSeconds), new Cell(ReportText.Time(time), Raw(time)), Seconds(saving),
                p.FetchedExperts == 0 ? "–" : double.IsInfinity(breakEven) ? "never" : new Cell(ReportText.Count((long)Math.Ceiling(breakEven)), Raw(breakEven)),
                Seconds(net));
            if (p.Planner == plan.Chosen.Planner) table.MarkLast();
        }

        return table;
    }

    private static Cell Seconds(double seconds) =>
        new((seconds < 0 ? "-" : "") + ReportText.Time((long)Math.Round(Math.Abs(seconds) * 1e12)), Raw(seconds));

    /// <summary>One row per layer: the choice beside the baseline.</summary>
    public static Table Layers(PlanResult plan)
    {
        var facts = new PlanFacts(plan);
        var table = new Table("Layers under the chosen method",
        [
            new("layer"), new("layer time"), new("before"), new("makespan / bound"), new("steps"), new("max / mean"), new("before"),
            new("C_T"), new("before"), new("wire bytes"), new("bottleneck of the bound", true),
        ]);
        for (var l = 0; l < plan.LayerIds.Count; l++)
        {
            var (after, chosen, before) = (facts.ChosenSchedule, facts.Chosen, facts.Baseline);
            var gap = after.BoundPs[l] == 0 ? 1 : (double)after.MakespanPs[l] / after.BoundPs[l];
            table.Add(
                Raw(plan.LayerIds[l]),
                new Cell(ReportText.Time(after.MakespanPs[l]), Raw(after.MakespanPs[l])),
                facts.BaselineSchedule is { } b ? new Cell(ReportText.Time(b.MakespanPs[l]), Raw(b.MakespanPs[l])) : "–",
                Value(gap, 3),
                Raw(after.StepCount[l]),
                Value(chosen.MaxOverMeanRank[l], 3),
                Value(before.MaxOverMeanRank[l], 3),
                Value(chosen.DistinctRanks[l], 3),
                Value(before.DistinctRanks[l], 3),
                new Cell(ReportText.Size(chosen.WireBytes[l]), Raw(chosen.WireBytes[l])),
                after.Bottleneck[l]);
            if (l == plan.Detail.LayerIndex) table.MarkLast();
        }

        return table;
    }

    /// <summary>Every lower bound of the detail layer beside the makespan it bounds.</summary>
    public static Table Bounds(PlanResult plan)
    {
        var outcome = plan.Detail.Outcome;
        var table = new Table("Lower bounds of this layer", [new("bound", true), new("time"), new("makespan / bound"), new("caused by", true)]);
        foreach (var bound in outcome.Bounds.OrderByDescending(b => b.Value.Picoseconds))
        {
            var ps = bound.Value.Picoseconds;
            var gap = ps == 0 ? double.NaN : (double)outcome.Makespan.Picoseconds / ps;
            table.Add(bound.Name, new Cell(ReportText.Time(ps), Raw(ps)), Value(gap, 3), bound.Bottleneck);
        }

        return table;
    }

    private static Cell SpeedupCell(PlanResult plan, ScheduleResult schedule)
    {
        var first = plan.Planners[0].Schedules.FirstOrDefault(s => s.Scheduler == schedule.Scheduler && s.Evaluator == schedule.Evaluator);
        if (first is null || schedule.TotalPs == 0) return "–";
        var speedup = (double)first.TotalPs / schedule.TotalPs;
        return new Cell(ReportText.Times(speedup), Raw(speedup));
    }

    private static Cell Value(double value, int decimals, double best = double.NaN) =>
        new(ReportText.Fixed(value, decimals), Raw(value), IsBest: Math.Round(value, decimals) <= Math.Round(best, decimals)); // ties as shown

    private static Cell Share(double share, double best = double.NaN) => new(ReportText.Percent(share), Raw(share), IsBest: Math.Round(share, 3) <= Math.Round(best, 3));

    private static string Raw(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Raw(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
