using System.Text.Json.Nodes;
using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;
using Crossweave.Planning;
using Crossweave.Planning.Scheduling;
using Crossweave.Simulation;

namespace Crossweave.Cli.Tests;

/// <summary>FAST's two tiers under the layer evaluators.</summary>
public sealed class TwoTierLayerTests
{
    [Fact]
    public void Relayed_layers_are_valid_under_every_evaluator_and_no_bound_is_above_them()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var problem = Layer(seed, 2 + (seed % 3), 1 + (seed % 4), tokens: seed % 2 == 0 ? 30 : 2000);
            foreach (var name in new[] { "fast", "fluid", "greedy-max-weight" })
            {
                var schedule = LayerSchedules.Build(Schedulers.Find(name, "test"), problem, new Prng(0));
                foreach (var evaluator in LayerEvaluators.All)
                {
                    var outcome = evaluator.Evaluate(problem, schedule);
                    var certificate = LayerTimelineVerifier.Verify(outcome, problem, schedule);
                    Assert.True(certificate.IsValid, $"seed {seed} {name} {evaluator.Name}: {string.Join("; ", certificate.Findings)}");
                }
            }
        }
    }

    [Fact]
    public void The_compute_aware_choice_is_never_above_fast_and_wins_with_small_batches()
    {
        var best = 1.0;
        foreach (var tokens in new[] { 5, 30, 200, 2000 })
            foreach (var evaluator in LayerEvaluators.All)
            {
                var problem = Layer(1, 4, 4, tokens);
                var plan = TwoTierPlanner.Best(problem, evaluator, new Prng(0));
                var fast = evaluator.Evaluate(problem, LayerSchedules.Build(new FastScheduler(), problem, new Prng(0)));
                Assert.True(plan.Outcome.Makespan <= fast.Makespan, $"{tokens} {evaluator.Name}");
                var ratio = plan.Outcome.Makespan.Seconds / fast.Makespan.Seconds;
                best = Math.Min(best, ratio);
                TestContext.Current.TestOutputHelper!.WriteLine($"{tokens} tokens per pair, {evaluator.Name}: {ratio:F3} of FAST, {plan.Choice}");
                Assert.Empty(LayerTimelineVerifier.Verify(plan.Outcome, problem, plan.Schedule).Findings);
            }

        Assert.True(best < 0.6, $"{best}");
    }

    [Fact]
    public void The_automatic_mode_plans_the_hierarchy_for_the_whole_layer_and_verifies()
    {
        using var folder = new Cli.Folder();
        var prng = new Prng(9).Split("matrix");
        var matrix = folder.File("m.csv", string.Join('\n', Enumerable.Range(0, 8).Select(i => string.Join(',', Enumerable.Range(0, 8).Select(j => i == j ? 0 : 5 + prng.NextInt(i < 4 == j < 4 ? 40 : 400))))) + "\n");
        string[] fabric = ["--matrix", matrix, "--fabric", "two-tier", "--nodes", "2", "--scale-up-bandwidth", "3600Gbps", "--compute", "photonic-rtx-pro-6000", "--combine"];
        var (auto, fast) = (folder.File("auto.json"), folder.File("fast.json"));
        Assert.Equal(0, Cli.Run(["schedule", .. fabric, "--mode", "auto", "--json", auto]).Code);
        Assert.Equal(0, Cli.Run(["schedule", .. fabric, "--scheduler", "fast", "--json", fast]).Code);
        var (planned, published) = (JsonNode.Parse(File.ReadAllText(auto))!, JsonNode.Parse(File.ReadAllText(fast))!);
        Assert.True((long)planned["makespanPs"]! < (long)published["makespanPs"]!);
        Assert.Contains(" on ", (string)planned["reason"]!, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("verify", auto, "--matrix", matrix).Code);
    }

    private static LayerProblem Layer(int seed, int nodes, int perNode, int tokens)
    {
        var prng = new Prng(21).Split(seed).Split(tokens);
        var n = nodes * perNode;
        var cells = new long[n * n];
        for (var k = 0; k < cells.Length; k++) cells[k] = prng.NextInt(5) == 0 ? 0 : (long)(tokens * Math.Exp(0.8 * prng.NextNormal()));
        var matrix = new TrafficMatrix(n, cells);
        var fabric = new TwoTier().Build(new FabricOptions(n, nodes, new Bandwidth(400_000_000_000), ScaleUpBandwidth: new Bandwidth(3_600_000_000_000)));
        return new LayerProblem(
            new LayerTraffic([new Exchange(matrix, matrix)], [new Exchange(matrix.Transpose(), matrix.Transpose())], new Bytes(12_288), new Bytes(12_288)),
            fabric, [.. Enumerable.Repeat<ComputeProfile>(PhotonicTable.Profile, n)]);
    }
}
