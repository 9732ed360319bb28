using Crossweave.Core;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Shape EPLB plans for. When the nodes divide the groups the plan is hierarchical (groups onto nodes first); otherwise the
/// same routine runs globally with one group and one node, and the nodes need not divide the ranks.
/// </summary>
public sealed record EplbShape
{
    /// <exception cref="InputException">A shape the published algorithm rejects.</exception>
    public EplbShape(int expertCount, int slotCount, int rankCount, int nodeCount, int groupCount)
    {
        Require(expertCount > 0, "experts", expertCount, "at least 1");
        Require(rankCount > 0, "ranks", rankCount, "at least 1");
        Require(nodeCount > 0, "nodes", nodeCount, "at least 1");
        Require(groupCount > 0, "groups", groupCount, "at least 1");
        Require(slotCount >= expertCount, "slots", slotCount, $"at least the {expertCount} experts");
        Require(slotCount % rankCount == 0, "slots", slotCount, $"a multiple of the {rankCount} ranks");
        (NodeCount, GroupCount) = Levels(expertCount, rankCount, nodeCount, groupCount);
        ExpertCount = expertCount;
        SlotCount = slotCount;
        RankCount = rankCount;
    }

    public int ExpertCount { get; }

    public int SlotCount { get; }

    public int RankCount { get; }

    /// <summary>Nodes planned for; 1 on the global path.</summary>
    public int NodeCount { get; }

    /// <summary>Groups planned for; 1 on the global path.</summary>
    public int GroupCount { get; }

    /// <summary>Nodes and groups to plan for: those given when the nodes divide the groups, otherwise one of each.</summary>
    /// <exception cref="InputException">Hierarchical, but the nodes do not divide the ranks or the groups not the experts.</exception>
    public static (int Nodes, int Groups) Levels(int expertCount, int rankCount, int nodeCount, int groupCount)
    {
        if (groupCount % nodeCount != 0) return (1, 1);
        Require(expertCount % groupCount == 0, "groups", groupCount, $"a divisor of the {expertCount} experts");
        Require(
            rankCount % nodeCount == 0,
            "nodes",
            nodeCount,
            $"a divisor of the {rankCount} ranks, because it divides the {groupCount} groups and experts are then placed per node");
        return (nodeCount, groupCount);
    }

    private static void Require(bool holds, string key, int found, string expected)
    {
        if (!holds) throw InputException.At(key, $"{found}", expected);
    }
}
