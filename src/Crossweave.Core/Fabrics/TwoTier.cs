using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>
/// Nodes of several ranks (setting of FAST, arXiv 2505.09764; scheduling spec 3.9): inside a node every rank has a port of the scale-up
/// bandwidth at the node's switch, between nodes every rank has a NIC of <see cref="FabricOptions.Bandwidth"/> at one non-blocking
/// switch. Traffic inside a node uses the first, all other the second; the two do not disturb each other.
/// </summary>
public sealed class TwoTier : IFabricKind
{
    public string Name => "two-tier";

    public string Summary => "nodes with a fast scale-up switch each, one NIC per rank between them";

    public Fabric Build(FabricOptions options)
    {
        FabricKinds.RefuseCircuitOptions(Name, options);
        if (options.ScaleUpBandwidth is not { } scaleUp) throw InputException.At(options.Where + "scaleUpBandwidth", "nothing", $"a rate with a unit on a {Name} fabric, for example 3600Gbps");
        var (n, nodes) = (options.RankCount, options.NodeCount);
        if (nodes < 1 || n % nodes != 0) throw InputException.At(options.Where + "nodes", $"{nodes}", $"a divisor of the {n} ranks");
        var nics = FabricKinds.Star(Name, options, null); // checks ranks and rates
        var switches = new List<FabricSwitch>(nodes + 1);
        for (var node = 0; node < nodes; node++) switches.Add(new FabricSwitch($"node {node}", null));
        switches.Add(new FabricSwitch("scale-out", null));
        var links = new List<Link>(4 * n);
        for (var rank = 0; rank < n; rank++)
        {
            var node = n + (rank / (n / nodes));
            links.Add(new Link(rank, node, scaleUp, SimTime.Zero));
            links.Add(new Link(node, rank, scaleUp, SimTime.Zero));
            links.Add(new Link(rank, n + nodes, nics.SendRate(rank), SimTime.Zero));
            links.Add(new Link(n + nodes, rank, nics.ReceiveRate(rank), SimTime.Zero));
        }

        return new Fabric(Name, n, switches, links, scaleUpNodeCount: nodes);
    }
}
