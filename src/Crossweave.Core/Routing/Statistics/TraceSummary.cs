namespace Crossweave.Core.Routing.Statistics;

/// <summary>What <c>inspect</c> knows of a trace.</summary>
public sealed record TraceSummary
{
    public required int Tokens { get; init; }

    public required int Layers { get; init; }

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public required int Sequences { get; init; }

    /// <summary>Sizes of the expert-parallel groups asked for, in the order of <see cref="LayerStatistics.Ranks"/>.</summary>
    public required IReadOnlyList<int> RankCounts { get; init; }

    public required ExpertLoad Load { get; init; }

    /// <summary>Null when not asked for or when tokens choose one expert only.</summary>
    public required CoActivation? CoActivation { get; init; }

    public required IReadOnlyList<LayerStatistics> PerLayer { get; init; }
}

/// <summary>One layer of a trace.</summary>
/// <param name="LayerId">Model layer number.</param>
/// <param name="MaxOverMeanExpert">Busiest expert over the mean.</param>
/// <param name="Gini">See <see cref="LoadSkew.Gini"/>.</param>
/// <param name="TopTenthShare">See <see cref="LoadSkew.TopTenthShare"/>.</param>
/// <param name="CoActivation">Null when not counted or k = 1.</param>
/// <param name="Drift">Change over token order.</param>
/// <param name="Ranks">One entry per size of the expert-parallel group.</param>
public sealed record LayerStatistics(
    int LayerId,
    double MaxOverMeanExpert,
    double Gini,
    double TopTenthShare,
    CoActivationStatistics? CoActivation,
    DriftStatistics Drift,
    IReadOnlyList<RankStatistics> Ranks);

/// <summary>Total-variation distances between loads of equal windows of the token order (<see cref="LoadSkew.Distance"/>).</summary>
/// <param name="WindowCount">Windows.</param>
/// <param name="MeanDistance">Window against whole trace, mean over windows.</param>
/// <param name="MaxDistance">The same, largest.</param>
/// <param name="MeanStep">Window against the next one, mean.</param>
/// <param name="ChanceDistance">MeanDistance if tokens were shuffled over the trace (<see cref="LoadSkew.ChanceDistance"/>).</param>
public sealed record DriftStatistics(int WindowCount, double MeanDistance, double MaxDistance, double MeanStep, double ChanceDistance)
{
    /// <summary>Distance of every window from the whole trace, in token order.</summary>
    public required IReadOnlyList<double> Distances { get; init; }
}

/// <summary>One layer on an expert-parallel group.</summary>
/// <param name="RankCount">Ranks of the group.</param>
/// <param name="DistinctRanks">C_T: mean distinct ranks per token.</param>
/// <param name="UniformDistinctRanks">The same if all k-subsets were equally likely, exact; null when experts are replicated.</param>
/// <param name="UniformDeviation">Standard deviation of one token's distinct ranks in that case.</param>
/// <param name="MaxOverMeanRows">Busiest rank's (token, expert) rows over the mean: compute balance.</param>
/// <param name="MaxOverMeanCopies">Busiest rank's arriving token copies over the mean: traffic balance.</param>
/// <param name="IntraFraction">Share of expert pairs of a token that are on one rank; null when pairs were not counted or experts are replicated.</param>
public sealed record RankStatistics(
    int RankCount,
    double DistinctRanks,
    double? UniformDistinctRanks,
    double? UniformDeviation,
    double MaxOverMeanRows,
    double MaxOverMeanCopies,
    double? IntraFraction);

/// <summary>What to compute.</summary>
public sealed record StatisticsOptions
{
    /// <summary>Count pairs, O(k) more work per choice and layers x experts^2 of memory per thread.</summary>
    public bool CoActivation { get; init; } = true;

    /// <summary>Equal windows of the token order for drift, at least 1; fewer tokens give fewer windows.</summary>
    public int WindowCount { get; init; } = 8;

    /// <summary>Strongest pairs to list per layer.</summary>
    public int TopPairCount { get; init; } = 5;

    /// <summary>Threads; null = all. Never changes the result.</summary>
    public int? Threads { get; init; }
}
