using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>What planners that look at single tokens read of one layer.</summary>
/// <param name="Sets">Distinct expert sets with their tokens.</param>
/// <param name="Load">Rows per expert.</param>
internal sealed record LayerTokens(TokenSets Sets, long[] Load)
{
    /// <summary>Pair counts stand in for tokens where only they are known.</summary>
    public static LayerTokens Of(PlacementProblem problem, int layer) =>
        new(problem is { Routing: null, Pairs: { } pairs } ? pairs.Sets(layer) : TokenSets.Of(Routing(problem), layer), problem.Load.Layer(layer).ToArray());

    /// <exception cref="InputException">No single tokens are known.</exception>
    public static RoutingTrace Routing(PlacementProblem problem) =>
        problem.Routing ?? throw InputException.At("routing", problem.Pairs is null ? "loads only" : "pair counts only", "recorded choices of single tokens (place --trace, or plan)");

    /// <summary>Plans layer by layer, in parallel: layers do not see each other.</summary>
    public static ExpertPlacement Plan(PlacementProblem problem, Func<LayerTokens, int, LayerPlacement> plan)
    {
        problem.Validate();
        var layerCount = problem is { Routing: null, Pairs: { } pairs } ? pairs.LayerCount : Routing(problem).LayerCount;
        if (layerCount != problem.Load.LayerCount) throw InputException.At("routing", $"{layerCount} layers", $"the {problem.Load.LayerCount} of the loads");
        var layers = new LayerPlacement[problem.Load.LayerCount];
        Parallel.For(0, layers.Length, l => layers[l] = plan(Of(problem, l), l));
        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    /// <summary>Largest rank load of a placement without replicas.</summary>
    public long BusiestRank(ReadOnlySpan<int> rankOfExpert, int rankCount)
    {
        var rows = new long[rankCount];
        for (var e = 0; e < Load.Length; e++) rows[rankOfExpert[e]] += Load[e];
        return rows.Max();
    }
}
