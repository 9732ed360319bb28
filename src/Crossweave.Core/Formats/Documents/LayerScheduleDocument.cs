using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// Writes the timeline of a whole layer as a schedule document: the dispatch as steps, the launches with the rows they compute, the
/// combine as steps. For layers of one dispatch and one combine exchange (not <see cref="SendMode.PerNode"/>).
/// </summary>
public static class LayerScheduleDocument
{
    /// <param name="problem">On the fabric on which the layer was timed.</param>
    /// <param name="schedule">Names the scheduler; the steps are taken from the timeline.</param>
    /// <param name="outcome">Timeline, makespan and bounds.</param>
    /// <param name="compute">The profile of every rank, <see cref="Compute.ComputeProfile.Text"/>, so that a verifier can rebuild it.</param>
    /// <returns>O(activities log activities + launches x ranks).</returns>
    public static ScheduleDocument From(LayerProblem problem, LayerSchedule schedule, LayerOutcome outcome, string compute)
    {
        var traffic = problem.Traffic;
        if (traffic.Dispatch is not [var dispatch] || traffic.Combine is not [_]) throw new ArgumentException("one dispatch and one combine exchange");
        var sameRows = dispatch.Work.Cells.SequenceEqual(dispatch.Copies.Cells);
        var returnsRows = !Returns(dispatch.Copies);
        if (returnsRows && !Returns(dispatch.Work)) throw new ArgumentException("the combine must return what was sent or what was computed");
        var exchange = new SchedulingProblem(dispatch.Copies, traffic.DispatchCopyBytes, problem.Fabric);
        var ideal = IdealLayer.NonOverlapped(problem).Picoseconds;
        var makespan = outcome.Makespan.Picoseconds;
        var combineBytes = traffic.CombineCopyBytes;
        var (there, back) = (Steps(exchange, outcome.Activities, ActivityKind.Dispatch), Steps(exchange with { TokenBytes = combineBytes }, outcome.Activities, ActivityKind.Combine));
        var last = outcome.Activities.Select(a => a.EndPs).DefaultIfEmpty().Max();
        if (makespan > last) back = [.. back, new TimedStep(last, makespan, [])]; // the last step is held for local rows
        var communication = there.Concat(back).Select(s => s.EndPs).DefaultIfEmpty().Max();
        RingShares.AddTo(problem.Fabric, (there, exchange.TokenBytes), (back, combineBytes));
        return ScheduleDocument.Empty(schedule.Dispatch[0].Scheduler, exchange, outcome.Bounds, makespan, communication) with
        {
            Steps = there,
            Layer = new LayerPart(
                outcome.Evaluator, compute, ideal, ideal == 0 ? 1.0 : (double)makespan / ideal,
                LaunchChunks.Of(problem, outcome.Activities), back)
            {
                RowCount = sameRows ? null : dispatch.Work.Total(),
                ReturnsRows = returnsRows,
                CombineTokenBytes = combineBytes == exchange.TokenBytes ? null : combineBytes.Value,
            },
        };

        bool Returns(TrafficMatrix sent) => OffDiagonal(traffic.Combine[0].Copies).SequenceEqual(OffDiagonal(sent.Transpose()));
    }

    private static IEnumerable<long> OffDiagonal(TrafficMatrix matrix) => matrix.Cells.ToArray().Where((_, i) => i / matrix.RankCount != i % matrix.RankCount);

    private static TimedStep[] Steps(SchedulingProblem problem, IReadOnlyList<Activity> activities, ActivityKind kind)
    {
        var steps = new List<TimedStep>();
        foreach (var group in activities.Where(a => a.Kind == kind).GroupBy(a => a.Step).OrderBy(g => g.Key))
        {
            var moves = group.OrderBy(a => a.Rank).ThenBy(a => a.Peer).ThenBy(a => a.Via).ToArray();
            var step = new TimedStep(moves.Min(a => a.StartPs), moves.Max(a => a.EndPs), Array.ConvertAll(moves, a => new Transfer(a.Rank, a.Peer, a.Tokens, a.Via)), moves[0].Plane,
                Nic: moves.FirstOrDefault(a => a.Nic is not null).Nic);
            var shares = problem.Fabric.Ring is not null || step.SharesPorts();
            var follow = problem.Fabric is { ReconfiguresPartially: false, HasTwoTiers: false } && moves.All(a => a.StartPs == step.StartPs && a.EndPs == (shares ? step.EndPs : step.StartPs + WirePs(a)));
            steps.Add(follow ? step : step with { Times = Array.ConvertAll(moves, a => new StepTime(a.StartPs, a.EndPs)) });
        }

        return [.. steps];

        long WirePs(Activity a) => problem.Fabric.PairRate(a.Rank, a.Peer).TransferPs(checked(a.Tokens * problem.TokenBytes.Value));
    }
}
