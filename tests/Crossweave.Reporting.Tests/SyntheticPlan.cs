using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Placement;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Reporting.Tests;

/// <summary>
/// A plan result of any size from a seed: Zipf-like loads, a contiguous and a balanced placement, shifted diagonals timed with a
/// barrier per step. The figures hang together (makespan = last activity, bound below it), so that a report of it can be judged by eye.
/// </summary>
internal static class SyntheticPlan
{
    private const long TokenBytes = 4096;
    private const long RowPs = 350_000;
    private static readonly Bandwidth Rate = new(400_000_000_000);

    public static PlanResult Build(
        ulong seed = 1, int layerCount = 26, int expertCount = 64, int rankCount = 16, int nodeCount = 2, string traceName = "translation", string modelName = "deepseek-v2-lite")
    {
        var prng = new Prng(seed);
        var load = Load(layerCount, expertCount, prng.Split("load"));
        var before = Placement(load, rankCount, isBalanced: false);
        var after = Placement(load, rankCount, isBalanced: true);
        string[] schedulers = ["shifted", "greedy-max-weight", "bvn-sinkhorn"];
        var planners = new[]
        {
            Judge("contiguous", before, load, rankCount, schedulers, 1.30, prng.Split("a"), fetched: 0),
            Judge("lpt", after, load, rankCount, schedulers, 1.22, prng.Split("b"), fetched: 1_204),
            Judge("eplb", after, load, rankCount, schedulers, 1.20, prng.Split("c"), fetched: 1_391),
        };
        var trafficBefore = Traffic(planners[0].RankLoad[0], nodeCount, prng.Split("before"));
        var trafficAfter = Traffic(planners[2].RankLoad[0], nodeCount, prng.Split("after"));
        return new PlanResult
        {
            TraceName = traceName,
            ModelName = modelName,
            ExpertCount = expertCount,
            TopK = 6,
            LayerIds = [.. Enumerable.Range(1, layerCount)],
            RankCount = rankCount,
            NodeCount = nodeCount,
            SlotCount = expertCount,
            FabricName = "circuit-switch",
            FabricText = "400 Gbps per rank, 2 us reconfiguration",
            ComputeText = "linear, 0.35 us per row",
            SendMode = SendMode.PerRank,
            SumBeforeCombine = true,
            PlanningTokens = 4_100,
            HeldOutTokens = 4_151,
            BatchTokens = 4_096,
            Seed = seed,
            Planners = planners,
            Chosen = new Choice("eplb", "greedy-max-weight", "barrier"),
            ChosenLayers = [],
            HeldOutLoad = load,
            Detail = new LayerDetail(0, trafficBefore, trafficAfter, Timeline(trafficAfter), Timeline(trafficBefore)),
        };
    }

    /// <summary>Shifted diagonals on a circuit switch, a launch per step and rank, combine mirrored.</summary>
    public static LayerOutcome Timeline(TrafficMatrix traffic)
    {
        var n = traffic.RankCount;
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, Rate, new SimTime(2_000_000)));
        var activities = new List<Activity>();
        var dispatchEnd = Exchange(traffic, fabric, 0, ActivityKind.Dispatch, activities);
        var computeEnd = 0L;
        for (var rank = 0; rank < n; rank++)
        {
            var free = traffic[rank, rank] * RowPs;
            activities.Add(new Activity(ActivityKind.Launch, rank, -1, 0, free, traffic[rank, rank], 0));
            foreach (var arrival in activities.Where(a => a.Kind == ActivityKind.Dispatch && a.Peer == rank).ToArray())
            {
                var start = Math.Max(free, arrival.EndPs);
                free = start + (arrival.Tokens * RowPs);
                activities.Add(new Activity(ActivityKind.Launch, rank, -1, start, free, arrival.Tokens, arrival.Step + 1));
            }

            computeEnd = Math.Max(computeEnd, free);
        }

        var end = Exchange(traffic.Transpose(), fabric, Math.Max(computeEnd, dispatchEnd), ActivityKind.Combine, activities);
        var busiest = Enumerable.Range(0, n).MaxBy(traffic.Received);
        var compute = Enumerable.Range(0, n).Max(r => (traffic.Received(r) + traffic[r, r]) * RowPs);
        LowerBound[] bounds =
        [
            new("port", new SimTime(2 * Rate.TransferPs(traffic.Received(busiest) * TokenBytes)), $"receive port of rank {busiest}"),
            new("compute", new SimTime(compute), $"rank {busiest}"),
        ];
        return new LayerOutcome(
            "barrier", new SimTime(end), new SimTime(dispatchEnd), new SimTime(computeEnd), bounds,
            [.. activities.OrderBy(a => a.StartPs).ThenBy(a => a.Rank)]);
    }

    public static TrafficMatrix Traffic(long[] rankLoad, int nodeCount, Prng prng)
    {
        var n = rankLoad.Length;
        var cells = new long[n * n];
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                cells[(s * n) + t] = (long)(rankLoad[t] / (double)n * (0.5 + prng.NextDouble()) * (s * nodeCount / n == t * nodeCount / n ? 1.4 : 0.8));
        return new TrafficMatrix(n, cells);
    }

    public static long[][] Load(int layerCount, int expertCount, Prng prng)
    {
        var load = new long[layerCount][];
        for (var l = 0; l < layerCount; l++)
        {
            load[l] = new long[expertCount];
            var order = Enumerable.Range(0, expertCount).ToArray();
            prng.Shuffle(order.AsSpan());
            for (var i = 0; i < expertCount; i++)
                load[l][order[i]] = (long)(1600 * Math.Pow(1 + i, -0.55) * Math.Exp(0.35 * prng.NextNormal()) * 16 / Math.Sqrt(expertCount));
        }

        return load;
    }

    private static long Exchange(TrafficMatrix demand, Fabric fabric, long start, ActivityKind kind, List<Activity> activities)
    {
        var n = demand.RankCount;
        var steps = new List<Step>();
        for (var k = 1; k < n; k++)
        {
            var shift = k;
            var transfers = Enumerable.Range(0, n).Select(s => new Transfer(s, (s + shift) % n, demand[s, (s + shift) % n])).Where(t => t.Tokens > 0).ToArray();
            if (transfers.Length > 0) steps.Add(new Step(transfers));
        }

        var times = ScheduleTiming.Time(new Schedule("shifted", steps), fabric, new Bytes(TokenBytes), start);
        var now = start;
        for (var m = 0; m < times.Length; m++)
        {
            activities.Add(new Activity(ActivityKind.Reconfigure, -1, -1, now, times[m].StartPs, 0, m));
            foreach (var t in steps[m].Transfers)
            {
                var end = times[m].StartPs + fabric.PairRate(t.Source, t.Target).TransferPs(t.Tokens * TokenBytes);
                activities.Add(new Activity(kind, t.Source, t.Target, times[m].StartPs, end, t.Tokens, m));
            }

            now = times[m].EndPs;
        }

        return now;
    }

    private static ExpertPlacement Placement(long[][] load, int rankCount, bool isBalanced)
    {
        var layers = new List<LayerPlacement>();
        foreach (var layer in load)
        {
            var experts = layer.Length;
            var order = Enumerable.Range(0, experts).ToArray();
            if (isBalanced)
            {
                var perRank = experts / rankCount;
                var byLoad = order.OrderByDescending(e => layer[e]).ToArray();
                for (var i = 0; i < experts; i++)
                {
                    var round = i / rankCount;
                    var rank = round % 2 == 0 ? i % rankCount : rankCount - 1 - (i % rankCount); // snake order
                    order[(rank * perRank) + round] = byLoad[i];
                }
            }

            layers.Add(LayerPlacement.Even(experts, order, rankCount));
        }

        return new ExpertPlacement(layers);
    }

    private static PlannerResult Judge(
        string name, ExpertPlacement placement, long[][] load, int rankCount, string[] schedulers, double gap, Prng prng, long fetched)
    {
        var layers = load.Length;
        var rankLoad = new long[layers][];
        for (var l = 0; l < layers; l++)
        {
            rankLoad[l] = new long[rankCount];
            for (var r = 0; r < rankCount; r++)
                foreach (var e in placement.Layers[l].ExpertsOnRank(r))
                    rankLoad[l][r] += load[l][e];
        }

        var balance = Array.ConvertAll(rankLoad, r => r.Max() / Math.Max(1e-9, r.Average()));
        double[] PerLayer(double from, double spread) => [.. Enumerable.Range(0, layers).Select(_ => from + (spread * prng.NextDouble()))];
        var remote = PerLayer(3.8, 0.5);
        var wire = Array.ConvertAll(remote, r => (long)(r * 4096 * TokenBytes * 2));
        var schedules = new List<ScheduleResult>();
        foreach (var scheduler in schedulers)
        {
            var factor = gap * (scheduler == "greedy-max-weight" ? 0.85 : scheduler == "shifted" ? 0.95 : 1.05);
            var bound = Array.ConvertAll(rankLoad, r => Math.Max(1, r.Max() * RowPs));
            schedules.Add(new ScheduleResult
            {
                Scheduler = scheduler,
                Evaluator = "barrier",
                FabricName = "circuit-switch",
                BoundPs = bound,
                MakespanPs = Array.ConvertAll(bound, b => (long)(b * factor)),
                StepCount = [.. Enumerable.Repeat(2 * (rankCount - 1), layers)],
                Bottleneck = [.. Enumerable.Range(0, layers).Select(l => $"compute of rank {Array.IndexOf(rankLoad[l], rankLoad[l].Max()) % 3}")],
            });
        }

        return new PlannerResult
        {
            Planner = name,
            Placement = placement,
            MaxOverMeanRank = balance,
            MaxOverMeanRankPlanned = Array.ConvertAll(balance, b => 1 + ((b - 1) * 0.7)),
            DistinctRanks = Array.ConvertAll(remote, r => r + 0.3),
            RemoteRanks = remote,
            WireBytes = wire,
            CrossNodeBytes = Array.ConvertAll(wire, w => (long)(w * 0.46)),
            RankLoad = rankLoad,
            FetchedExperts = fetched,
            Schedules = schedules,
        };
    }
}
