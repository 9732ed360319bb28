using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>
/// One optical circuit switch: each port is connected to one peer at a time in each direction, and nothing flows while the
/// switch reconfigures. Source of the model: arXiv 2605.26845; several parallel switches ("planes"), on each of which every rank has
/// a port of the full rate: arXiv 2603.07373. With partial reconfiguration only the ports whose circuit changes wait, all others keep
/// sending, and steps need no barrier between them.
/// </summary>
public sealed class CircuitSwitch : IFabricKind
{
    public string Name => "circuit-switch";

    public string Summary => "optical circuit switches (one or several in parallel) with a reconfiguration delay";

    public Fabric Build(FabricOptions options) => FabricKinds.Star(Name, options, options.ReconfigurationDelay ?? SimTime.Zero);
}
