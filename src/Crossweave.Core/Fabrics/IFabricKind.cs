using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>What every kind of fabric can be built from; kinds ignore nothing: a value they cannot use is an error.</summary>
/// <param name="RankCount">Ranks.</param>
/// <param name="NodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
/// <param name="Bandwidth">Rate of one rank's port, each direction.</param>
/// <param name="ReconfigurationDelay">Null when not given.</param>
/// <param name="BandwidthOfRank">Unequal ports; null when all are equal.</param>
/// <param name="PlaneCount">Parallel circuit switches; every rank has a port of <paramref name="Bandwidth"/> on each.</param>
/// <param name="ReconfiguresPartially">Only the ports whose circuits change wait for the delay.</param>
/// <param name="ScaleUpBandwidth">Rate of one rank inside its node, each direction; null when there is no such network.</param>
/// <param name="Where">Prefix of error messages, for example "cluster.json: ".</param>
public sealed record FabricOptions(
    int RankCount,
    int NodeCount,
    Bandwidth Bandwidth,
    SimTime? ReconfigurationDelay = null,
    IReadOnlyList<Bandwidth>? BandwidthOfRank = null,
    int PlaneCount = 1,
    bool ReconfiguresPartially = false,
    Bandwidth? ScaleUpBandwidth = null,
    string Where = "");

/// <summary>A kind of fabric. Registered in <c>FabricKinds.All</c>.</summary>
public interface IFabricKind
{
    string Name { get; }

    string Summary { get; }

    /// <exception cref="InputException">Options that this kind cannot use.</exception>
    Fabric Build(FabricOptions options);
}
