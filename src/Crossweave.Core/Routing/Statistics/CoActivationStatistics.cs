namespace Crossweave.Core.Routing.Statistics;

/// <summary>Two experts with what was recorded for them and what popularity alone explains.</summary>
/// <param name="Expert">Lower id.</param>
/// <param name="Other">Higher id.</param>
/// <param name="Tokens">Tokens that chose both.</param>
/// <param name="Expected">The same under <see cref="IndependentPairs"/>.</param>
public sealed record ExpertPair(int Expert, int Other, long Tokens, double Expected)
{
    public double Lift => Expected > 0 ? Tokens / Expected : double.PositiveInfinity;
}

/// <summary>How far the pairs of a layer are from independence given popularity (<see cref="IndependentPairs"/>).</summary>
/// <param name="Strength">
/// Total-variation distance of recorded and expected pairs, half the sum of |P - X| over the sum of P: the share of all pairs that
/// would have to change for independence. 0 = independent.
/// </param>
/// <param name="ChanceStrength">What Strength shows by chance for this many tokens if choices are independent.</param>
/// <param name="MeanAbsLog2Ratio">Mean of |log2(P / X)| over pairs, weighted by X, half a token added to both.</param>
/// <param name="InformationBits">Sum of P log2(P / X) over the sum of P: bits that a pair carries beyond popularity.</param>
/// <param name="TopPairs">Pairs with the largest P - X; ties by lowest ids.</param>
public sealed record CoActivationStatistics(
    double Strength, double ChanceStrength, double MeanAbsLog2Ratio, double InformationBits, IReadOnlyList<ExpertPair> TopPairs)
{
    /// <summary>Strength without its chance part, assuming both add in squares; 0 when nothing is left.</summary>
    public double ExcessStrength => Math.Sqrt(Math.Max(0, (Strength * Strength) - (ChanceStrength * ChanceStrength)));

    /// <param name="pairs">[expert, expert] tokens, symmetric.</param>
    /// <param name="load">Tokens per expert.</param>
    /// <param name="tokens">Tokens of the layer.</param>
    /// <param name="topK">Experts per token, at least 2.</param>
    /// <param name="topPairCount">Pairs to list.</param>
    public static CoActivationStatistics Of(ReadOnlySpan<long> pairs, ReadOnlySpan<long> load, long tokens, int topK, int topPairCount)
    {
        var experts = load.Length;
        var expected = IndependentPairs.Expected(load, tokens, topK);
        double total = 0, distance = 0, chance = 0, logs = 0, weight = 0, bits = 0;
        var top = new List<ExpertPair>();
        for (var i = 0; i < experts; i++)
            for (var j = i + 1; j < experts; j++)
            {
                var (seen, x) = (pairs[(i * experts) + j], expected[(i * experts) + j]);
                total += seen;
                distance += Math.Abs(seen - x);
                chance += Math.Sqrt(2 / Math.PI * ChanceVariance(x / tokens, (double)load[i] / tokens, (double)load[j] / tokens) * tokens);
                logs += x * Math.Abs(Math.Log2((seen + 0.5) / (x + 0.5)));
                weight += x;
                if (seen > 0 && x > 0) bits += seen * Math.Log2(seen / x);
                Keep(top, new ExpertPair(i, j, seen, x), topPairCount);
            }

        return total == 0
            ? new CoActivationStatistics(0, 0, 0, 0, [])
            : new CoActivationStatistics(distance / 2 / total, chance / 2 / total, weight == 0 ? 0 : logs / weight, bits / total, top);
    }

    // Of one token: a Bernoulli variable of mean p, less what the two recorded popularities already fix (linear regression on both).
    private static double ChanceVariance(double p, double popularity, double other)
    {
        if (p <= 0 || popularity <= 0 || other <= 0) return 0;
        return Math.Max(0, (p * (1 - p)) - (p * p * (((1 - popularity) / popularity) + ((1 - other) / other))));
    }

    // Few pairs are kept, so insertion from the end is enough; an equal excess stays behind the earlier pair.
    private static void Keep(List<ExpertPair> top, ExpertPair pair, int count)
    {
        var excess = pair.Tokens - pair.Expected;
        if (excess <= 0 || (top.Count == count && (count == 0 || excess <= top[^1].Tokens - top[^1].Expected))) return;
        var at = top.Count;
        while (at > 0 && excess > top[at - 1].Tokens - top[at - 1].Expected) at--;
        top.Insert(at, pair);
        if (top.Count > count) top.RemoveAt(count);
    }
}
