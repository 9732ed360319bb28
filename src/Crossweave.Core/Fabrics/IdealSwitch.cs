namespace Crossweave.Core.Fabrics;

/// <summary>A non-blocking packet switch: only the ports of the ranks limit. The "big switch" of Aurora and the ideal of the photonic paper.</summary>
public sealed class IdealSwitch : IFabricKind
{
    internal const string KindName = "ideal-switch";

    public string Name => KindName;

    public string Summary => "non-blocking packet switch, port bandwidths only";

    public Fabric Build(FabricOptions options)
    {
        FabricKinds.RefuseCircuitOptions(Name, options);
        FabricKinds.RefuseScaleUp(Name, options);
        return FabricKinds.Star(Name, options, null);
    }
}
