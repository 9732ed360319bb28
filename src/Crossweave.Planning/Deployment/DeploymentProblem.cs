using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Which rank of every model runs on which device, so that one layer of all models takes as little time as possible (Aurora, arXiv
/// 2410.17043; deployment spec 1 and 2). n devices, M models of n ranks each, one rank of every model per device.
/// </summary>
public sealed class DeploymentProblem
{
    /// <summary>Largest time of anything: leaves room for sums of a few dozen terms in 64 bits.</summary>
    internal const long Largest = 1L << 56;

    /// <exception cref="InputException">No device, no model, a model of another size, a cost out of range, or times beyond 64 bits.</exception>
    public DeploymentProblem(IReadOnlyList<DeviceCost> devices, IReadOnlyList<DeployedModel> models, string where = "deployment")
    {
        if (devices.Count == 0) throw InputException.At($"{where}: devices", "none", "at least one");
        if (models.Count == 0) throw InputException.At($"{where}: models", "none", "at least one");
        (Devices, Models) = (devices, models);
        var (wire, compute) = (0L, 0L);
        for (var g = 0; g < devices.Count; g++)
        {
            var d = devices[g];
            if (d.Send < 1 || d.Receive < 1) throw InputException.At($"{where}: device {g}", $"a wire time of {Math.Min(d.Send, d.Receive)} per token", "at least 1");
            if (d.Compute < 0) throw InputException.At($"{where}: device {g}", $"a compute time of {d.Compute} per token", "at least 0");
            (wire, compute) = (Math.Max(wire, Math.Max(d.Send, d.Receive)), Math.Max(compute, d.Compute));
        }

        Int128 tokens = 0;
        for (var m = 0; m < models.Count; m++)
        {
            if (models[m].RankCount != devices.Count) throw InputException.At($"{where}: model {m}", $"{models[m].RankCount} ranks", $"one per device ({devices.Count})");
            tokens += (Int128)models[m].Demand.Total() + models[m].GateTokens + models[m].AggregateTokens;
        }

        if (tokens * Math.Max(wire, compute) > Largest) throw InputException.At(where, $"{tokens} tokens at up to {Math.Max(wire, compute)} time units each", "times below 2^56 units");
        HasEqualDevices = devices.All(d => d == devices[0]);
        HasSymmetricPorts = devices.All(d => d.Send == d.Receive);
        LargestCompute = compute;
    }

    /// <summary>n devices; the baselines that sort take them as listed, fastest first.</summary>
    public IReadOnlyList<DeviceCost> Devices { get; }

    public IReadOnlyList<DeployedModel> Models { get; }

    public int DeviceCount => Devices.Count;

    public bool HasEqualDevices { get; }

    /// <summary>Every device sends as fast as it receives.</summary>
    public bool HasSymmetricPorts { get; }

    /// <summary>K: compute time of the slowest device per token.</summary>
    internal long LargestCompute { get; }

    internal long[] SendCosts() => [.. Devices.Select(d => d.Send)];

    internal long[] ReceiveCosts() => [.. Devices.Select(d => d.Receive)];

    internal long[] ComputeCosts() => [.. Devices.Select(d => d.Compute)];
}
