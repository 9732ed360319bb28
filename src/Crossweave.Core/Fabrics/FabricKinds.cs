using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>Every kind of fabric; a new one is one file and one line here.</summary>
public static class FabricKinds
{
    public static readonly IReadOnlyList<IFabricKind> All = [new IdealSwitch(), new CircuitSwitch()];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IFabricKind Find(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");

    /// <summary>The same ports behind a packet switch: where schedules that share ports are timed.</summary>
    public static Fabric PacketTwin(Fabric fabric) =>
        fabric.IsCircuitSwitched
            ? new Fabric(IdealSwitch.KindName, fabric.RankCount, [new FabricSwitch("switch", null)], fabric.Links)
            : fabric;

    /// <summary>One switch in the middle, a link up and a link down per rank.</summary>
    internal static Fabric Star(string kind, FabricOptions options, SimTime? reconfigurationDelay)
    {
        var n = options.RankCount;
        if (n < 1) throw InputException.At("ranks", $"{n}", "at least 1");
        if (options.BandwidthOfRank is { } each && each.Count != n)
            throw InputException.At("bandwidthOfRank", $"{each.Count} values", $"one per rank ({n})");
        var links = new Link[2 * n];
        for (var rank = 0; rank < n; rank++)
        {
            var rate = options.BandwidthOfRank?[rank] ?? options.Bandwidth;
            links[2 * rank] = new Link(rank, n, rate, SimTime.Zero);
            links[(2 * rank) + 1] = new Link(n, rank, rate, SimTime.Zero);
        }

        return new Fabric(kind, n, [new FabricSwitch("switch", reconfigurationDelay)], links);
    }
}
