namespace Crossweave.Planning.Deployment;

/// <summary>
/// Whether going from a running placement to a new one pays: the weights of the experts that change device cross the ports once, the layer is
/// faster from then on (deployment spec 10: bytes of moved weights over port bandwidth, spread over the layers until the next plan).
/// </summary>
/// <param name="MovedExperts">Experts of all models on another device than before.</param>
/// <param name="MoveTime">On the busiest port, in the problem's units.</param>
/// <param name="Before">Time of a layer as it runs now, on the traffic at hand.</param>
/// <param name="After">And with the new placement.</param>
public sealed record DeploymentMove(int MovedExperts, long MoveTime, long Before, long After)
{
    /// <summary>Layers until the move has paid for itself; null when the new placement is not faster.</summary>
    public long? PaysAfterLayers => MoveTime == 0 ? 0 : Before <= After ? null : (MoveTime + Before - After - 1) / (Before - After);

    /// <summary>What the move gains over so many layers; negative when it does not pay.</summary>
    public Int128 Net(long layers) => ((Int128)(Before - After) * layers) - MoveTime;

    /// <param name="plan">The new placement.</param>
    /// <param name="before">Device of every expert now, [model][expert].</param>
    /// <param name="beforeTime">Time of a layer now.</param>
    /// <param name="expertBytes">Weights of one expert of one layer.</param>
    /// <param name="tokenBytes">Bytes of the token that the devices' wire times are of.</param>
    public static DeploymentMove Of(ShardedPlan plan, IReadOnlyList<int[]> before, long beforeTime, long expertBytes, long tokenBytes)
    {
        var devices = plan.Devices.Devices;
        var (moved, gone, come) = (0, new long[devices.Count], new long[devices.Count]);
        for (var m = 0; m < before.Count; m++)
        {
            for (var e = 0; e < before[m].Length; e++)
            {
                var (from, to) = (before[m][e], plan.DeviceOfExpert[m][e]);
                if (from == to) continue;
                moved++;
                gone[from]++;
                come[to]++;
            }
        }

        Int128 time = 0;
        for (var g = 0; g < devices.Count; g++) time = Int128.Max(time, Int128.Max((Int128)gone[g] * devices[g].Send, (Int128)come[g] * devices[g].Receive));
        return new DeploymentMove(moved, checked((long)(((time * expertBytes) + tokenBytes - 1) / tokenBytes)), beforeTime, plan.Value);
    }
}
