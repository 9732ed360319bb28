using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>Every deployment method; a new one is one line here.</summary>
public static class DeploymentMethods
{
    public static readonly IReadOnlyList<IDeploymentMethod> All =
    [
        OptimalMethod.Quality,
        OptimalMethod.Fast,
        new SwapMethod(),
        new TwoThresholdMethod(),
        new RuleMethod("two-stage", "bottleneck pairing of ranks, then bottleneck matching of pairs and devices (Aurora 6.3)", "two models", t => t.Problem.Models.Count == 2, (p, line, _) => PlacementRules.TwoStage(p, line)),
        new RuleMethod("sort-sort", "every model by max(sent, received, computed) descending, biggest on fastest", "two models or more", t => t.Problem.Models.Count >= 2, (p, _, _) => PlacementRules.SortSort(p)),
        new RuleMethod("bottleneck", "rank pairs with the smallest largest port load (Aurora, Theorem 6.2, Case II)", "two models, equal devices", IsPairOnEqualDevices, (p, _, _) => PlacementRules.Bottleneck(p)),
        new RuleMethod("sort", "ranks by tokens computed, biggest on fastest (Theorem 5.1); two models on equal devices: one ascending, one descending by port load (Theorem 6.2, Case I)", "one model, or two on equal devices",
            t => t.Problem.Models.Count == 1 || IsPairOnEqualDevices(t), (p, _, _) => p.Models.Count == 1 ? PlacementRules.SortByWork(p) : PlacementRules.Zip(p)),
        new RuleMethod("sort-max-load", "ranks by max(sent, received), biggest on fastest", "one model", t => t.Problem.Models.Count == 1, (p, _, _) => PlacementRules.SortByPort(p)),
        new RuleMethod("as-listed", "rank g of every model on device g: what a given placement costs", "any", _ => true, (p, _, _) => [.. p.Models.Select(m => Enumerable.Range(0, m.RankCount).ToArray())]),
        new RuleMethod("random", "every model in random order (seeded; RGA, and REC for several models)", "any", _ => true, (p, _, prng) => PlacementRules.Random(p, prng)),
        .. LinaMethod.All,
    ];

    /// <exception cref="InputException">Unknown name, or a method for other problems.</exception>
    public static IDeploymentMethod Find(string name, LayerTime time, string where)
    {
        var method = All.FirstOrDefault(m => m.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(m => m.Name))}");
        return method.AppliesTo(time)
            ? method
            : throw InputException.At(where, $"'{name}', which is for {method.Kinds}", $"one of {string.Join(", ", All.Where(m => m.AppliesTo(time)).Select(m => m.Name))}");
    }

    private static bool IsPairOnEqualDevices(LayerTime time) => time.Problem.Models.Count == 2 && time.Problem.HasEqualDevices;
}
