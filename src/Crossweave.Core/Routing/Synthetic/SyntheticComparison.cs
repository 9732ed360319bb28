namespace Crossweave.Core.Routing.Synthetic;

/// <summary>One statistic of real and synthetic routing.</summary>
/// <param name="Statistic">Name with its unit.</param>
/// <param name="IsFitted">True when <see cref="SyntheticFit"/> aims at it; false when the match is a finding.</param>
/// <param name="Real">Mean over layers.</param>
/// <param name="Synthetic">Mean over layers.</param>
/// <param name="MeanDifference">Mean over layers of |synthetic - real| / real.</param>
/// <param name="WorstDifference">The largest of these.</param>
/// <param name="WorstLayer">Model layer number where that is; ties by lowest.</param>
public sealed record ComparisonRow(
    string Statistic, bool IsFitted, double Real, double Synthetic, double MeanDifference, double WorstDifference, int WorstLayer)
{
    /// <summary>(synthetic - real) / real of the means: what remains after errors of single layers cancel.</summary>
    public double DifferenceOfMeans => Real == 0 ? 0 : (Synthetic - Real) / Real;
}

/// <summary>Puts the statistics of two traces of one shape side by side, layer by layer.</summary>
public static class SyntheticComparison
{
    private const int MaxTokens = 1 << 16;

    private static readonly int[] RankCounts = [4, 8, 16, 32];

    /// <param name="real">Of more than 65,536 tokens only evenly spread sequences are used.</param>
    /// <param name="synthetic">Same layers, experts, k.</param>
    /// <param name="threads">Threads; null = all. Never changes the result.</param>
    /// <exception cref="InputException">Shapes differ.</exception>
    public static IReadOnlyList<ComparisonRow> Compare(RoutingTrace real, RoutingTrace synthetic, int? threads = null)
    {
        if ((real.LayerCount, real.ExpertCount, real.TopK) != (synthetic.LayerCount, synthetic.ExpertCount, synthetic.TopK))
            throw InputException.At(
                "synthetic trace", $"{synthetic.LayerCount} layers of {synthetic.ExpertCount} experts, top-{synthetic.TopK}",
                $"{real.LayerCount} layers of {real.ExpertCount} experts, top-{real.TopK} as in the real one");
        int[] ranks = [.. RankCounts.Where(r => r <= real.ExpertCount)];
        var (a, b) = (RoutingProfile.Of(TraceSample.Take(real, MaxTokens), ranks, threads), RoutingProfile.Of(TraceSample.Take(synthetic, MaxTokens), ranks, threads));
        var rows = new List<ComparisonRow>();
        void Add(string name, bool fitted, Func<RoutingProfile, int, double> value) => rows.Add(Row(name, fitted, a, b, value));
        Add("max/mean expert load", fitted: true, (p, l) => p.Summary.PerLayer[l].MaxOverMeanExpert);
        Add("Gini of expert load", fitted: true, (p, l) => p.Summary.PerLayer[l].Gini);
        Add("share of top 10 % experts", fitted: false, (p, l) => p.Summary.PerLayer[l].TopTenthShare);
        for (var i = 0; i < ranks.Length; i++)
        {
            var at = i;
            Add($"C_T at EP{ranks[at]}", fitted: false, (p, l) => p.Summary.PerLayer[l].Ranks[at].DistinctRanks);
        }

        for (var i = 0; i < ranks.Length; i++)
        {
            var at = i;
            Add($"max/mean rank load at EP{ranks[at]}", fitted: false, (p, l) => p.Summary.PerLayer[l].Ranks[at].MaxOverMeanRows);
        }

        if (real.TopK > 1)
        {
            Add("co-activation strength", fitted: true, (p, l) => p.Summary.PerLayer[l].CoActivation!.Strength);
            Add("co-activation |log2 ratio|", fitted: false, (p, l) => p.Summary.PerLayer[l].CoActivation!.MeanAbsLog2Ratio);
            Add("co-activation information, bits", fitted: false, (p, l) => p.Summary.PerLayer[l].CoActivation!.InformationBits);
        }

        Add("sequence load distance", fitted: true, (p, l) => p.SequenceDistance[l]);
        if (real.Sequences.Any(s => s.Domain != real.Sequences[0].Domain)) Add("domain load distance", fitted: true, (p, l) => p.DomainDistance[l]);
        Add("drift, window distance", fitted: true, (p, l) => p.Summary.PerLayer[l].Drift.MeanDistance);
        Add("drift, step distance", fitted: false, (p, l) => p.Summary.PerLayer[l].Drift.MeanStep);
        Add("next-token overlap", fitted: true, (p, l) => p.NextTokenOverlap[l]);
        return rows;
    }

    private static ComparisonRow Row(string name, bool fitted, RoutingProfile real, RoutingProfile synthetic, Func<RoutingProfile, int, double> value)
    {
        var layers = real.Summary.Layers;
        var (sumReal, sumSynthetic, sum, worst, worstLayer) = (0.0, 0.0, 0.0, -1.0, 0);
        for (var l = 0; l < layers; l++)
        {
            var (r, s) = (value(real, l), value(synthetic, l));
            var difference = r == 0 ? Math.Abs(s) : Math.Abs(s - r) / r;
            sumReal += r;
            sumSynthetic += s;
            sum += difference;
            if (difference > worst) (worst, worstLayer) = (difference, real.Summary.PerLayer[l].LayerId);
        }

        return new ComparisonRow(name, fitted, sumReal / layers, sumSynthetic / layers, sum / layers, worst, worstLayer);
    }
}
