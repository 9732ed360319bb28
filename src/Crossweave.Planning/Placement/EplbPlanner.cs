using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Placement;

/// <summary>
/// EPLB, slot for slot what the published algorithm gives with a stable sort (deepseek-ai/EPLB, revision d52c72d; rules in
/// balancing spec 3.1). Hierarchical when the nodes divide the groups: groups are packed onto nodes, then hot experts are
/// replicated and the replicas packed onto ranks inside each node, heaviest first. Otherwise the same with one group and one
/// node, whatever the nodes are. Loads, quotients and sums are float32: exact as long as group totals stay below 2^24.
/// </summary>
/// <remarks>
/// O(L S (log E + log P)). Ties: equal loads keep their order, the lowest rank and the lowest node-local expert win.
/// Bad when: copies of one expert meet on one rank (wasted slots), the previous placement matters (it is ignored: a 1 %
/// wobble of the loads moves most experts), or one group outweighs a node.
/// </remarks>
public sealed class EplbPlanner : IPlacementPlanner
{
    public string Name => "eplb";

    public string Summary => "DeepSeek's EPLB, exactly: groups to nodes, replicate the hottest, pack heaviest first";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var shape = new EplbShape(problem.ExpertCount, problem.SlotCount, problem.RankCount, problem.NodeCount, problem.GroupCount);
        var plan = PlanLayers(problem.Load, shape);
        var layers = new LayerPlacement[plan.LayerCount];
        for (var layer = 0; layer < layers.Length; layer++)
        {
            var expertOfSlot = plan.ExpertOfSlot.AsSpan(layer * plan.SlotCount, plan.SlotCount).ToArray();
            layers[layer] = LayerPlacement.Even(plan.ExpertCount, expertOfSlot, problem.RankCount);
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    /// <summary>Plans every layer on the calling thread; allocates the result and one set of scratch arrays.</summary>
    public static EplbPlan PlanLayers(ExpertLoad load, EplbShape shape)
    {
        if (load.ExpertCount != shape.ExpertCount) throw new ArgumentException("load and shape differ in experts");
        var (experts, slots) = (shape.ExpertCount, shape.SlotCount);
        var plan = new EplbPlan(
            load.LayerCount,
            experts,
            slots,
            new int[load.LayerCount * slots],
            new int[load.LayerCount * slots],
            new int[load.LayerCount * experts]);
        var solver = new EplbSolver(shape);
        for (var layer = 0; layer < load.LayerCount; layer++)
        {
            solver.Solve(
                load.Layer(layer),
                plan.ExpertOfSlot.AsSpan(layer * slots, slots),
                plan.ReplicaOfSlot.AsSpan(layer * slots, slots),
                plan.ReplicaCount.AsSpan(layer * experts, experts));
        }

        return plan;
    }
}
