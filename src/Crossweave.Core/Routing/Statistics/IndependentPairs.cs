namespace Crossweave.Core.Routing.Statistics;

/// <summary>
/// Expected pair counts when tokens choose k different experts with the recorded popularity and nothing else in common.
/// </summary>
/// <remarks>
/// The model is conditional Bernoulli sampling: a k-subset S has probability proportional to the product of weights w_i, i in S,
/// with the weights solved for so that every expert is chosen as often as recorded. Among all distributions with these
/// popularities it has the largest entropy, and it is what the margin-preserving shuffle of execution spec 3.14 tends to as the
/// number of tokens grows, so the null needs no sampling. Weights: w_i is multiplied by wanted / reached inclusion until both
/// agree, here with odds in place of shares and damped when that overshoots (after Chen, Dempster, Liu, Biometrika 81, 1994). Elementary symmetric polynomials are built from prefixes and suffixes,
/// sums of positive terms only; one expert more is taken out by division where that is safe (share at most half). O(E k) per
/// iteration, O(E^2 k) for the pairs.
/// </remarks>
public static class IndependentPairs
{
    private const int MaxIterations = 300;
    private const double Tolerance = 1e-8;
    private const double HeavyShare = 0.5;

    /// <param name="load">Tokens per expert; together tokens x topK.</param>
    /// <param name="tokens">Tokens of the layer, above 0.</param>
    /// <param name="topK">Experts per token, at least 2.</param>
    /// <returns>[expert, expert] expected tokens, symmetric, zero diagonal.</returns>
    public static double[] Expected(ReadOnlySpan<long> load, long tokens, int topK)
    {
        var (experts, width) = (load.Length, topK + 1);
        var weights = Weights(load, tokens, topK);
        var result = new double[experts * experts];
        var (prefix, suffix) = (new double[(experts + 1) * width], new double[(experts + 1) * width]);
        Span<double> others = stackalloc double[width];
        Polynomials(weights, topK, -1, prefix, suffix);
        var all = prefix[(experts * width) + topK];
        if (all <= 0) return result;
        var heavy = new bool[experts];
        var degrees = new double[experts * width];
        for (var i = 0; i < experts; i++)
        {
            heavy[i] = load[i] > HeavyShare * tokens;
            for (var d = 0; d < topK; d++) degrees[(i * width) + d] = Without(prefix, suffix, i, topK, d);
        }

        for (var i = 0; i < experts; i++)
        {
            if (heavy[i]) Polynomials(weights, topK, i, prefix, suffix);
            for (var j = heavy[i] ? 0 : i + 1; j < experts; j++)
            {
                if (i == j || (heavy[j] && !(heavy[i] && i < j))) continue;
                var rest = heavy[i]
                    ? Without(prefix, suffix, j, topK, topK - 2)
                    : Divide(degrees.AsSpan(i * width, topK - 1), weights[j], others);
                result[(i * experts) + j] = result[(j * experts) + i] = weights[i] * weights[j] * rest / all * tokens;
            }
        }

        return result;
    }

    // e_{k-2} without one more expert: r_d - w s_{d-1}. Loses a factor 1 - (share of the expert) of accuracy per degree.
    private static double Divide(ReadOnlySpan<double> degrees, double weight, Span<double> quotient)
    {
        quotient[0] = 1;
        for (var d = 1; d < degrees.Length; d++) quotient[d] = degrees[d] - (weight * quotient[d - 1]);
        return quotient[degrees.Length - 1];
    }

    private static double[] Weights(ReadOnlySpan<long> load, long tokens, int topK)
    {
        var (experts, width) = (load.Length, topK + 1);
        var wanted = new double[experts];
        var weights = new double[experts];
        for (var i = 0; i < experts; i++)
        {
            wanted[i] = Math.Min((double)load[i] / tokens, 1 - 1e-9); // an expert of every token would need an infinite weight
            weights[i] = wanted[i] / (1 - Math.Min(wanted[i], 0.99));
        }

        var (prefix, suffix) = (new double[(experts + 1) * width], new double[(experts + 1) * width]);
        var (power, before) = (1.0, double.PositiveInfinity);
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            Polynomials(weights, topK, -1, prefix, suffix);
            var all = prefix[(experts * width) + topK];
            if (all <= 0) break; // fewer than k experts were ever chosen
            var (worst, sum) = (0.0, 0.0);
            for (var i = 0; i < experts; i++)
            {
                if (weights[i] <= 0) continue;
                var reached = Math.Min(weights[i] * Without(prefix, suffix, i, topK, topK - 1) / all, 1 - 1e-12);
                worst = Math.Max(worst, Math.Abs(reached - wanted[i]));
                var odds = wanted[i] * (1 - reached) / (reached * (1 - wanted[i]));
                weights[i] *= power == 1.0 ? odds : Math.Pow(odds, power);
                sum += weights[i];
            }

            for (var i = 0; i < experts; i++) weights[i] *= topK / sum; // the scale is free; this one keeps powers near 1
            if (worst < Tolerance) break;
            if (worst > 0.7 * before) power = Math.Max(0.3, power * 0.8);
            before = worst;
        }

        return weights;
    }

    // prefix[i, d] = e_d of the first i weights, suffix[i, d] = e_d of the weights from i on; one expert may be left out.
    private static void Polynomials(double[] weights, int topK, int leftOut, double[] prefix, double[] suffix)
    {
        var (experts, width) = (weights.Length, topK + 1);
        Array.Clear(prefix, 0, width);
        Array.Clear(suffix, experts * width, width);
        prefix[0] = suffix[experts * width] = 1;
        for (var i = 0; i < experts; i++)
        {
            var w = i == leftOut ? 0 : weights[i];
            prefix[(i + 1) * width] = 1;
            for (var d = 1; d <= topK; d++) prefix[((i + 1) * width) + d] = prefix[(i * width) + d] + (w * prefix[(i * width) + d - 1]);
        }

        for (var i = experts - 1; i >= 0; i--)
        {
            var w = i == leftOut ? 0 : weights[i];
            suffix[i * width] = 1;
            for (var d = 1; d <= topK; d++) suffix[(i * width) + d] = suffix[((i + 1) * width) + d] + (w * suffix[((i + 1) * width) + d - 1]);
        }
    }

    private static double Without(double[] prefix, double[] suffix, int expert, int topK, int degree)
    {
        var width = topK + 1;
        var sum = 0.0;
        for (var d = 0; d <= degree; d++) sum += prefix[(expert * width) + d] * suffix[((expert + 1) * width) + degree - d];
        return sum;
    }
}
