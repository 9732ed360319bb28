using Crossweave.Core.Units;

namespace Crossweave.Core.Traffic;

/// <summary>How many copies of a token travel.</summary>
public enum SendMode
{
    /// <summary>One copy per chosen expert (Tutel, MegaBlocks style).</summary>
    PerExpert,

    /// <summary>One copy per distinct target rank (Occult, DeepEP inside a node).</summary>
    PerRank,

    /// <summary>One copy per distinct target node, to the rank with the sender's local index, which fans out inside its node (DeepEP).</summary>
    PerNode,
}

/// <summary>
/// One exchange: copies moved and the expert computations they bring. <paramref name="Work"/>[s, t] = (token, expert) pairs to
/// compute at t because of what s sends in this exchange (diagonal: what stays). In <see cref="SendMode.PerExpert"/> it equals
/// the copies; otherwise one copy can bring several computations.
/// </summary>
public sealed record Exchange(TrafficMatrix Copies, TrafficMatrix Work);

/// <summary>
/// The traffic of one MoE layer: dispatch exchanges in order, then combine exchanges in order. One exchange each, or two in
/// <see cref="SendMode.PerNode"/> (across nodes, then fan-out; combine mirrored).
/// </summary>
/// <param name="Dispatch">Source to expert. The Work of all dispatch exchanges together is every (token, expert) pair once.</param>
/// <param name="Combine">Expert back to source; Work is the same pairs seen from the way back.</param>
/// <param name="DispatchCopyBytes">Bytes of one token copy on the wire in dispatch.</param>
/// <param name="CombineCopyBytes">Bytes of one row on the wire in combine.</param>
public sealed record LayerTraffic(
    IReadOnlyList<Exchange> Dispatch,
    IReadOnlyList<Exchange> Combine,
    Bytes DispatchCopyBytes,
    Bytes CombineCopyBytes)
{
    public int RankCount => Dispatch[0].Copies.RankCount;
}
