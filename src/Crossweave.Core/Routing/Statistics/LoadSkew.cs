namespace Crossweave.Core.Routing.Statistics;

/// <summary>How unevenly tokens are spread over the experts of a layer. All 0-safe: a layer without tokens counts as even.</summary>
public static class LoadSkew
{
    /// <summary>Largest over mean; 1 = even.</summary>
    public static double MaxOverMean(ReadOnlySpan<long> load)
    {
        var (max, sum) = (0L, 0L);
        foreach (var tokens in load)
        {
            max = Math.Max(max, tokens);
            sum += tokens;
        }

        return sum == 0 ? 1 : (double)max * load.Length / sum;
    }

    /// <summary>Gini coefficient, 0 = even, (n - 1) / n = everything on one: 2 sum(i x_i) / (n sum x) - (n + 1) / n, ascending x, i from 1.</summary>
    public static double Gini(ReadOnlySpan<long> load)
    {
        var sorted = load.ToArray();
        Array.Sort(sorted);
        Int128 weighted = 0, sum = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            weighted += (Int128)(i + 1) * sorted[i];
            sum += sorted[i];
        }

        return sum == 0 ? 0 : (2 * (double)weighted / (sorted.Length * (double)sum)) - ((sorted.Length + 1.0) / sorted.Length);
    }

    /// <summary>Share of the tokens on the most loaded tenth of the experts (rounded up to whole experts).</summary>
    public static double TopTenthShare(ReadOnlySpan<long> load)
    {
        var sorted = load.ToArray();
        Array.Sort(sorted);
        var top = (sorted.Length + 9) / 10;
        var (heavy, sum) = (0L, 0L);
        for (var i = 0; i < sorted.Length; i++)
        {
            sum += sorted[i];
            if (i >= sorted.Length - top) heavy += sorted[i];
        }

        return sum == 0 ? (double)top / sorted.Length : (double)heavy / sum;
    }

    /// <summary>Total-variation distance of two loads as shares: half the sum of |a/sum(a) - b/sum(b)|, 0 = same, 1 = disjoint.</summary>
    public static double Distance(ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        var (sumA, sumB) = (0L, 0L);
        for (var i = 0; i < a.Length; i++)
        {
            sumA += a[i];
            sumB += b[i];
        }

        if (sumA == 0 || sumB == 0) return 0;
        var distance = 0.0;
        for (var i = 0; i < a.Length; i++) distance += Math.Abs(((double)a[i] / sumA) - ((double)b[i] / sumB));
        return distance / 2;
    }

    /// <summary>
    /// What <see cref="Distance"/> shows between <paramref name="sample"/> tokens and the whole by chance alone, if the sample were
    /// drawn from the whole token by token: half the sum of sqrt(2/pi x p(1-p)/n x (1 - n/T)) / k, p = the expert's tokens over T.
    /// Tokens of one sequence resemble each other, so a longer distance need not mean a trend.
    /// </summary>
    public static double ChanceDistance(ReadOnlySpan<long> load, long tokens, long sample, int topK)
    {
        if (sample <= 0 || tokens <= sample) return 0;
        var distance = 0.0;
        foreach (var chosen in load)
        {
            var p = (double)chosen / tokens;
            distance += Math.Sqrt(2 / Math.PI * p * (1 - p) / sample * (1 - ((double)sample / tokens)));
        }

        return distance / 2 / topK;
    }
}
