using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>What no schedule of the stated class can beat, and what makes it so.</summary>
/// <param name="Name">"port", "reconfiguration", "whole-entry", "compute", ...</param>
/// <param name="Value">The bound.</param>
/// <param name="Bottleneck">The port or rank that causes it, for example "receive port of rank 1".</param>
public sealed record LowerBound(string Name, SimTime Value, string Bottleneck)
{
    /// <summary>Bounds of rings: the prices of the links that prove the value, in the order of <see cref="Fabrics.RingRates"/>.</summary>
    public IReadOnlyList<long>? LinkPrices { get; init; }
}
