namespace Crossweave.Core.Routing;

/// <summary>
/// How many tokens chose both experts of each pair, per layer (execution spec 3.1): all that is left of a profile whose tokens were not kept. For top-2
/// routing it says everything a placement needs; for more experts per token only bounds on the ranks that a token must reach follow. Immutable.
/// </summary>
public sealed class PairCounts
{
    private readonly long[] _tokens;

    /// <param name="layerCount">Layers.</param>
    /// <param name="expertCount">Logical experts, at least two.</param>
    /// <param name="tokens">[layer, expert, expert], non-negative, symmetric, zero diagonal; kept, not copied.</param>
    public PairCounts(int layerCount, int expertCount, long[] tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layerCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(expertCount, 2);
        if (tokens.LongLength != (long)layerCount * expertCount * expertCount) throw new ArgumentException("tokens must hold layers x experts x experts values");
        (LayerCount, ExpertCount, _tokens) = (layerCount, expertCount, tokens);
    }

    public int LayerCount { get; }

    public int ExpertCount { get; }

    /// <summary>[expert, expert] of one layer.</summary>
    public ReadOnlySpan<long> Layer(int layer) => _tokens.AsSpan(layer * ExpertCount * ExpertCount, ExpertCount * ExpertCount);

    /// <summary>The pairs of one layer as sets of two experts.</summary>
    public TokenSets Sets(int layer) => TokenSets.OfPairs(ExpertCount, Layer(layer));

    /// <summary>Tokens of each expert: every token of an expert is in k - 1 of its pairs.</summary>
    /// <param name="topK">Experts per token.</param>
    /// <exception cref="InputException">Sums that no such tokens have.</exception>
    public ExpertLoad Load(int topK)
    {
        var load = new long[LayerCount * ExpertCount];
        for (var l = 0; l < LayerCount; l++)
            for (var e = 0; e < ExpertCount; e++)
            {
                var pairs = 0L;
                foreach (var count in Layer(l).Slice(e * ExpertCount, ExpertCount)) pairs += count;
                if (pairs % (topK - 1) != 0)
                    throw InputException.At("--top-k", $"{topK}, but the pairs of expert {e} in layer {l} add up to {pairs}", $"the number of experts per token: sums are multiples of it less one");
                load[(l * ExpertCount) + e] = pairs / (topK - 1);
            }

        return new ExpertLoad(LayerCount, ExpertCount, load);
    }

    /// <summary>Share of a layer's pairs that lie on one rank; 1 without pairs.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="rankOfExpert">One rank per expert.</param>
    public double IntraFraction(int layer, ReadOnlySpan<int> rankOfExpert)
    {
        var (intra, all) = (0L, 0L);
        var pairs = Layer(layer);
        for (var i = 0; i < ExpertCount; i++)
            for (var j = i + 1; j < ExpertCount; j++)
            {
                all += pairs[(i * ExpertCount) + j];
                if (rankOfExpert[i] == rankOfExpert[j]) intra += pairs[(i * ExpertCount) + j];
            }

        return all == 0 ? 1 : (double)intra / all;
    }

    /// <summary>
    /// Least and most mean distinct ranks per token (C_T) for a share of pairs on one rank; equal for top-2. A token with I pairs inside ranks reaches at
    /// least k^2 / (k + 2 I) of them (execution spec 2.2), which is convex in I, so that it holds for means too; its largest value is convex as well, so
    /// that a mean lies below the line from k (I = 0) to 1 (all pairs).
    /// </summary>
    /// <param name="topK">Experts per token.</param>
    /// <param name="intraFraction">Pairs on one rank over all pairs.</param>
    public static (double Least, double Most) DistinctRanks(int topK, double intraFraction)
    {
        var most = topK - ((topK - 1) * intraFraction);
        return (topK == 2 ? most : topK / (1 + ((topK - 1) * intraFraction)), most);
    }
}
