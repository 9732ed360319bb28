namespace Crossweave.Core.Placement;

/// <summary>Seconds for fetching expert weights when a placement changes (balancing spec 3.13).</summary>
public sealed record MigrationCosts
{
    /// <summary>Weights of one expert of one layer; 44 MB is DeepSeek-V3 in FP8.</summary>
    public double ExpertBytes { get; init; } = 44e6;

    /// <summary>Rate at which a rank receives weights.</summary>
    public double BytesPerSecond { get; init; } = 50e9;

    /// <summary>Share of the fetches hidden behind computation, in [0, 1].</summary>
    public double Overlap { get; init; }

    /// <summary>Exposed time of planning and of stopping the world, per rearrangement.</summary>
    public double SecondsPerRearrangement { get; init; }

    /// <summary>Exposed time until the rank that fetches most has its experts.</summary>
    public double Fetch(long mostFetchedByARank) => mostFetchedByARank * ExpertBytes / BytesPerSecond * (1 - Overlap);

    /// <summary>Exposed time of a rearrangement: fetches of the rank with most, all layers together, and the fixed part; 0 when nothing moves.</summary>
    public double Rearrange(ExpertPlacement from, ExpertPlacement to)
    {
        var most = PlacementMetrics.FetchedByRank(from, to).Max();
        return most == 0 ? 0 : Fetch(most) + SecondsPerRearrangement;
    }
}

/// <summary>How long a saving is expected to last and how much of it is believed (balancing spec 3.13).</summary>
/// <param name="Iterations">Iterations until the next decision.</param>
/// <param name="Confidence">Share of the predicted saving that is believed, since it is predicted from the past.</param>
public sealed record MigrationHorizon(double Iterations = 1000, double Confidence = 0.5)
{
    /// <summary>Seconds gained over the horizon; moving pays when positive.</summary>
    /// <param name="savingPerIteration">Predicted seconds.</param>
    /// <param name="cost">Seconds of the rearrangement.</param>
    public double Net(double savingPerIteration, double cost) => (savingPerIteration * Iterations * Confidence) - cost;

    /// <summary>Iterations after which the believed saving has paid the cost; infinite when nothing is saved.</summary>
    public double BreakEven(double savingPerIteration, double cost) =>
        cost <= 0 ? 0 : savingPerIteration <= 0 ? double.PositiveInfinity : cost / (savingPerIteration * Confidence);
}
