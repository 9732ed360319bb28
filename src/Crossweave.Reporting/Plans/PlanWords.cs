using Crossweave.Core.Pipeline;
using Crossweave.Core.Traffic;

namespace Crossweave.Reporting.Plans;

/// <summary>Sentences about a plan that follow from its numbers only; the console prints the same headline as the report.</summary>
public static class PlanWords
{
    /// <summary>
    /// What was chosen, what it gains against the baseline, and how far it is from the bound. "Of the same kind": the bound of a
    /// schedule that keeps entries whole does not hold for one that splits them.
    /// </summary>
    public static string Headline(PlanFacts facts)
    {
        var plan = facts.Plan;
        var schedule = facts.ChosenSchedule;
        var method = $"{plan.Chosen.Planner} with {plan.Chosen.Scheduler} ({plan.Chosen.Evaluator})";
        var time = $"{ReportText.Time(schedule.TotalPs)} for {PlanReport.Many(plan.LayerIds.Count, "layer")}";
        var room = $"at most {ReportText.Percent(schedule.Gap <= 1 ? 0 : 1 - (1 / schedule.Gap))} is left to a better schedule of the same kind";
        if (facts.IsBaselineChosen)
            return $"Keep {plan.Chosen.Planner}: with {plan.Chosen.Scheduler} ({plan.Chosen.Evaluator}) it is predicted to take {time}, and {(plan.Migration is null ? "no other planner was faster" : "no move pays within the horizon")}; {room}.";
        if (!double.IsFinite(facts.Speedup)) return $"Use {method}: predicted {time}; {room}.";
        var compared = facts.Speedup >= 1.0005
            ? $"{ReportText.Times(facts.Speedup)} faster than {facts.Baseline.Planner} with the same schedule"
            : $"no faster than {facts.Baseline.Planner} with the same schedule";
        var move = facts.PaysAfter is { } batches ? $"; moving there takes {ReportText.Time((long)(facts.Chosen.MoveSeconds * 1e12))} and pays after {PlanReport.Many((long)Math.Ceiling(batches), "batch", "batches")}" : "";
        return $"Use {method}: predicted {time}, {compared}{move}; {room}.";
    }

    /// <summary>Says which rows are no candidates and why; null when all are.</summary>
    public static string? References(PlanResult plan)
    {
        var names = plan.Planners.SelectMany(p => p.Schedules).Where(s => !PlanFacts.IsCandidate(plan, s)).Select(s => s.Scheduler).Distinct().ToList();
        return names.Count == 0
            ? null
            : $"{string.Join(", ", names)}: for reference only, timed on a packet switch with the same ports, because a {plan.FabricName} cannot share ports.";
    }

    /// <summary>The terms under which moves are judged.</summary>
    public static string Terms(MigrationRules rules) =>
        $"{ReportText.Size((long)rules.Costs.ExpertBytes)} an expert at {ReportText.Fixed(rules.Costs.BytesPerSecond * 8e-9, 0)} Gbps into a rank"
        + (rules.Costs.Overlap > 0 ? $", {ReportText.Percent(rules.Costs.Overlap, 0)} of it hidden" : "")
        + (rules.Costs.SecondsPerRearrangement > 0 ? $", {ReportText.Time((long)(rules.Costs.SecondsPerRearrangement * 1e12))} stop" : "")
        + $"; a saving counts for {ReportText.Fixed(rules.Horizon.Iterations, 0)} batches and is believed to {ReportText.Percent(rules.Horizon.Confidence, 0)}. The choice has the largest net saving.";

    /// <summary>How much of what perfect balance could gain the choice reaches.</summary>
    public static string Ceiling(PlanFacts facts)
    {
        var reached = facts.CeilingReached;
        const string Meaning = "most that balance can speed up the busiest rank";
        if (!double.IsFinite(reached)) return $"{Meaning}; the baseline is balanced already";
        return reached < 0
            ? $"{Meaning}; the choice is less balanced than {facts.Baseline.Planner}"
            : $"{Meaning}; {ReportText.Percent(reached, 0)} of that excess is removed";
    }

    /// <summary>What the numbers rest on.</summary>
    public static IReadOnlyList<string> Assumptions(PlanResult plan) =>
    [
        $"Times are predictions for a batch of {PlanReport.Many(plan.BatchTokens, "token")} over all ranks, one MoE layer at a time; attention and shared experts are not included.",
        $"Compute: {plan.ComputeText}.",
        plan.SendMode switch
        {
            SendMode.PerExpert => "A token is sent once per chosen expert.",
            SendMode.PerRank => "A token is sent once per distinct target rank.",
            _ => "A token is sent once per distinct target node and fans out inside the node.",
        },
        plan.SumBeforeCombine
            ? "Outputs of one token's experts are summed on their rank before they travel back."
            : "Outputs of one token's experts travel back one by one.",
        "The trace was split by sequence: nothing that a planner saw is used to judge it.",
        "Every gap compares a makespan with the best lower bound that applies to its way of sending; bounds of other ways are not mixed in.",
    ];
}
