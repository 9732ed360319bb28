using Crossweave.Core.Pipeline;

namespace Crossweave.Reporting.Plans;

/// <summary>Figures that are derived from a plan and named in several places; computed once so that they agree everywhere.</summary>
public sealed class PlanFacts
{
    public PlanFacts(PlanResult plan)
    {
        Plan = plan;
        Baseline = plan.Planners[0];
        Chosen = plan.Planners.FirstOrDefault(p => p.Planner == plan.Chosen.Planner) ??
            throw new ArgumentException($"the chosen planner '{plan.Chosen.Planner}' is not among the results");
        ChosenSchedule = Find(Chosen) ??
            throw new ArgumentException($"the chosen scheduler '{plan.Chosen.Scheduler}' under '{plan.Chosen.Evaluator}' is not among the results");
        BaselineSchedule = Find(Baseline);
    }

    public PlanResult Plan { get; }

    /// <summary>What "before" means: the first planner.</summary>
    public PlannerResult Baseline { get; }

    public PlannerResult Chosen { get; }

    public ScheduleResult ChosenSchedule { get; }

    /// <summary>The baseline placement under the chosen scheduler and evaluator; null when it was not run.</summary>
    public ScheduleResult? BaselineSchedule { get; }

    public bool IsBaselineChosen => ReferenceEquals(Chosen, Baseline);

    /// <summary>Predicted time of the baseline over that of the choice; NaN when either is missing or zero.</summary>
    public double Speedup => BaselineSchedule is { } b && ChosenSchedule.TotalPs > 0 ? (double)b.TotalPs / ChosenSchedule.TotalPs : double.NaN;

    /// <summary>
    /// Sum over layers of the busiest rank's rows over the sum of the mean rows: by how much a perfect balance would shrink the
    /// busiest rank of this placement, and with it everything in the layer that is proportional to load.
    /// </summary>
    public static double BusiestOverMean(PlannerResult planner)
    {
        double busiest = 0, mean = 0;
        foreach (var layer in planner.RankLoad)
        {
            if (layer.Length == 0) continue;
            busiest += layer.Max();
            mean += layer.Average(v => (double)v);
        }

        return mean > 0 ? busiest / mean : 1;
    }

    /// <summary>Share of the possible reduction of the busiest rank that the choice reaches; NaN when nothing was to be gained.</summary>
    public double CeilingReached
    {
        get
        {
            var before = BusiestOverMean(Baseline);
            return before > 1.0000001 ? (before - BusiestOverMean(Chosen)) / (before - 1) : double.NaN;
        }
    }

    /// <summary>Mean over layers, 0 without layers.</summary>
    public static double Mean(double[] perLayer) => perLayer.Length == 0 ? 0 : perLayer.Average();

    public static double CrossNodeShare(PlannerResult planner)
    {
        var wire = planner.WireBytes.Sum();
        return wire == 0 ? 0 : (double)planner.CrossNodeBytes.Sum() / wire;
    }

    /// <summary>The bottleneck named by most layers (the first on ties) and in how many.</summary>
    public (string Name, int Layers) CommonBottleneck()
    {
        var best = (Name: "none", Layers: 0);
        foreach (var name in ChosenSchedule.Bottleneck)
        {
            var count = ChosenSchedule.Bottleneck.Count(b => b == name);
            if (count > best.Layers) best = (name, count);
        }

        return best;
    }

    /// <summary>Least predicted time over the schedules that the plan's fabric can execute; long.MaxValue when there are none.</summary>
    public static long BestTime(PlanResult plan, PlannerResult planner) =>
        planner.Schedules.Where(s => IsCandidate(plan, s)).Select(s => s.TotalPs).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>Batches after which the believed saving has paid for moving to the choice; null when nothing runs or nothing is moved.</summary>
    public double? PaysAfter => Plan.Migration is { } rules && !IsBaselineChosen
        ? rules.Horizon.BreakEven((BestTime(Plan, Baseline) - BestTime(Plan, Chosen)) * 1e-12, Chosen.MoveSeconds)
        : null;

    public bool IsChoice(PlannerResult planner, ScheduleResult schedule) =>
        ReferenceEquals(planner, Chosen) && ReferenceEquals(schedule, ChosenSchedule);

    /// <summary>True when the plan's own fabric can execute the schedule; others are timed on a packet switch, for reference.</summary>
    public static bool IsCandidate(PlanResult plan, ScheduleResult schedule) => schedule.FabricName == plan.FabricName;

    /// <summary>The result of a planner under the chosen scheduler and evaluator; null when it was not run.</summary>
    public ScheduleResult? Find(PlannerResult planner) =>
        planner.Schedules.FirstOrDefault(s => s.Scheduler == Plan.Chosen.Scheduler && s.Evaluator == Plan.Chosen.Evaluator);
}
