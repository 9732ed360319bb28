using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>The links of a static ring: bit/s from rank k to k + 1 at [k] and, when it runs both ways, from k + 1 to k at [n + k].</summary>
public sealed record RingRates(long[] OfLink, bool BothWays);

/// <summary>
/// A static ring without any switch (baseline of arXiv 2605.26845; scheduling spec 4): each rank has links to its two neighbours and
/// forwards what is not for it. The bandwidth of a port is shared equally by the two directions; a link is as fast as the slower of its
/// two ranks. Two ranks have both directions between them. The publication does not state the direction: this reading fits its figures.
/// </summary>
public sealed class Ring : IFabricKind
{
    internal const string KindName = "ring";

    public string Name => KindName;

    public string Summary => "static two-directional ring, half the port bandwidth each way";

    public Fabric Build(FabricOptions options) => Rings.Build(this, options, bothWays: true);

    /// <summary>The ring of the same ranks and port rates (the NICs of a two-tier fabric).</summary>
    public static Fabric Over(Fabric fabric) => Rings.Over(KindName, fabric, bothWays: true);
}

/// <summary>A static ring that runs one way, from rank k to k + 1, with the whole port bandwidth.</summary>
public sealed class OneWayRing : IFabricKind
{
    internal const string KindName = "ring-one-way";

    public string Name => KindName;

    public string Summary => "static one-directional ring with the whole port bandwidth";

    public Fabric Build(FabricOptions options) => Rings.Build(this, options, bothWays: false);

    /// <summary>The one-way ring of the same ranks and port rates.</summary>
    public static Fabric Over(Fabric fabric) => Rings.Over(KindName, fabric, bothWays: false);
}

internal static class Rings
{
    public static Fabric Build(IFabricKind kind, FabricOptions options, bool bothWays)
    {
        FabricKinds.RefuseCircuitOptions(kind.Name, options);
        FabricKinds.RefuseScaleUp(kind.Name, options);
        return Over(kind.Name, FabricKinds.Star(kind.Name, options, null), bothWays);
    }

    public static Fabric Over(string kind, Fabric fabric, bool bothWays)
    {
        if (fabric.Ring is not null && fabric.Kind == kind) return fabric;
        var n = fabric.RankCount;
        var links = new List<Link>(2 * n);
        var rates = new long[bothWays ? 2 * n : n];
        for (var k = 0; k < n; k++) Add(k, k, (k + 1) % n);
        for (var k = 0; k < n && bothWays; k++) Add(n + k, (k + 1) % n, k);
        return new Fabric(kind, n, [], links, ring: new RingRates(rates, bothWays));

        void Add(int index, int from, int to)
        {
            var slower = Math.Min(fabric.ScaleOutSendRate(from).BitsPerSecond, fabric.ScaleOutReceiveRate(to).BitsPerSecond);
            rates[index] = Math.Max(1, bothWays ? slower / 2 : slower);
            links.Add(new Link(from, to, new Bandwidth(rates[index]), SimTime.Zero));
        }
    }
}
