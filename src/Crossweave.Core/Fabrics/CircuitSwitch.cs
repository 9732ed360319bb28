using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>
/// One optical circuit switch: each port is connected to one peer at a time in each direction, and nothing flows while the
/// switch reconfigures. Source of the model: arXiv 2605.26845.
/// </summary>
public sealed class CircuitSwitch : IFabricKind
{
    public string Name => "circuit-switch";

    public string Summary => "one optical circuit switch with a reconfiguration delay";

    public Fabric Build(FabricOptions options) => FabricKinds.Star(Name, options, options.ReconfigurationDelay ?? SimTime.Zero);
}
