using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Tests.Placement;

/// <summary>
/// Balancedness of EPLB on own draws of the load families against the reference means of the balancing spec (6.3). Stated scatter
/// between draws: 0.01 hierarchical, 0.003 global, 0.02 for Zipf 1.2; the Zipf families of the table had a slightly different jitter.
/// Here the mean of five draws is compared, which leaves the scatter of the table's single draw.
/// Hierarchical log-normal 1.0 is known from two draws, 0.9230 (6.3) and 0.9342 (H in 5.6): their mean is the reference.
/// </summary>
public sealed class EplbFamilyTests
{
    [Theory]
    [InlineData("log-normal 0.6", 0.644, 0.9601, 0.9930, 0.9766, 0.9219)]
    [InlineData("log-normal 1.0", 0.439, 0.9286, 0.9953, 0.9832, 0.7581)]
    [InlineData("Zipf 0.8", 0.285, 0.8539, 0.9958, 0.9896, 0.6198)]
    [InlineData("Zipf 1.2", 0.116, 0.5299, 0.9748, 0.9068, 0.4012)]
    public void Reference_means_are_met(string family, double none, double hierarchical, double global, double global320, double global288)
    {
        var draws = Enumerable.Range(0, 5).Select(i => Family(family, new Prng(7).Split(family).Split(i))).ToArray();
        var wide = family == "Zipf 1.2";

        Within(none, 0.02, Mean("contiguous", draws, 256, 32, 1), "no EPLB");
        Within(hierarchical, wide ? 0.02 : 0.01, Mean("eplb", draws, 288, 32, 4), "hierarchical 288/32");
        Within(global, wide ? 0.02 : 0.003, Mean("eplb", draws, 288, 32, 3), "global 288/32");
        Within(global320, wide ? 0.02 : 0.003, Mean("eplb", draws, 320, 64, 3), "global 320/64");
        Within(global288, wide ? 0.02 : 0.01, Mean("eplb", draws, 288, 144, 5), "global 288/144");
        Within(Mean("eplb", draws, 288, 32, 3), 0.0003, Mean("tensorrt-llm", draws, 288, 32, 3), "TensorRT-LLM beside EPLB global");
    }

    private static ExpertLoad Family(string name, Prng prng) => name switch
    {
        "log-normal 0.6" => Loads.LogNormal(58, 256, 0.6, prng),
        "log-normal 1.0" => Loads.LogNormal(58, 256, 1.0, prng),
        "Zipf 0.8" => Loads.Zipf(58, 256, 0.8, prng),
        _ => Loads.Zipf(58, 256, 1.2, prng),
    };

    private static double Mean(string planner, ExpertLoad[] draws, int slots, int ranks, int nodes)
    {
        return draws.Average(load =>
        {
            var problem = new PlacementProblem(load, slots, ranks, nodes, 8);
            return Loads.MeanOfRatios(Planners.Find(planner, "test").Plan(problem, new Prng(1)), load);
        });
    }

    private static void Within(double expected, double scatter, double found, string what) =>
        Assert.True(Math.Abs(found - expected) <= scatter, $"{what}: found {found:F4}, expected {expected:F4} +- {scatter}");
}
