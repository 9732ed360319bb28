namespace Crossweave.Core.Routing.Statistics;

/// <summary>
/// Distinct ranks per token when every k-subset of the experts is equally likely: exact mean and variance for any number of
/// experts per rank (execution spec 2.3). A rank with n of E experts is missed with probability C(E-n, k) / C(E, k), which is
/// computed as a product of k ratios, so no binomial ever overflows. Holds for placements without replicas.
/// </summary>
public static class UniformRouting
{
    /// <summary>C_T(uniform) = sum over ranks of (1 - C(E - n_r, k) / C(E, k)). O(ranks x k).</summary>
    /// <param name="expertsOnRank">Experts on each rank; together all experts.</param>
    /// <param name="topK">Experts per token.</param>
    public static double DistinctRanks(ReadOnlySpan<int> expertsOnRank, int topK)
    {
        var experts = Total(expertsOnRank, topK);
        var mean = 0.0;
        foreach (var n in expertsOnRank) mean += 1 - Miss(experts, n, topK);
        return mean;
    }

    /// <summary>
    /// Variance of the distinct ranks of one token, from the probabilities that two ranks are both missed. O(sizes^2 x k) for
    /// the different sizes that occur.
    /// </summary>
    public static double Variance(ReadOnlySpan<int> expertsOnRank, int topK)
    {
        var experts = Total(expertsOnRank, topK);
        var sizes = expertsOnRank.ToArray().CountBy(n => n).OrderBy(g => g.Key).ToArray();
        var variance = 0.0;
        foreach (var (n, count) in sizes)
        {
            var miss = Miss(experts, n, topK);
            variance += count * miss * (1 - miss);
            foreach (var (m, others) in sizes)
            {
                var pairs = (double)count * (m == n ? others - 1 : others);
                variance += pairs * (Miss(experts, n + m, topK) - (miss * Miss(experts, m, topK)));
            }
        }

        return Math.Max(0, variance);
    }

    private static double Miss(int experts, int onRank, int topK)
    {
        var probability = 1.0;
        for (var i = 0; i < topK; i++) probability *= Math.Max(0, experts - onRank - i) / (double)(experts - i);
        return probability;
    }

    private static int Total(ReadOnlySpan<int> expertsOnRank, int topK)
    {
        var experts = 0;
        foreach (var n in expertsOnRank)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(n);
            experts += n;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, experts);
        return experts;
    }
}
