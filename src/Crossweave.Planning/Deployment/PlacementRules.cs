using Crossweave.Algorithms;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>A method that is one rule without search; <c>place</c> gives [model][device] -> rank.</summary>
internal sealed class RuleMethod(string name, string summary, string kinds, Func<LayerTime, bool> applies, Func<DeploymentProblem, TimeLine, Prng, int[][]> place) : IDeploymentMethod
{
    public string Name => name;

    public string Summary => summary;

    public string Kinds => kinds;

    public bool AppliesTo(LayerTime time) => applies(time);

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng) => DeploymentPlan.From(line.For(problem), place(problem, line, prng));
}

/// <summary>The rules themselves, with the tie rules of deployment spec 3.5 to 3.9; devices count as fastest first in the order given.</summary>
internal static class PlacementRules
{
    /// <summary>Theorem 5.1: ranks by expert load descending onto devices as listed; ties to the lower index.</summary>
    public static int[][] SortByWork(DeploymentProblem problem) => [Descending(problem.Models[0].Work)];

    /// <summary>By max(s, r) instead (derived); ties to the lower index.</summary>
    public static int[][] SortByPort(DeploymentProblem problem) => [Descending(problem.Models[0].Port)];

    /// <summary>Every model by max(s, r, f) descending on its own; ties to the lower index (spec 3.9).</summary>
    public static int[][] SortSort(DeploymentProblem problem) => [.. problem.Models.Select(m => Descending(Total(m)))];

    /// <summary>Theorem 6.2, Case I: a by max(s, r) ascending meets b descending; ties to the lower index.</summary>
    public static int[][] Zip(DeploymentProblem problem) => [Ascending(problem.Models[0].Port), Descending(problem.Models[1].Port)];

    /// <summary>Second start of swaps on equal devices: a by f descending meets b by f ascending (spec 3.7).</summary>
    public static int[][] ZipByWork(DeploymentProblem problem) => [Descending(problem.Models[0].Work), Ascending(problem.Models[1].Work)];

    /// <summary>Theorem 6.2, Case II: rank i of a on device i with the rank of b that a bottleneck matching on the joint port load gives it.</summary>
    public static int[][] Bottleneck(DeploymentProblem problem)
    {
        var (a, b, n) = (problem.Models[0], problem.Models[1], problem.DeviceCount);
        var weight = new long[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                weight[(i * n) + j] = Math.Max(a.Sent[i] + b.Sent[j], a.Received[i] + b.Received[j]);
        var matching = new BottleneckMatching(n);
        matching.Solve(weight);
        return [[.. Enumerable.Range(0, n)], matching.ColumnOfRow.ToArray()];
    }

    /// <summary>Pairs as in <see cref="Bottleneck"/>, then a bottleneck matching of pairs (by rank of a) and devices on the time of a pair alone there (spec 3.8).</summary>
    public static int[][] TwoStage(DeploymentProblem problem, TimeLine line)
    {
        var (n, partner) = (problem.DeviceCount, Bottleneck(problem)[1]);
        var weight = new long[n * n];
        long[] maxima = [];
        for (var g = 0; g < n; g++)
        {
            var alone = line.For(new DeploymentProblem([.. Enumerable.Repeat(problem.Devices[g], n)], problem.Models)); // K is this device's
            Array.Resize(ref maxima, alone.Terms.Length);
            for (var i = 0; i < n; i++)
            {
                for (var t = 0; t < maxima.Length; t++) maxima[t] = alone.At(t, g, [i, partner[i]]);
                weight[(i * n) + g] = alone.Finish(maxima);
            }
        }

        var matching = new BottleneckMatching(n);
        matching.Solve(weight);
        var a = DeploymentPlan.Inverse(matching.ColumnOfRow.ToArray());
        return [a, Array.ConvertAll(a, i => partner[i])];
    }

    /// <summary>Every model on a random permutation.</summary>
    public static int[][] Random(DeploymentProblem problem, Prng prng) =>
        [.. problem.Models.Select((_, m) =>
        {
            var ranks = Enumerable.Range(0, problem.DeviceCount).ToArray();
            prng.Split(m).Shuffle(ranks.AsSpan());
            return ranks;
        })];

    private static long[] Total(DeployedModel model) => [.. model.Port.Zip(model.Work, Math.Max)];

    private static int[] Descending(long[] load) => [.. Enumerable.Range(0, load.Length).OrderByDescending(i => load[i])];

    private static int[] Ascending(long[] load) => [.. Enumerable.Range(0, load.Length).OrderBy(i => load[i])];
}
