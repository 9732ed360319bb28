using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Busiest node of an exchange on two tiers: what leaves or enters a node must pass its NICs together, whichever of them it uses
/// (T* of FAST, arXiv 2505.09764: max line of the node matrix over ranks per node x NIC rate). Valid with relays inside nodes.
/// </summary>
public static class NodeBound
{
    /// <summary>Tie: lowest node, sending first.</summary>
    public static LowerBound Of(PortLines lines)
    {
        var (best, bottleneck) = (0L, "none");
        for (var node = 0; node < lines.NodeSendPs.Length; node++)
        {
            if (lines.NodeSendPs[node] > best) (best, bottleneck) = (lines.NodeSendPs[node], $"NICs of node {node}, sending");
            if (lines.NodeReceivePs[node] > best) (best, bottleneck) = (lines.NodeReceivePs[node], $"NICs of node {node}, receiving");
        }

        return new LowerBound("node", new SimTime(best), bottleneck);
    }
}
