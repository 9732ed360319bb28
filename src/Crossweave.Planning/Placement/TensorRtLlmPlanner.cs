using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// The placement of TensorRT-LLM's MoE load balancer, slot for slot (rules in balancing spec 3.2). Global. Redundant slots go to the
/// largest load per replica, dealt evenly when there is no load at all; replicas, largest first, go to the lightest rank with room.
/// Loads are float32, all further arithmetic is double.
/// </summary>
/// <remarks>
/// O(L ((S - E) E + S log S + S P)). Ties: the highest expert is replicated; equal replicas by expert ascending; lowest rank.
/// Bad when: as EPLB's global form, copies of one expert may meet on one rank; blind to nodes and to the previous placement.
/// </remarks>
public sealed class TensorRtLlmPlanner : IPlacementPlanner
{
    public string Name => "tensorrt-llm";

    public string Summary => "TensorRT-LLM's static balancer, exactly: replicate the hottest, pack largest first, global";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var layers = new LayerPlacement[problem.Load.LayerCount];
        var load = new double[problem.ExpertCount];
        for (var layer = 0; layer < layers.Length; layer++)
        {
            var tokens = problem.Load.Layer(layer);
            for (var expert = 0; expert < load.Length; expert++) load[expert] = (float)tokens[expert];
            var expertOfSlot = Pack(load, Replicate(load, problem.SlotCount), problem.SlotCount, problem.RankCount);
            layers[layer] = LayerPlacement.Even(problem.ExpertCount, expertOfSlot, problem.RankCount);
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    private static int[] Replicate(double[] load, int slotCount)
    {
        var count = new int[load.Length];
        if (!Array.Exists(load, l => l > 0))
        {
            for (var expert = 0; expert < count.Length; expert++)
                count[expert] = (slotCount / count.Length) + (expert < slotCount % count.Length ? 1 : 0);
            return count;
        }

        Array.Fill(count, 1);
        for (var slot = load.Length; slot < slotCount; slot++)
        {
            var hottest = 0;
            for (var expert = 1; expert < load.Length; expert++)
            {
                if (load[expert] / count[expert] >= load[hottest] / count[hottest]) hottest = expert;
            }

            count[hottest]++;
        }

        return count;
    }

    private static int[] Pack(double[] load, int[] count, int slotCount, int rankCount)
    {
        var replicas = new (double MinusSize, int Expert)[slotCount];
        var i = 0;
        for (var expert = 0; expert < load.Length; expert++)
            for (var copy = 0; copy < count[expert]; copy++)
                replicas[i++] = (-(load[expert] / count[expert]), expert);
        Array.Sort(replicas);

        var slotsPerRank = slotCount / rankCount;
        var expertOfSlot = new int[slotCount];
        var rankLoad = new double[rankCount];
        var fill = new int[rankCount];
        foreach (var (minusSize, expert) in replicas)
        {
            var lightest = -1;
            for (var rank = 0; rank < rankCount; rank++)
            {
                if (fill[rank] < slotsPerRank && (lightest < 0 || rankLoad[rank] < rankLoad[lightest])) lightest = rank;
            }

            expertOfSlot[(lightest * slotsPerRank) + fill[lightest]++] = expert;
            rankLoad[lightest] -= minusSize;
        }

        return expertOfSlot;
    }
}
