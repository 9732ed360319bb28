using Crossweave.Algorithms;
using Crossweave.Core.IO;
using Crossweave.Core.Layers;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Pipeline;

/// <summary>
/// The main job: split the trace by sequence, plan on one part, and judge every planner x scheduler x evaluator on the other, for
/// every layer. Layers are independent and run in parallel into index-addressed results, so the thread count never shows.
/// </summary>
public static class PlanJob
{
    /// <exception cref="InputException">The trace cannot be split, or a planner or scheduler refuses the shape.</exception>
    public static PlanResult Run(PlanRequest request, IWorkProgress? progress = null)
    {
        progress ??= SilentProgress.Instance;
        var prng = new Prng(request.Seed);
        var (planning, heldOut) = TraceSplit.BySequence(request.Trace, request.PlanningFraction, prng.Split("split"));
        var planningLoad = LoadCounter.Count(planning);
        var heldOutLoad = LoadCounter.Count(heldOut);
        var problem = new PlacementProblem(planningLoad, request.SlotCount, request.Fabric.RankCount, request.Traffic.NodeCount, request.GroupCount)
        {
            Routing = planning,
            RankSlots = request.RankSlots,
            Previous = request.Previous,
            MaxMoves = request.MaxMoves,
            WantedBalance = request.WantedBalance,
            MaxLoad = request.MaxLoad,
            MoveTime = request.Migration is { } m ? m.Costs.Fetch(1) * 1e12 / (m.Horizon.Iterations * m.Horizon.Confidence) : 0,
            LayerTime = LayerTime(request, planning, prng.Split("layer-time")),
        };
        problem.Validate(unevenSlots: true);
        var placements = new ExpertPlacement[request.Planners.Count];
        for (var p = 0; p < placements.Length; p++)
        {
            progress.Report($"placing experts ({request.Planners[p].Name})", p, placements.Length);
            placements[p] = request.Planners[p].Plan(problem, prng.Split("planner").Split(request.Planners[p].Name));
            if (request.Previous is { } running) placements[p] = SlotPreservation.Keep(running, placements[p]);
        }

        var judge = new LayerJudge(request, heldOut, placements, prng.Split("scheduler"));
        var judged = new LayerJudgement[heldOut.LayerCount][];
        var done = 0;
        Parallel.For(0, judged.Length, new ParallelOptions { MaxDegreeOfParallelism = request.Threads ?? -1 }, layer =>
        {
            judged[layer] = judge.Judge(layer);
            progress.Report("simulating layers", Interlocked.Increment(ref done), judged.Length);
        });
        var planners = new PlannerResult[placements.Length];
        for (var p = 0; p < planners.Length; p++)
        {
            var index = p;
            var layers = judged.Select(layer => layer[index]).ToArray();
            planners[p] = new PlannerResult
            {
                Planner = request.Planners[p].Name,
                Placement = placements[p],
                MaxOverMeanRank = [.. layers.Select(l => l.MaxOverMeanRank)],
                MaxOverMeanRankPlanned = PlacementMetrics.MaxOverMean(placements[p], planningLoad),
                DistinctRanks = [.. layers.Select(l => l.DistinctRanks)],
                RemoteRanks = [.. layers.Select(l => l.RemoteRanks)],
                WireBytes = [.. layers.Select(l => l.WireBytes)],
                CrossNodeBytes = [.. layers.Select(l => l.CrossNodeBytes)],
                RankLoad = [.. layers.Select(l => l.RowsOfRank)],
                FetchedExperts = PlacementMetrics.Fetched(placements[0], placements[p]),
                MoveSeconds = request.Migration?.Costs.Rearrange(placements[0], placements[p]) ?? 0,
                Schedules = Schedules(request, layers),
            };
        }

        var chosen = Choose(request, planners);
        var planner = Array.FindIndex(planners, p => p.Planner == chosen.Planner);
        var best = planners[planner].Schedules.First(s => s.Scheduler == chosen.Scheduler && s.Evaluator == chosen.Evaluator);
        var scheduler = request.Schedulers.First(s => s.Name == chosen.Scheduler);
        var evaluator = request.Evaluators.First(e => e.Name == chosen.Evaluator);
        var slowest = Array.IndexOf(best.MakespanPs, best.MakespanPs.Max());
        var before = judge.Plan(slowest, 0, scheduler, evaluator);
        var chosenLayers = new LayerPlan[judged.Length];
        Parallel.For(0, judged.Length, new ParallelOptions { MaxDegreeOfParallelism = request.Threads ?? -1 }, layer => chosenLayers[layer] = judge.Plan(layer, planner, scheduler, evaluator));
        var after = chosenLayers[slowest];
        return new PlanResult
        {
            TraceName = request.TraceName,
            ModelName = request.ModelName,
            ExpertCount = heldOut.ExpertCount,
            TopK = heldOut.TopK,
            LayerIds = heldOut.LayerIds,
            RankCount = request.Fabric.RankCount,
            NodeCount = request.Traffic.NodeCount,
            SlotCount = request.SlotCount,
            FabricName = request.Fabric.Kind,
            FabricText = request.FabricText,
            ComputeText = request.ComputeOfRank[0].Description,
            SendMode = request.Traffic.Mode,
            SumBeforeCombine = request.Traffic.SumBeforeCombine,
            PlanningTokens = planning.TokenCount,
            HeldOutTokens = heldOut.TokenCount,
            BatchTokens = judge.TokensOfBatch,
            Seed = request.Seed,
            Planners = planners,
            Chosen = chosen,
            Migration = request.Migration,
            Front = request.Planners.Select(p => p.Front(problem)).FirstOrDefault(f => f is not null),
            ChosenLayers = chosenLayers,
            HeldOutLoad = [.. Enumerable.Range(0, heldOut.LayerCount).Select(l => heldOutLoad.Layer(l).ToArray())],
            Detail = new LayerDetail(
                slowest,
                Whole(before.Problem.Traffic),
                Whole(after.Problem.Traffic),
                after.Outcome,
                before.Outcome),
        };
    }

    /// <summary>
    /// What the best of the first three schedulers that the fabric can execute, under the best of the evaluators, make of a placed layer, on planning
    /// tokens. Three, because planners ask thousands of times.
    /// </summary>
    private static Func<int, LayerPlacement, double>? LayerTime(PlanRequest request, RoutingTrace planning, Prng prng)
    {
        var schedulers = request.Schedulers.Where(s => ReferenceEquals(s.TimedOn(request.Fabric), request.Fabric)).Take(3).ToArray();
        if (schedulers.Length == 0) return null;
        var tokens = Math.Min(planning.TokenCount, request.BatchTokens);
        var sources = request.SourceRule.Assign(planning, 0, tokens, request.Fabric.RankCount);
        return (layer, placement) =>
        {
            var problem = new LayerProblem(TrafficBuilder.Build(planning, layer, 0, sources, placement, request.Traffic, out _), request.Fabric, request.ComputeOfRank);
            return schedulers.Min(s =>
            {
                var schedule = LayerSchedules.Build(s, problem, prng.Split(s.Name));
                return request.Evaluators.Min(e => e.Evaluate(problem, schedule).Makespan.Picoseconds);
            });
        };
    }

    /// <summary>
    /// The smallest predicted time among what the fabric can really execute; ties go to what was asked for first. When a placement runs
    /// already: the largest saving over the horizon after the cost of moving there, so a move that does not pay is not made.
    /// </summary>
    private static Choice Choose(PlanRequest request, PlannerResult[] planners)
    {
        Choice? best = null;
        var least = double.PositiveInfinity;
        foreach (var planner in planners)
        {
            foreach (var schedule in planner.Schedules)
            {
                if (schedule.FabricName != request.Fabric.Kind) continue;
                var cost = request.Migration is { } rules ? -rules.Horizon.Net(-schedule.TotalPs * 1e-12, planner.MoveSeconds) : schedule.TotalPs;
                if (cost >= least) continue;
                least = cost;
                best = new Choice(planner.Planner, schedule.Scheduler, schedule.Evaluator);
            }
        }

        return best ?? throw InputException.At(
            "--schedulers", string.Join(", ", request.Schedulers.Select(s => s.Name)), $"at least one that a {request.Fabric.Kind} can execute");
    }

    private static ScheduleResult[] Schedules(PlanRequest request, LayerJudgement[] layers)
    {
        var results = new List<ScheduleResult>();
        for (var s = 0; s < request.Schedulers.Count; s++)
        {
            for (var e = 0; e < request.Evaluators.Count; e++)
            {
                var cell = (s * request.Evaluators.Count) + e;
                results.Add(new ScheduleResult
                {
                    Scheduler = request.Schedulers[s].Name,
                    Evaluator = request.Evaluators[e].Name,
                    FabricName = request.Schedulers[s].TimedOn(request.Fabric).Kind,
                    MakespanPs = [.. layers.Select(l => l.Cells[cell].MakespanPs)],
                    BoundPs = [.. layers.Select(l => l.Cells[cell].BoundPs)],
                    StepCount = [.. layers.Select(l => l.Cells[cell].StepCount)],
                    Bottleneck = [.. layers.Select(l => l.Cells[cell].Bottleneck)],
                });
            }
        }

        return [.. results];
    }

    /// <summary>All dispatch exchanges together.</summary>
    private static TrafficMatrix Whole(LayerTraffic traffic)
    {
        if (traffic.Dispatch.Count == 1) return traffic.Dispatch[0].Copies;
        var cells = new long[traffic.RankCount * traffic.RankCount];
        foreach (var exchange in traffic.Dispatch)
            for (var i = 0; i < cells.Length; i++)
                cells[i] += exchange.Copies.Cells[i];
        return new TrafficMatrix(traffic.RankCount, cells);
    }
}
