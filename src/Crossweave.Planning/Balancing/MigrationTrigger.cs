using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Balancing;

/// <summary>Seconds for computing and for fetching weights: the one cost model of all rebalancing methods (balancing spec 3.13, 9).</summary>
/// <param name="Moving">What fetching weights costs.</param>
/// <param name="SecondsPerToken">Time of one token of one expert on one rank.</param>
public sealed record BalanceCosts(MigrationCosts Moving, double SecondsPerToken = 1e-8)
{
    /// <summary>Busiest rank's time, summed over the layers.</summary>
    public double Compute(ExpertPlacement placement, ExpertLoad tokens)
    {
        var max = 0.0;
        for (var l = 0; l < placement.Layers.Count; l++) max += PlacementMetrics.MeanAndMax(placement.Layers[l], tokens.Layer(l)).Max;
        return max * SecondsPerToken;
    }
}

/// <summary>What a trigger found.</summary>
/// <param name="Act">Worth it.</param>
/// <param name="SavingPerIteration">Predicted seconds saved per iteration.</param>
/// <param name="Cost">Seconds of the rearrangement.</param>
public readonly record struct TriggerDecision(bool Act, double SavingPerIteration, double Cost);

/// <summary>
/// Moves only when it pays: predicted saving per iteration x iterations until the next decision x confidence must exceed the time of
/// the rearrangement, and never while the running placement has the wanted balance (balancing spec 3.13). Counts of a short window are noisy, and a
/// plan fitted to them always looks better on them than on the traffic that follows; so savings are means over redrawn counts with the same noise.
/// </summary>
/// <param name="Costs">What computing and moving cost.</param>
/// <param name="Horizon">How long a saving lasts and how much of it is believed.</param>
/// <param name="WantedBalance">Balance (mean over layers of mean/max) at which nothing is done.</param>
/// <param name="TokensPerSample">Tokens of the load that stand for one recorded token, which makes the variance of a count so many times the count; 0 takes counts as exact.</param>
public sealed record MigrationTrigger(BalanceCosts Costs, MigrationHorizon Horizon, double WantedBalance = 0.99, double TokensPerSample = 0)
{
    private const int Candidates = 24;
    private const int Draws = 8;

    /// <param name="running">Placement now.</param>
    /// <param name="planned">Placement proposed.</param>
    /// <param name="tokens">Tokens of one iteration.</param>
    public TriggerDecision Decide(ExpertPlacement running, ExpertPlacement planned, ExpertLoad tokens)
    {
        var decision = Weigh(running, planned, Redrawn(tokens));
        var balanced = PlacementMetrics.Balancedness(running, tokens).MeanOfRatios >= WantedBalance;
        return decision with { Act = decision.Act && !balanced };
    }

    /// <summary>The step of the migration front with the largest net saving; the running placement when none pays.</summary>
    /// <param name="problem">With the running placement and the tokens of one iteration.</param>
    public (ExpertPlacement Placement, TriggerDecision Decision) Choose(PlacementProblem problem)
    {
        var front = MigrationFront.Of(problem) ?? throw new ArgumentException("a running placement is needed");
        var running = front.PlacementAt(0);
        var best = (Placement: running, Decision: default(TriggerDecision), Net: 0.0);
        if (front.Steps[0].Balance >= WantedBalance) return (running, default);
        var redrawn = Redrawn(problem.Load);
        foreach (var step in front.Spread(Candidates))
        {
            var placement = front.PlacementAt(step);
            var decision = Weigh(running, placement, redrawn);
            var net = Horizon.Net(decision.SavingPerIteration, decision.Cost);
            if (decision.Act && net > best.Net) best = (placement, decision, net);
        }

        return (best.Placement, best.Decision);
    }

    private TriggerDecision Weigh(ExpertPlacement running, ExpertPlacement planned, ExpertLoad[] tokens)
    {
        var saving = tokens.Average(t => Costs.Compute(running, t) - Costs.Compute(planned, t));
        var cost = Costs.Moving.Rearrange(running, planned);
        return new TriggerDecision(Horizon.Net(saving, cost) > 0, saving, cost);
    }

    // The same draws for every placement that is compared.
    private ExpertLoad[] Redrawn(ExpertLoad load)
    {
        if (TokensPerSample <= 0) return [load];
        var prng = new Prng(1).Split("redrawn");
        var draws = new ExpertLoad[Draws];
        for (var d = 0; d < Draws; d++)
        {
            var tokens = new long[load.LayerCount * load.ExpertCount];
            for (var l = 0; l < load.LayerCount; l++)
                for (var e = 0; e < load.ExpertCount; e++)
                    tokens[(l * load.ExpertCount) + e] = Math.Max(0, (long)Math.Round(load.Layer(l)[e] + (Math.Sqrt(load.Layer(l)[e] * TokensPerSample) * prng.NextNormal())));
            draws[d] = new ExpertLoad(load.LayerCount, load.ExpertCount, tokens, load.LayerIds);
        }

        return draws;
    }
}
