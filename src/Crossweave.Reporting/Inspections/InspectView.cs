using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Tables;

namespace Crossweave.Reporting.Inspections;

/// <summary>What the inspection report shows of a trace. Plain values: whoever computes the statistics fills it.</summary>
public sealed record InspectView
{
    public required string TraceName { get; init; }

    public required long Tokens { get; init; }

    public required int TopK { get; init; }

    /// <summary>Model layer numbers, one per row of <see cref="Load"/>.</summary>
    public required IReadOnlyList<int> LayerIds { get; init; }

    /// <summary>[layer][expert] tokens.</summary>
    public required IReadOnlyList<long[]> Load { get; init; }

    /// <summary>One per layer, in the order of <see cref="LayerIds"/>.</summary>
    public required IReadOnlyList<InspectLayer> Layers { get; init; }

    /// <summary>Distinct ranks per token for several group sizes; empty when only loads are known.</summary>
    public IReadOnlyList<DistinctRanksView> DistinctRanks { get; init; } = [];

    /// <summary>Pairs of experts of one layer; null when only loads are known.</summary>
    public CoActivationView? CoActivation { get; init; }

    /// <summary>Change over time, for example the distance of each window's load from the whole trace's; empty when unknown.</summary>
    public IReadOnlyList<ChartSeries> Drift { get; init; } = [];

    /// <summary>Names of the windows of <see cref="Drift"/>.</summary>
    public IReadOnlyList<string> DriftWindows { get; init; } = [];

    /// <summary>What <see cref="Drift"/> measures.</summary>
    public string DriftMeasure { get; init; } = "distance from the whole trace";

    /// <summary>Further tables, shown at the end.</summary>
    public IReadOnlyList<Table> Tables { get; init; } = [];
}

/// <summary>Figures of one layer; NaN where they are not known.</summary>
/// <param name="MaxOverMeanExpert">Load of the hottest expert over the mean.</param>
/// <param name="MaxOverMeanRank">Load of the busiest rank over the mean, under the stated placement.</param>
/// <param name="Gini">0 = even, 1 = all on one expert.</param>
/// <param name="Top10Share">Share of the choices that go to the hottest tenth of the experts.</param>
/// <param name="CoActivation">Strength of pair structure against independence.</param>
public sealed record InspectLayer(double MaxOverMeanExpert, double MaxOverMeanRank, double Gini, double Top10Share, double CoActivation);

/// <summary>C_T under one group size.</summary>
/// <param name="RankCount">Ranks of the group.</param>
/// <param name="PerLayer">Measured, one per layer.</param>
/// <param name="Uniform">What uniformly random choices would give.</param>
public sealed record DistinctRanksView(int RankCount, IReadOnlyList<double> PerLayer, double Uniform);

/// <summary>How often pairs of experts are chosen together.</summary>
/// <param name="LayerId">Model layer number.</param>
/// <param name="Ratio">[expert][expert] observed over expected under independence; the diagonal NaN.</param>
public sealed record CoActivationView(int LayerId, IReadOnlyList<double[]> Ratio);
