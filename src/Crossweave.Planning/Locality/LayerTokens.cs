using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>What planners that look at single tokens read of one layer.</summary>
/// <param name="Sets">Distinct expert sets with their tokens.</param>
/// <param name="Load">Rows per expert.</param>
internal sealed record LayerTokens(TokenSets Sets, long[] Load)
{
    public static LayerTokens Of(PlacementProblem problem, int layer) => new(TokenSets.Of(Routing(problem), layer), problem.Load.Layer(layer).ToArray());

    /// <exception cref="InputException">Only loads are known.</exception>
    public static RoutingTrace Routing(PlacementProblem problem) =>
        problem.Routing ?? throw InputException.At("routing", "loads only", "recorded choices of single tokens (place --trace, or plan)");

    /// <summary>Plans layer by layer, in parallel: layers do not see each other.</summary>
    public static ExpertPlacement Plan(PlacementProblem problem, Func<LayerTokens, int, LayerPlacement> plan)
    {
        problem.Validate();
        var trace = Routing(problem);
        if (trace.LayerCount != problem.Load.LayerCount) throw InputException.At("routing", $"{trace.LayerCount} layers", $"the {problem.Load.LayerCount} of the loads");
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
