namespace Crossweave.Cli.Bench;

/// <summary>
/// EPLB written down rule by rule (balancing spec 3.1), with scans and a library sort instead of clever structures: the plain
/// side of the bench and the oracle of the tests. Shares no code with the planner.
/// </summary>
internal static class PlainEplb
{
    /// <summary>One layer: expert of each slot, replica number of each slot, replicas of each expert.</summary>
    public static (int[] ExpertOfSlot, int[] ReplicaOfSlot, int[] ReplicaCount) Plan(
        long[] tokens, int slots, int groups, int nodes, int ranks)
    {
        if (groups % nodes != 0) (groups, nodes) = (1, 1);
        var experts = tokens.Length;
        var groupSize = experts / groups;
        var groupLoad = new float[groups];
        for (var e = 0; e < experts; e++) groupLoad[e / groupSize] += (float)tokens[e];
        var (nodeOfGroup, positionOfGroup) = BalancedPacking(groupLoad, nodes);

        var expertAt = new int[nodes, experts / nodes];
        for (var e = 0; e < experts; e++)
        {
            var group = e / groupSize;
            expertAt[nodeOfGroup[group], (positionOfGroup[group] * groupSize) + (e % groupSize)] = e;
        }

        var expertOfSlot = new int[slots];
        var replicaOfSlot = new int[slots];
        var replicaCount = new int[experts];
        for (var node = 0; node < nodes; node++)
        {
            var load = new float[experts / nodes];
            for (var m = 0; m < load.Length; m++) load[m] = tokens[expertAt[node, m]];
            var (indexOfReplica, numberOfReplica, count) = Replicate(load, slots / nodes);
            var replicaLoad = indexOfReplica.Select(m => load[m] / count[m]).ToArray();
            var (rankOfReplica, positionOfReplica) = BalancedPacking(replicaLoad, ranks / nodes);
            for (var j = 0; j < indexOfReplica.Length; j++)
            {
                var slot = (node * (slots / nodes)) + (rankOfReplica[j] * (slots / ranks)) + positionOfReplica[j];
                expertOfSlot[slot] = expertAt[node, indexOfReplica[j]];
                replicaOfSlot[slot] = numberOfReplica[j];
            }

            for (var m = 0; m < load.Length; m++) replicaCount[expertAt[node, m]] = count[m];
        }

        return (expertOfSlot, replicaOfSlot, replicaCount);
    }

    private static (int[] Pack, int[] Position) BalancedPacking(float[] load, int packs)
    {
        var n = load.Length;
        var (pack, position) = (new int[n], new int[n]);
        if (n == packs)
        {
            for (var i = 0; i < n; i++) pack[i] = i;
            return (pack, position);
        }

        var sum = new float[packs];
        var fill = new int[packs];
        foreach (var item in Enumerable.Range(0, n).OrderByDescending(i => load[i])) // stable
        {
            var best = -1;
            for (var p = 0; p < packs; p++)
            {
                if (fill[p] < n / packs && (best < 0 || sum[p] < sum[best])) best = p;
            }

            pack[item] = best;
            position[item] = fill[best]++;
            sum[best] += load[item];
        }

        return (pack, position);
    }

    private static (int[] Index, int[] Number, int[] Count) Replicate(float[] load, int slots)
    {
        var index = new int[slots];
        var number = new int[slots];
        var count = new int[load.Length];
        for (var j = 0; j < slots; j++)
        {
            var chosen = j;
            if (j >= load.Length)
            {
                chosen = 0;
                for (var m = 1; m < load.Length; m++)
                {
                    if (load[m] / count[m] > load[chosen] / count[chosen]) chosen = m;
                }
            }

            index[j] = chosen;
            number[j] = count[chosen]++;
        }

        return (index, number, count);
    }
}
