namespace Crossweave.Core.Fabrics;

/// <summary>A non-blocking packet switch: only the ports of the ranks limit. The "big switch" of Aurora and the ideal of the photonic paper.</summary>
public sealed class IdealSwitch : IFabricKind
{
    internal const string KindName = "ideal-switch";

    public string Name => KindName;

    public string Summary => "non-blocking packet switch, port bandwidths only";

    public Fabric Build(FabricOptions options)
    {
        if (options.ReconfigurationDelay is { Picoseconds: > 0 } delay)
            throw InputException.At("reconfigurationDelay", $"{delay}", $"none on a {Name} (use circuit-switch)");
        if (options.PlaneCount != 1) throw InputException.At("switches", $"{options.PlaneCount}", $"1 on a {Name} (use circuit-switch)");
        if (options.ReconfiguresPartially) throw InputException.At("reconfiguration", "partial", $"none on a {Name} (use circuit-switch)");
        return FabricKinds.Star(Name, options, null);
    }
}
