using System.Diagnostics;
using System.Text.Json;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Deployment;

namespace Crossweave.Planning.Tests.Deployment;

/// <summary>Every value of kinds b, c and d and the counterexamples of the golden set, optima and heuristics with their tie rules.</summary>
public sealed class GoldenDeploymentTests
{
    private static readonly (string Key, string Line)[] Exclusive =
        [("port_barrier", "barrier"), ("port_eq1", "eq1"), ("pair_barrier", "pair-barrier"), ("port_comm", "port"), ("pair_comm", "pair")];

    [Fact]
    public void Exclusive_models_on_unequal_devices()
    {
        foreach (var (id, problem, expected) in GoldenDeployment.Instances("b"))
        {
            foreach (var (key, line) in Exclusive)
            {
                var optimal = GoldenDeployment.Solve("optimal", line, problem);
                Assert.Equal((id, key, Value(expected, "optimum", key)), (id, key, optimal.Value));
                Assert.True(optimal.IsProven, $"{id} {key}");
                Assert.Equal((id, key, Value(expected, "sort_by_ffn_load", key)), (id, key, GoldenDeployment.Solve("sort", line, problem).Value));
                Assert.Equal((id, key, Value(expected, "sort_by_max_send_recv", key)), (id, key, GoldenDeployment.Solve("sort-max-load", line, problem).Value));
                var time = TimeLines.Find(line, "test").For(problem);
                Assert.Equal(Value(expected, "optimum", key), time.Evaluate([[.. expected.GetProperty("argmin").GetProperty(key).EnumerateArray().Select(v => v.GetInt32())]]));
                var all = GoldenDeployment.Permutations(problem.DeviceCount);
                Int128 sum = 0;
                foreach (var p in all) sum += time.Evaluate([p]);
                Assert.Equal((id, key, expected.GetProperty("mean_over_all_assignments").GetProperty(key).GetString()), (id, key, GoldenDeployment.Fraction(sum, all.Count)));
            }
        }
    }

    [Fact]
    public void Colocated_models_on_equal_devices()
    {
        foreach (var (id, problem, expected) in GoldenDeployment.Instances("c"))
        {
            var identity = Enumerable.Range(0, problem.DeviceCount).ToArray();
            foreach (var line in new[] { "t2", "pg" })
            {
                var optimal = GoldenDeployment.Solve("optimal", line, problem);
                Assert.Equal((id, line, Value(expected, line, "optimum")), (id, line, optimal.Value));
                Assert.True(optimal.IsProven, $"{id} {line}");
                Assert.Equal((id, line, Value(expected, line, "bottleneck")), (id, line, GoldenDeployment.Solve("bottleneck", line, problem).Value));
                var swap = GoldenDeployment.Solve("swap", line, problem).Value;
                Assert.True(swap <= 1.006 * optimal.Value, $"{id} {line}: {swap}");
                var time = TimeLines.Find(line, "test").For(problem);
                var all = GoldenDeployment.Permutations(problem.DeviceCount);
                Int128 sum = 0;
                var worst = 0L;
                foreach (var p in all)
                {
                    var value = time.Evaluate([identity, p]);
                    (sum, worst) = (sum + value, Math.Max(worst, value));
                }

                Assert.Equal((id, line, expected.GetProperty(line).GetProperty("mean_random").GetString()), (id, line, GoldenDeployment.Fraction(sum, all.Count)));
                Assert.Equal((id, line, Value(expected, line, "worst")), (id, line, worst));
            }

            var pairs = PlacementRules.Bottleneck(problem)[1];
            Assert.Equal((id, string.Join(' ', expected.GetProperty("bottleneck_matching_a_to_b").EnumerateArray())), (id, string.Join(' ', pairs)));
            Assert.Equal((id, expected.GetProperty("bottleneck_value").GetInt64()), (id, Joint(problem, identity, pairs)));
            if (expected.TryGetProperty("case1_sorted_value", out var sorted))
                Assert.Equal((id, sorted.GetInt64()), (id, Joint(problem, PlacementRules.Zip(problem)[0], PlacementRules.Zip(problem)[1])));
        }
    }

    [Fact]
    public void Colocated_models_on_unequal_devices()
    {
        foreach (var (id, problem, expected) in GoldenDeployment.Instances("d"))
        {
            foreach (var line in new[] { "t2", "pg" })
            {
                var clock = Stopwatch.StartNew();
                var optimal = GoldenDeployment.Solve("optimal", line, problem);
                TestContext.Current.TestOutputHelper?.WriteLine($"{id} {line}: {clock.Elapsed.TotalMilliseconds:F1} ms, {optimal.Evaluations} evaluations");
                Assert.Equal((id, line, Value(expected, line, "optimum")), (id, line, optimal.Value));
                Assert.True(optimal.IsProven, $"{id} {line}");
                Assert.Equal((id, line, Value(expected, line, "two_stage")), (id, line, GoldenDeployment.Solve("two-stage", line, problem).Value));
                Assert.Equal((id, line, Value(expected, line, "sort_sort")), (id, line, GoldenDeployment.Solve("sort-sort", line, problem).Value));
                var swap = GoldenDeployment.Solve("swap", line, problem);
                Assert.Equal((id, line, Value(expected, line, "local_search_best")), (id, line, swap.Value));
                Assert.Equal((id, line, Value(expected, line, "local_search_evals")), (id, line, swap.Evaluations));
                var time = TimeLines.Find(line, "test").For(problem);
                var ignored = 0L;
                Assert.Equal((id, line, Value(expected, line, "local_search_from_two_stage")), (id, line, new SwapSearch(time, PlacementRules.TwoStage(problem, TimeLines.Find(line, "test"))).Improve(ref ignored)));
                Assert.Equal((id, line, Value(expected, line, "local_search_from_sort_sort")), (id, line, new SwapSearch(time, PlacementRules.SortSort(problem)).Improve(ref ignored)));
                var (a, b) = (Ranks(expected, line, "argmin_a"), Ranks(expected, line, "argmin_b"));
                Assert.Equal(optimal.Value, time.Evaluate([a, b]));
                if (problem.DeviceCount > 5) continue;
                Int128 sum = 0;
                var worst = 0L;
                var all = GoldenDeployment.Permutations(problem.DeviceCount);
                foreach (var p in all)
                    foreach (var q in all)
                    {
                        var value = time.Evaluate([p, q]);
                        (sum, worst) = (sum + value, Math.Max(worst, value));
                    }

                Assert.Equal((id, line, expected.GetProperty(line).GetProperty("mean_random").GetString()), (id, line, GoldenDeployment.Fraction(sum, (long)all.Count * all.Count)));
                Assert.Equal((id, line, Value(expected, line, "worst")), (id, line, worst));
            }
        }
    }

    // Deployment spec 5.3: rank 0 only sends, so Theorem 5.1 puts it last.
    [Fact]
    public void Sorting_by_received_tokens_loses_the_ratio_of_the_ports()
    {
        var cells = new long[25];
        for (var j = 1; j < 5; j++) cells[j] = 25;
        var problem = new DeploymentProblem([.. new long[] { 8, 8, 10, 16, 20 }.Select(c => new DeviceCost(c, c, 0))], [new DeployedModel(new TrafficMatrix(5, cells), 0, 0)]);
        Assert.Equal(2000, GoldenDeployment.Solve("sort", "port", problem).Value);
        Assert.Equal(800, GoldenDeployment.Solve("optimal", "port", problem).Value);
        Assert.Equal(800, GoldenDeployment.Solve("sort-max-load", "port", problem).Value);
    }

    [Fact]
    public void One_to_one_transfers_leave_a_fast_port_idle()
    {
        var problem = new DeploymentProblem([.. new long[] { 8, 20, 20, 20 }.Select(c => new DeviceCost(c, c, 0))], [new DeployedModel(new TrafficMatrix(4, [0, 30, 30, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 0, 0)]);
        int[][] identity = [[0, 1, 2, 3]];
        Assert.Equal(720, TimeLines.Find("port", "test").For(problem).Evaluate(identity));
        Assert.Equal(1800, TimeLines.Find("pair", "test").For(problem).Evaluate(identity));
    }

    // Spec 5.3 with scalar loads {10, 1} and speeds {10, 1}, doubled so that traffic can be symmetric: pairs of 10 + 1 need 11 x 10 on a slow
    // device, 10 + 10 on a fast one and 1 + 1 on a slow one need 20. Without compute a layer of both is twice that (11 against 2).
    [Fact]
    public void Balanced_pairs_are_the_wrong_idea_on_unequal_devices()
    {
        var model = new DeployedModel(new TrafficMatrix(4, [0, 10, 0, 0, 10, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]), 0, 0);
        var problem = new DeploymentProblem([new(1, 1, 0), new(1, 1, 0), new(10, 10, 0), new(10, 10, 0)], [model, model]);
        Assert.Equal(220, GoldenDeployment.Solve("two-stage", "t2", problem).Value);
        Assert.Equal(40, GoldenDeployment.Solve("sort-sort", "t2", problem).Value);
        Assert.Equal(40, GoldenDeployment.Solve("optimal", "t2", problem).Value);
    }

    // Deployment spec 5.2, worked check of d2.
    [Fact]
    public void Worked_check_of_the_colocated_time_lines()
    {
        var (_, problem, _) = GoldenDeployment.Instances("d").First(i => i.Id == "d2");
        int[][] ranks = [[2, 3, 1, 0], [0, 2, 1, 3]];
        Assert.Equal(8040, TimeLines.Find("t2", "test").For(problem).Evaluate(ranks));
        Assert.Equal(8040, TimeLines.Find("pg", "test").For(problem).Evaluate(ranks));
        Assert.Equal(8064, GoldenDeployment.Solve("swap", "t2", problem).Value);
    }

    private static long Joint(DeploymentProblem problem, int[] a, int[] b)
    {
        var (one, two) = (problem.Models[0], problem.Models[1]);
        return a.Zip(b).Max(p => Math.Max(one.Demand.Sent(p.First) + two.Demand.Sent(p.Second), one.Demand.Received(p.First) + two.Demand.Received(p.Second)));
    }

    private static long Value(JsonElement instance, string group, string key) => instance.GetProperty(group).GetProperty(key).GetInt64();

    private static int[] Ranks(JsonElement instance, string group, string key) => [.. instance.GetProperty(group).GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
}
