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
/// Not the placements the bounds speak of (two ranks of one model share a device), so a Lina plan has no lower bound (0). Devices are
/// equal. Ties of the sort: lower rank.
/// </remarks>
public sealed class LinaMethod : IDeploymentMethod
{
    /// <summary>Random orders are the mean of so many.</summary>
    private const int Samples = 5;

    public static readonly IReadOnlyList<LinaMethod> All =
    [
        new("optimal", "in an order that meets the port bound", (w, _) => Bound(w)),
        new("sjf", "every sender its shortest flow first, receivers shared", (w, _) => Finish(w, SendOrderFlow.ShortestFirst(w.RankCount, w.Cells.ToArray()))),
        new("random", $"every sender in random order (mean of {Samples}), receivers shared", (w, prng) =>
        {
            var sum = Fraction.Zero;
            for (var s = 0; s < Samples; s++) sum += Finish(w, SendOrderFlow.Random(w.RankCount, prng.Split(s)));
            return sum / new Fraction(Samples, 1);
        }),
    ];

    private readonly Func<TrafficMatrix, Prng, Fraction> _exchange;

    private LinaMethod(string order, string what, Func<TrafficMatrix, Prng, Fraction> exchange) =>
        (Name, Summary, _exchange) = ($"lina-{order}", $"Lina packing: hot with cold experts of the same model, tokens {what}", exchange);

    public string Name { get; }

    public string Summary { get; }

    public string Kinds => "two models of an even number of ranks, equal devices with equal ports, t2 or pg";

    public bool AppliesTo(LayerTime time) =>
        time.Problem.Models.Count == 2 && time.Problem.HasEqualDevices && time.Problem.HasSymmetricPorts && time.Problem.DeviceCount % 2 == 0;

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng)
    {
        var half = problem.DeviceCount / 2;
        int[][] devices = [.. problem.Models.Select((m, index) => Pack(m).Select(g => g + (index * half)).ToArray())];
        var slowest = problem.Models.Select((m, index) => ModelTime(m, problem.Devices[0], prng.Split(index))).Max();
        return new DeploymentPlan(devices, slowest.Ceiling, 0);
    }

    /// <summary>One model alone on its half of the devices: 2 Gtok k + max f k + 2 Atok k + both exchanges.</summary>
    public Fraction ModelTime(DeployedModel model, DeviceCost device, Prng prng)
    {
        var (half, deviceOfRank) = (model.RankCount / 2, Pack(model));
        var cells = new long[half * half];
        for (var i = 0; i < model.RankCount; i++)
            for (var j = 0; j < model.RankCount; j++)
                cells[(deviceOfRank[i] * half) + deviceOfRank[j]] += model.Demand[i, j];
        var packed = new DeployedModel(new TrafficMatrix(half, cells), 0, 0);
        var compute = (packed.Work.Max() + (2 * (model.GateTokens + model.AggregateTokens))) * device.Compute;
        var wire = _exchange(packed.Demand, prng.Split("dispatch")) + _exchange(packed.Demand.Transpose(), prng.Split("combine"));
        return new Fraction(compute, 1) + (wire * new Fraction(device.Send, 1));
    }

    private static int[] Pack(DeployedModel model)
    {
        var sorted = Enumerable.Range(0, model.RankCount).OrderByDescending(i => model.Work[i]).ToArray();
        var deviceOfRank = new int[sorted.Length];
        for (var q = 0; q < sorted.Length; q++) deviceOfRank[sorted[q]] = Math.Min(q, sorted.Length - 1 - q);
        return deviceOfRank;
    }

    private static Fraction Bound(TrafficMatrix matrix) =>
        new(Enumerable.Range(0, matrix.RankCount).Max(r => Math.Max(matrix.Sent(r), matrix.Received(r))), 1);

    private static Fraction Finish(TrafficMatrix matrix, int[][] order)
    {
        long[] unit = [.. Enumerable.Repeat(1L, matrix.RankCount)];
        return SendOrderFlow.Finish(matrix.RankCount, matrix.Cells, unit, unit, order);
    }
}
