using Crossweave.Algorithms;
using Crossweave.Algorithms.Flow;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Lina's packing (arXiv 2210.17223 as Aurora compares it; deployment spec 4): no sharing between models; each model has half of the
/// devices for itself and two experts on each, the q-th most loaded rank with the q-th least loaded. The traffic inside a device is local.
/// Value: the slower model's barrier time, rounded up. The order of the tokens is part of the baseline, so it is part of the name.
/// </summary>
/// <remarks>
/// Not the placements the bounds speak of (two ranks of one model share a device), so a Lina plan has no lower bound (0). Unequal devices are
/// not described by either paper; here (derived) the models take them by turns as listed, so that each gets every type, and the pair with more
/// tokens to compute gets the faster one. Ties of the sorts: lower rank, lower pair.
/// </remarks>
public sealed class LinaMethod : IDeploymentMethod
{
    /// <summary>Random orders are the mean of so many.</summary>
    private const int Samples = 5;

    public static readonly IReadOnlyList<LinaMethod> All =
    [
        new("optimal", "in an order that meets the port bound", (w, cost, _) => Bound(w, cost)),
        new("sjf", "every sender its shortest flow first, receivers shared", (w, cost, _) => Finish(w, cost, SendOrderFlow.ShortestFirst(w.RankCount, w.Cells.ToArray()))),
        new("random", $"every sender in random order (mean of {Samples}), receivers shared", (w, cost, prng) =>
        {
            var sum = Fraction.Zero;
            for (var s = 0; s < Samples; s++) sum += Finish(w, cost, SendOrderFlow.Random(w.RankCount, prng.Split(s)));
            return sum / new Fraction(Samples, 1);
        }),
    ];

    private readonly Func<TrafficMatrix, long[], Prng, Fraction> _exchange;

    private LinaMethod(string order, string what, Func<TrafficMatrix, long[], Prng, Fraction> exchange) =>
        (Name, Summary, _exchange) = ($"lina-{order}", $"Lina packing: hot with cold experts of the same model, tokens {what}", exchange);

    public string Name { get; }

    public string Summary { get; }

    public string Kinds => "two models of an even number of ranks, devices that send as fast as they receive, t2 or pg";

    public bool AppliesTo(LayerTime time) =>
        time.Problem.Models.Count == 2 && time.Problem.HasSymmetricPorts && time.Problem.DeviceCount % 2 == 0;

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng)
    {
        int[][] own = [.. problem.Models.Select((_, index) => Enumerable.Range(0, problem.DeviceCount).Where(g => g % 2 == index).ToArray())];
        int[][] devices = [.. problem.Models.Select((m, index) => Pack(m, [.. own[index].Select(g => problem.Devices[g])]).Select(k => own[index][k]).ToArray())];
        var slowest = problem.Models.Select((m, index) => ModelTime(m, [.. own[index].Select(g => problem.Devices[g])], prng.Split(index))).Max();
        return new DeploymentPlan(devices, slowest.Ceiling, 0);
    }

    /// <summary>One model alone on half as many devices as it has ranks: 2 Gtok k + max f k + 2 Atok k + both exchanges, k of the gates the slowest.</summary>
    public Fraction ModelTime(DeployedModel model, IReadOnlyList<DeviceCost> devices, Prng prng)
    {
        var (half, deviceOfRank) = (devices.Count, Pack(model, devices));
        var cells = new long[half * half];
        for (var i = 0; i < model.RankCount; i++)
            for (var j = 0; j < model.RankCount; j++)
                cells[(deviceOfRank[i] * half) + deviceOfRank[j]] += model.Demand[i, j];
        var (packed, cost) = (new DeployedModel(new TrafficMatrix(half, cells), 0, 0), devices.Select(d => d.Send).ToArray());
        var compute = packed.Work.Zip(devices, (work, d) => work * d.Compute).Max() + (2 * (model.GateTokens + model.AggregateTokens) * devices.Max(d => d.Compute));
        return new Fraction(compute, 1) + _exchange(packed.Demand, cost, prng.Split("dispatch")) + _exchange(packed.Demand.Transpose(), cost, prng.Split("combine"));
    }

    private static int[] Pack(DeployedModel model, IReadOnlyList<DeviceCost> devices)
    {
        var half = model.RankCount / 2;
        var sorted = Enumerable.Range(0, model.RankCount).OrderByDescending(i => model.Work[i]).ToArray();
        var pairs = Enumerable.Range(0, half); // pair q: the q-th from the top and the q-th from the bottom
        if (devices.Distinct().Count() > 1) pairs = pairs.OrderByDescending(q => model.Work[sorted[q]] + model.Work[sorted[^(q + 1)]]);
        var deviceOfRank = new int[sorted.Length];
        foreach (var (device, pair) in pairs.Index()) deviceOfRank[sorted[pair]] = deviceOfRank[sorted[^(pair + 1)]] = device;
        return deviceOfRank;
    }

    private static Fraction Bound(TrafficMatrix matrix, long[] cost) =>
        new(Enumerable.Range(0, matrix.RankCount).Max(r => Math.Max(matrix.Sent(r), matrix.Received(r)) * cost[r]), 1);

    private static Fraction Finish(TrafficMatrix matrix, long[] cost, int[][] order) => SendOrderFlow.Finish(matrix.RankCount, matrix.Cells, cost, cost, order);
}
