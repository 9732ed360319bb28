namespace Crossweave.Planning.Placement;

/// <summary>
/// Soft form of the rule that groups stay on a node: a few groups may be on two. The heaviest and the lightest node exchange experts between one group of each, equally
/// many both ways, while that brings both nearer to the mean; the two groups whose exchange leaves the least are taken, again and again.
/// </summary>
/// <remarks>
/// Greedy; O(steps G^2 / N^2 x exchanges x (E / G)^2). A group is never on more than two nodes. Ties: lowest groups, lowest experts. Balancing spec 8.
/// Bad when: one expert outweighs a node, or the tokens of a straddling group cost more between nodes than balance saves (the caller says how many may).
/// </remarks>
internal static class GroupStraddle
{
    private const double SmallestStep = 1e-3; // of the mean load of a node; less is not worth two more groups

    /// <summary>Moves experts between nodes.</summary>
    /// <param name="tokens">Load of each expert.</param>
    /// <param name="groupSize">Experts of a group, neighbours.</param>
    /// <param name="nodes">Nodes.</param>
    /// <param name="most">Groups that may be on two nodes.</param>
    /// <param name="nodeOfExpert">Changed; every group on one node before.</param>
    public static void Relax(ReadOnlySpan<double> tokens, int groupSize, int nodes, int most, Span<int> nodeOfExpert)
    {
        var groups = tokens.Length / groupSize;
        var isSplit = new bool[groups];
        var load = new double[nodes];
        for (var e = 0; e < tokens.Length; e++) load[nodeOfExpert[e]] += tokens[e];
        var mean = load.Sum() / nodes;
        for (var split = 0; split < most;)
        {
            var (high, low) = (Array.IndexOf(load, load.Max()), Array.IndexOf(load, load.Min()));
            var wanted = Math.Min(load[high] - mean, mean - load[low]);
            if (wanted < SmallestStep * mean) return;
            var (best, bestA, bestB) = (wanted - (SmallestStep * mean), -1, -1);
            for (var a = 0; a < groups; a++)
            {
                if (isSplit[a] || nodeOfExpert[a * groupSize] != high) continue;
                for (var b = 0; b < groups; b++)
                {
                    if (isSplit[b] || nodeOfExpert[b * groupSize] != low) continue;
                    var left = Exchange(tokens, groupSize, a, b, wanted, nodeOfExpert.ToArray());
                    if (left < best) (best, bestA, bestB) = (left, a, b);
                }
            }

            if (bestA < 0 || split + 2 > most) return;
            var moved = wanted - Exchange(tokens, groupSize, bestA, bestB, wanted, nodeOfExpert);
            (isSplit[bestA], isSplit[bestB]) = (true, true);
            load[high] -= moved;
            load[low] += moved;
            split += 2;
        }
    }

    /// <summary>Exchanges of one expert for one, each the one that comes nearest to what is still wanted; returns what is left of it.</summary>
    private static double Exchange(ReadOnlySpan<double> tokens, int size, int from, int to, double wanted, Span<int> nodeOfExpert)
    {
        var (high, low) = (nodeOfExpert[from * size], nodeOfExpert[to * size]);
        while (true)
        {
            var (best, bestE, bestF) = (wanted, -1, -1);
            for (var e = from * size; e < (from + 1) * size; e++)
            {
                if (nodeOfExpert[e] != high) continue;
                for (var f = to * size; f < (to + 1) * size; f++)
                {
                    if (nodeOfExpert[f] != low) continue;
                    var left = wanted - (tokens[e] - tokens[f]);
                    if (left >= 0 && left < best) (best, bestE, bestF) = (left, e, f);
                }
            }

            if (bestE < 0) return wanted;
            (nodeOfExpert[bestE], nodeOfExpert[bestF], wanted) = (low, high, best);
        }
    }
}
