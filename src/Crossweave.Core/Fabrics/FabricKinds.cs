using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>Every kind of fabric; a new one is one file and one line here.</summary>
public static class FabricKinds
{
    public const int MaxPlanes = 64;

    public static readonly IReadOnlyList<IFabricKind> All = [new IdealSwitch(), new CircuitSwitch(), new TwoTier(), new Ring(), new OneWayRing()];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IFabricKind Find(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");

    /// <summary>The same ports behind a packet switch: where schedules that share ports are timed.</summary>
    public static Fabric PacketTwin(Fabric fabric) =>
        fabric.IsCircuitSwitched
            ? new Fabric(IdealSwitch.KindName, fabric.RankCount, [.. fabric.Switches.Select(s => s with { ReconfigurationDelay = null })], fabric.Links)
            : fabric;

    /// <summary>For packet fabrics with one network.</summary>
    internal static void RefuseCircuitOptions(string kind, FabricOptions options)
    {
        if (options.ReconfigurationDelay is { Picoseconds: > 0 } delay)
            throw InputException.At(options.Where + "reconfigurationDelay", $"{delay}", $"none on a {kind} (use circuit-switch)");
        if (options.PlaneCount != 1) throw InputException.At(options.Where + "switches", $"{options.PlaneCount}", $"1 on a {kind} (use circuit-switch)");
        if (options.ReconfiguresPartially) throw InputException.At(options.Where + "reconfiguration", "partial", $"none on a {kind} (use circuit-switch)");
    }

    internal static void RefuseScaleUp(string kind, FabricOptions options)
    {
        if (options.ScaleUpBandwidth is { } rate) throw InputException.At(options.Where + "scaleUpBandwidth", $"{rate}", $"none on a {kind} (use two-tier)");
    }

    /// <summary>Parallel switches in the middle, one by default; a link up and a link down per rank and switch.</summary>
    internal static Fabric Star(string kind, FabricOptions options, SimTime? reconfigurationDelay)
    {
        var n = options.RankCount;
        if (n < 1) throw InputException.At(options.Where + "ranks", $"{n}", "at least 1");
        if (options.BandwidthOfRank is { } each && each.Count != n)
            throw InputException.At(options.Where + "bandwidthOfRank", $"{each.Count} values", $"one per rank ({n})");
        if (options.PlaneCount is < 1 or > MaxPlanes) throw InputException.At(options.Where + "switches", $"{options.PlaneCount}", $"1 to {MaxPlanes}");
        var switches = new FabricSwitch[options.PlaneCount];
        var links = new List<Link>(2 * n * switches.Length);
        for (var plane = 0; plane < switches.Length; plane++)
        {
            switches[plane] = new FabricSwitch(plane == 0 ? "switch" : $"switch {plane}", reconfigurationDelay);
            for (var rank = 0; rank < n; rank++)
            {
                var rate = options.BandwidthOfRank?[rank] ?? options.Bandwidth;
                links.Add(new Link(rank, n + plane, rate, SimTime.Zero));
                links.Add(new Link(n + plane, rank, rate, SimTime.Zero));
            }
        }

        return new Fabric(kind, n, switches, links, options.ReconfiguresPartially);
    }
}
