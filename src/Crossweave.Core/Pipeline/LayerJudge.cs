using Crossweave.Algorithms;
using Crossweave.Core.Layers;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Pipeline;

/// <summary>One planner on one layer: sums over batches for counts, means over batches for times.</summary>
internal sealed record LayerJudgement(
    double DistinctRanks, double RemoteRanks, long WireBytes, long CrossNodeBytes, long[] RowsOfRank, LayerCell[] Cells)
{
    public double MaxOverMeanRank => RowsOfRank.Sum() is var sum && sum == 0 ? 1.0 : (double)RowsOfRank.Max() * RowsOfRank.Length / sum;
}

/// <summary>One scheduler under one evaluator.</summary>
internal record struct LayerCell(long MakespanPs, long BoundPs, int StepCount, string Bottleneck);

/// <summary>Judges single layers on batches of held-out tokens. Safe for concurrent use.</summary>
internal sealed class LayerJudge
{
    private readonly PlanRequest _request;
    private readonly RoutingTrace _heldOut;
    private readonly ExpertPlacement[] _placements;
    private readonly Prng _prng;
    private readonly (int FirstToken, int[] Sources)[] _batches;

    public LayerJudge(PlanRequest request, RoutingTrace heldOut, ExpertPlacement[] placements, Prng prng)
    {
        _request = request;
        _heldOut = heldOut;
        _placements = placements;
        _prng = prng;
        var all = (heldOut.TokenCount + request.BatchTokens - 1) / request.BatchTokens;
        TokensOfBatch = (heldOut.TokenCount + all - 1) / all;
        var count = Math.Min(all, request.MaxBatches);
        _batches = new (int, int[])[count];
        for (var b = 0; b < count; b++)
        {
            var first = (int)((long)b * all / count) * TokensOfBatch;
            var tokens = Math.Min(TokensOfBatch, heldOut.TokenCount - first);
            _batches[b] = (first, request.SourceRule.Assign(heldOut, first, tokens, request.Fabric.RankCount));
        }
    }

    /// <summary>Batches have this many tokens (the last one may have fewer).</summary>
    public int TokensOfBatch { get; }

    /// <summary>Every planner on one layer.</summary>
    public LayerJudgement[] Judge(int layer)
    {
        var judged = new LayerJudgement[_placements.Length];
        for (var p = 0; p < judged.Length; p++)
        {
            var cells = new LayerCell[_request.Schedulers.Count * _request.Evaluators.Count];
            var rows = new long[_request.Fabric.RankCount];
            long tokens = 0, copies = 0, remote = 0, wire = 0, crossNode = 0;
            for (var b = 0; b < _batches.Length; b++)
            {
                var traffic = Traffic(layer, p, b, out var summary);
                tokens += summary.TokenCount;
                copies += summary.RankCopies;
                remote += summary.RemoteRankCopies;
                wire += summary.WireBytes;
                crossNode += summary.CrossNodeBytes;
                for (var r = 0; r < rows.Length; r++) rows[r] += summary.RowsOfRank[r];
                Simulate(layer, traffic, isFirst: b == 0, cells);
            }

            for (var c = 0; c < cells.Length; c++)
                cells[c] = cells[c] with { MakespanPs = cells[c].MakespanPs / _batches.Length, BoundPs = cells[c].BoundPs / _batches.Length };
            judged[p] = new LayerJudgement((double)copies / tokens, (double)remote / tokens, wire, crossNode, rows, cells);
        }

        return judged;
    }

    /// <summary>One layer on the first batch, with launches where the evaluator plans them.</summary>
    public LayerPlan Plan(int layer, int planner, IScheduler scheduler, ILayerEvaluator evaluator)
    {
        var problem = new LayerProblem(Traffic(layer, planner, 0, out _), scheduler.TimedOn(_request.Fabric), _request.ComputeOfRank);
        var schedule = Complete(evaluator, problem, LayerSchedules.Build(scheduler, problem, PrngOf(scheduler, layer)));
        return new LayerPlan(problem, schedule, evaluator.Evaluate(problem, schedule));
    }

    private static LayerSchedule Complete(ILayerEvaluator evaluator, LayerProblem problem, LayerSchedule schedule) =>
        evaluator is PlannedEvaluator planned ? planned.Complete(problem, schedule) : schedule;

    private void Simulate(int layer, LayerTraffic traffic, bool isFirst, LayerCell[] cells)
    {
        for (var s = 0; s < _request.Schedulers.Count; s++)
        {
            var scheduler = _request.Schedulers[s];
            var problem = new LayerProblem(traffic, scheduler.TimedOn(_request.Fabric), _request.ComputeOfRank);
            var schedule = LayerSchedules.Build(scheduler, problem, PrngOf(scheduler, layer));
            for (var e = 0; e < _request.Evaluators.Count; e++)
            {
                var complete = Complete(_request.Evaluators[e], problem, schedule);
                var outcome = _request.Evaluators[e].Evaluate(problem, complete);
                ref var cell = ref cells[(s * _request.Evaluators.Count) + e];
                cell.MakespanPs += outcome.Makespan.Picoseconds;
                cell.BoundPs += outcome.BestBound.Value.Picoseconds;
                if (!isFirst) continue;
                cell.StepCount = complete.Dispatch.Sum(x => x.Steps.Count) + complete.Combine.Sum(x => x.Steps.Count);
                cell.Bottleneck = outcome.BestBound.Bottleneck;
            }
        }
    }

    private LayerTraffic Traffic(int layer, int planner, int batch, out TrafficSummary summary) =>
        TrafficBuilder.Build(_heldOut, layer, _batches[batch].FirstToken, _batches[batch].Sources, _placements[planner].Layers[layer], _request.Traffic, out summary);

    private Prng PrngOf(IScheduler scheduler, int layer) => _prng.Split(scheduler.Name).Split(layer);
}
