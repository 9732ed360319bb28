using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Balancing;

/// <summary>Seconds for computing and for fetching weights: the one cost model of all rebalancing methods (balancing spec 3.13, 9).</summary>
public sealed record BalanceCosts
{
    /// <summary>Time of one token of one expert on one rank.</summary>
    public double SecondsPerToken { get; init; } = 1e-8;

    /// <summary>Weights of one expert; 44 MB is DeepSeek-V3 in FP8.</summary>
    public double ExpertBytes { get; init; } = 44e6;

    /// <summary>Rate at which a rank receives weights.</summary>
    public double BytesPerSecond { get; init; } = 50e9;

    /// <summary>Share of the fetches hidden behind computation, in [0, 1].</summary>
    public double Overlap { get; init; }

    /// <summary>Exposed time of planning and of stopping the world, per rearrangement.</summary>
    public double SecondsPerRearrangement { get; init; }

    /// <summary>Busiest rank's time, summed over the layers.</summary>
    public double Compute(ExpertPlacement placement, ExpertLoad tokens)
    {
        var max = 0.0;
        for (var l = 0; l < placement.Layers.Count; l++) max += PlacementMetrics.MeanAndMax(placement.Layers[l], tokens.Layer(l)).Max;
        return max * SecondsPerToken;
    }

    /// <summary>Exposed time until the rank that fetches most has its experts.</summary>
    public double Fetch(long mostFetchedByARank) => mostFetchedByARank * ExpertBytes / BytesPerSecond * (1 - Overlap);

    /// <summary>Exposed time of a rearrangement: fetches of the rank with most, all layers together, and the fixed part; 0 when nothing moves.</summary>
    public double Rearrange(ExpertPlacement from, ExpertPlacement to)
    {
        var fetched = PlacementMetrics.FetchedByRank(from, to);
        var most = fetched.Max();
        return most == 0 ? 0 : Fetch(most) + SecondsPerRearrangement;
    }
}

/// <summary>What a trigger found.</summary>
/// <param name="Act">Worth it.</param>
/// <param name="SavingPerIteration">Predicted seconds saved per iteration.</param>
/// <param name="Cost">Seconds of the rearrangement.</param>
public readonly record struct TriggerDecision(bool Act, double SavingPerIteration, double Cost);

/// <summary>
/// Moves only when it pays: predicted saving per iteration x iterations until the next decision x confidence must exceed the time of
/// the rearrangement, and never while the running placement has the wanted balance (balancing spec 3.13).
/// </summary>
/// <param name="Costs">What computing and moving cost.</param>
/// <param name="HorizonIterations">Iterations that a saving is expected to last.</param>
/// <param name="Confidence">Share of the predicted saving that is believed, since it is predicted from the past.</param>
/// <param name="WantedBalance">Balance (mean over layers of mean/max) at which nothing is done.</param>
public sealed record MigrationTrigger(BalanceCosts Costs, double HorizonIterations = 1000, double Confidence = 0.5, double WantedBalance = 0.99)
{
    private const int Candidates = 24;

    /// <param name="running">Placement now.</param>
    /// <param name="planned">Placement proposed.</param>
    /// <param name="tokens">Tokens of one iteration.</param>
    public TriggerDecision Decide(ExpertPlacement running, ExpertPlacement planned, ExpertLoad tokens)
    {
        var saving = Costs.Compute(running, tokens) - Costs.Compute(planned, tokens);
        var cost = Costs.Rearrange(running, planned);
        var balanced = PlacementMetrics.Balancedness(running, tokens).MeanOfRatios >= WantedBalance;
        return new TriggerDecision(!balanced && Net(saving, cost) > 0, saving, cost);
    }

    /// <summary>The step of the migration front with the largest net saving; the running placement when none pays.</summary>
    /// <param name="problem">With the running placement and the tokens of one iteration.</param>
    public (ExpertPlacement Placement, TriggerDecision Decision) Choose(PlacementProblem problem)
    {
        var front = MigrationFront.Of(problem) ?? throw new ArgumentException("a running placement is needed");
        var running = front.PlacementAt(0);
        var best = (Placement: running, Decision: default(TriggerDecision), Net: 0.0);
        if (front.Steps[0].Balance >= WantedBalance) return (running, default);
        foreach (var step in front.Spread(Candidates))
        {
            var placement = front.PlacementAt(step);
            var decision = Decide(running, placement, problem.Load);
            var net = Net(decision.SavingPerIteration, decision.Cost);
            if (decision.Act && net > best.Net) best = (placement, decision, net);
        }

        return (best.Placement, best.Decision);
    }

    private double Net(double saving, double cost) => (saving * HorizonIterations * Confidence) - cost;
}
