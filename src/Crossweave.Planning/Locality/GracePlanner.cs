using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using MathNet.Numerics.LinearAlgebra;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Groups of bounded unequal size after GRACE-MoE (arXiv 2509.25041; execution spec 3.5): spectral clustering of the pair counts, then
/// experts of weakest affinity leave the largest group until every size lies within 15 % of the mean; with several nodes, nodes first.
/// Free slots take copies of the hottest experts.
/// </summary>
/// <remarks>
/// Assumed, because the paper leaves it open: normalised Laplacian, one eigenvector per group, rows normalised, k-means with 10 seeded
/// restarts. A group never exceeds the slots of its rank, so without redundant slots all groups are equal. O(experts^3) per layer.
/// Bad when load matters: no load term, and free sizes idle ranks.
/// </remarks>
public sealed class GracePlanner : IPlacementPlanner
{
    private const double SizeTolerance = 0.15;
    private const int Restarts = 10;
    private const int Iterations = 50;

    public string Name => "grace";

    public string Summary => "GRACE: spectral clusters of co-activated experts, sizes within 15 %, hottest experts replicated";

    public bool NeedsRouting => true;

    public bool TakesPairs => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => LayerTokens.Plan(problem, (tokens, layer) =>
    {
        var pairs = tokens.Sets.Pairs();
        var (experts, ranks, stream) = (problem.ExpertCount, problem.RankCount, prng.Split(layer));
        var all = Enumerable.Range(0, experts).ToArray();
        var rankOf = new int[experts];
        if (problem.NodeCount == 1 || ranks % problem.NodeCount != 0 || experts < ranks)
        {
            Divide(pairs, experts, all, ranks, problem.SlotsPerRank, stream).CopyTo(rankOf, 0);
        }
        else
        {
            var perNode = ranks / problem.NodeCount;
            var nodeOf = Divide(pairs, experts, all, problem.NodeCount, problem.SlotsPerRank * perNode, stream);
            for (var node = 0; node < problem.NodeCount; node++)
            {
                var members = all.Where(e => nodeOf[e] == node).ToArray();
                var group = Divide(pairs, experts, members, perNode, problem.SlotsPerRank, stream.Split(node));
                for (var m = 0; m < members.Length; m++) rankOf[members[m]] = (node * perNode) + group[m];
            }
        }

        var groups = new RankGroups(rankOf, ranks, problem.SlotsPerRank);
        groups.FillWithHottest(tokens.Load);
        return groups.ToLayer();
    });

    // Group of each member.
    private static int[] Divide(long[] pairs, int experts, int[] members, int groups, int room, Prng prng)
    {
        var n = members.Length;
        if (groups == 1) return new int[n];
        var affinity = new double[n, n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                affinity[i, j] = pairs[(members[i] * experts) + members[j]];
        var group = KMeans(Embedding(affinity, groups), groups, prng);
        Bound(group, affinity, groups, room);
        return group;
    }

    // Rows of the eigenvectors of the largest eigenvalues of D^-1/2 P D^-1/2, which are those of the smallest of the normalised Laplacian.
    private static double[][] Embedding(double[,] affinity, int dimensions)
    {
        var n = affinity.GetLength(0);
        var degree = new double[n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                degree[i] += affinity[i, j];
        var scaled = Matrix<double>.Build.Dense(n, n, (i, j) => degree[i] > 0 && degree[j] > 0 ? affinity[i, j] / Math.Sqrt(degree[i] * degree[j]) : 0);
        var vectors = scaled.Evd(Symmetricity.Symmetric).EigenVectors; // eigenvalues ascend
        var rows = new double[n][];
        for (var i = 0; i < n; i++)
        {
            rows[i] = new double[Math.Min(dimensions, n)];
            var square = 0.0;
            for (var d = 0; d < rows[i].Length; d++)
            {
                rows[i][d] = vectors[i, n - 1 - d];
                square += rows[i][d] * rows[i][d];
            }

            if (square > 0)
                foreach (ref var x in rows[i].AsSpan())
                    x /= Math.Sqrt(square);
        }

        return rows;
    }

    private static int[] KMeans(double[][] points, int clusters, Prng prng)
    {
        int[]? best = null;
        var least = double.PositiveInfinity;
        for (var restart = 0; restart < Restarts; restart++)
        {
            var order = Enumerable.Range(0, points.Length).ToArray();
            prng.Shuffle<int>(order);
            var centre = Enumerable.Range(0, clusters).Select(c => points[order[c % order.Length]].ToArray()).ToArray();
            var cluster = new int[points.Length];
            var error = 0.0;
            for (var iteration = 0; iteration < Iterations; iteration++)
            {
                var moved = false;
                error = 0;
                for (var p = 0; p < points.Length; p++)
                {
                    var (near, distance) = (0, double.PositiveInfinity);
                    for (var c = 0; c < clusters; c++)
                        if (Distance(points[p], centre[c]) is var d && d < distance)
                            (near, distance) = (c, d);
                    moved |= cluster[p] != near;
                    cluster[p] = near;
                    error += distance;
                }

                if (!moved && iteration > 0) break;
                for (var c = 0; c < clusters; c++)
                {
                    var members = points.Where((_, p) => cluster[p] == c).ToArray();
                    if (members.Length > 0)
                        for (var d = 0; d < centre[c].Length; d++)
                            centre[c][d] = members.Average(m => m[d]);
                }
            }

            if (error >= least) continue;
            (best, least) = (cluster, error);
        }

        return best!;
    }

    private static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var d = 0; d < a.Length; d++) sum += (a[d] - b[d]) * (a[d] - b[d]);
        return sum;
    }

    // The weakest expert of the largest group moves to the group of its strongest mean affinity that is not full.
    private static void Bound(int[] group, double[,] affinity, int groups, int room)
    {
        var mean = group.Length / (double)groups;
        var most = Math.Min(room, Math.Max((int)Math.Floor(mean * (1 + SizeTolerance)), (int)Math.Ceiling(mean)));
        var fewest = Math.Min((int)Math.Ceiling(mean * (1 - SizeTolerance)), (int)Math.Floor(mean));
        var size = new int[groups];
        foreach (var g in group) size[g]++;
        while (size.Max() > most || size.Min() < fewest)
        {
            var largest = Array.IndexOf(size, size.Max());
            var limit = size.Max() > most ? most : fewest; // fill what is too small once nothing is too large
            var weakest = -1;
            for (var e = 0; e < group.Length; e++)
                if (group[e] == largest && (weakest < 0 || Mean(e, largest) < Mean(weakest, largest)))
                    weakest = e;
            var target = -1;
            for (var g = 0; g < groups; g++)
                if (g != largest && size[g] < limit && (target < 0 || Mean(weakest, g) > Mean(weakest, target)))
                    target = g;
            group[weakest] = target;
            size[largest]--;
            size[target]++;
        }

        double Mean(int expert, int g)
        {
            var (sum, count) = (0.0, 0);
            for (var e = 0; e < group.Length; e++)
            {
                if (e == expert || group[e] != g) continue;
                sum += affinity[expert, e];
                count++;
            }

            return count == 0 ? 0 : sum / count;
        }
    }
}
