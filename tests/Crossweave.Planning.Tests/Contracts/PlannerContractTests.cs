using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;
using Crossweave.Planning.Tests.Placement;

namespace Crossweave.Planning.Tests.Contracts;

/// <summary>What every registered planner promises, on every shape and load below.</summary>
public sealed class PlannerContractTests
{
    // experts, slots, ranks, nodes, groups
    private static readonly (int Experts, int Slots, int Ranks, int Nodes, int Groups)[] Shapes =
    [
        (8, 8, 4, 1, 1), // no redundancy
        (8, 12, 4, 2, 4), // redundancy on two nodes
        (8, 8, 1, 1, 1), // one rank
        (8, 8, 8, 2, 2), // one slot per rank
        (7, 12, 3, 1, 1), // nothing divides anything
        (12, 16, 8, 2, 4),
        (6, 32, 4, 1, 2), // more slots per rank than experts
        (1, 4, 4, 1, 1), // one expert
        (12, 16, 8, 5, 4), // nodes that divide neither groups nor ranks
        (256, 288, 32, 4, 8), // DeepSeek-V3
    ];

    public static TheoryData<string> Names => [.. Planners.All.Select(p => p.Name)];

    [Fact]
    public void Names_are_unique_kebab_case_and_found()
    {
        Assert.Equal(Planners.All.Count, Planners.All.Select(p => p.Name).Distinct().Count());
        foreach (var planner in Planners.All)
        {
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", planner.Name);
            Assert.DoesNotContain('\n', planner.Summary);
            Assert.Same(planner, Planners.Find(planner.Name, "--planner"));
        }

        string[] promised = ["contiguous", "round-robin", "random", "lpt", "eplb"];
        Assert.Subset(Planners.All.Select(p => p.Name).ToHashSet(), promised.ToHashSet());
        var unknown = Assert.Throws<InputException>(() => Planners.Find("magic", "--planner"));
        Assert.StartsWith("--planner: found 'magic'", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_expert_is_placed_and_every_rank_is_full(string name)
    {
        foreach (var (what, problem) in Problems(name))
        {
            var placement = Planners.Find(name, "test").Plan(problem, new Prng(11));

            Assert.Equal(problem.Load.LayerCount, placement.Layers.Count);
            Assert.Equal(problem.Load.LayerIds, placement.LayerIds);
            Assert.Equal(problem.RankCount, placement.RankCount);
            foreach (var layer in placement.Layers)
            {
                var experts = layer.ExpertOfSlot.Distinct().Order().ToArray();
                Assert.True(experts.SequenceEqual(Enumerable.Range(0, problem.ExpertCount)), $"{what}: covers every expert and no other");
                Assert.True(layer.SlotCount == problem.SlotCount, $"{what}: slots");
                for (var slot = 0; slot < layer.SlotCount; slot++)
                    Assert.True(layer.RankOfSlot[slot] == slot / problem.SlotsPerRank, $"{what}: slot {slot}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_seed_gives_the_same_placement_on_any_thread(string name)
    {
        foreach (var (what, problem) in Problems(name))
        {
            var planner = Planners.Find(name, "test");
            if (planner.NeedsRouting && problem.ExpertCount > 100) continue; // half a minute each in a debug build
            var expected = Slots(planner.Plan(problem, new Prng(5)));
            var results = new int[planner.NeedsRouting ? 3 : 6][];
            Parallel.For(
                0,
                results.Length,
                new ParallelOptions { MaxDegreeOfParallelism = 3 },
                i => results[i] = Slots(planner.Plan(problem, new Prng(5))));
            Assert.All(results, r => Assert.True(expected.SequenceEqual(r), what));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_input_is_left_alone(string name)
    {
        foreach (var (what, problem) in Problems(name))
        {
            var before = Enumerable.Range(0, problem.Load.LayerCount).SelectMany(l => problem.Load.Layer(l).ToArray()).ToArray();
            Planners.Find(name, "test").Plan(problem, new Prng(5));
            var after = Enumerable.Range(0, problem.Load.LayerCount).SelectMany(l => problem.Load.Layer(l).ToArray());
            Assert.True(before.SequenceEqual(after), what);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shapes_that_cannot_be_planned_are_refused_with_the_key(string name)
    {
        var load = Loads.Of(new long[12]);
        (PlacementProblem Problem, string Key)[] wrong =
        [
            (new PlacementProblem(load, 8, 8), "slots"),
            (new PlacementProblem(load, 15, 8), "slots"),
            (new PlacementProblem(load, 0, 8), "slots"),
            (new PlacementProblem(load, 16, 0), "ranks"),
            (new PlacementProblem(load, 16, -8), "ranks"),
            (new PlacementProblem(load, 16, 8, 0), "nodes"),
            (new PlacementProblem(load, 16, 8, 1, 0), "groups"),
            (new PlacementProblem(load, 16, 8, 1, 5), "groups"),
        ];
        foreach (var (problem, key) in wrong)
        {
            var error = Assert.Throws<InputException>(() => Planners.Find(name, "test").Plan(problem, new Prng(1)));
            Assert.StartsWith($"{key}: found ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shapes_that_do_not_suit_are_refused_in_one_line(string name)
    {
        var planner = Planners.Find(name, "test");
        var suited = 0;
        foreach (var (experts, slots, ranks, nodes, groups) in Shapes)
        {
            var problem = new PlacementProblem(Loads.Of(new long[experts]), slots, ranks, nodes, groups) { Routing = Routing(experts) };
            if (planner.NeedsPrevious) problem = problem with { Previous = new RandomPlanner().Plan(problem, new Prng(8)) };
            if (planner.Suits(problem)) suited++;
            else Assert.DoesNotContain('\n', Assert.Throws<InputException>(() => planner.Plan(problem, new Prng(1))).Message);
        }

        Assert.InRange(suited, 3, Shapes.Length);
    }

    [Theory]
    [InlineData("lpt")]
    [InlineData("eplb")]
    [InlineData("tensorrt-llm")]
    public void Load_aware_planners_beat_the_contiguous_placement_on_skewed_loads(string name)
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var load = Loads.LogNormal(4, 64, 1.0, new Prng(seed).Split("skew"));
            var problem = new PlacementProblem(load, 80, 16);
            var found = Loads.MeanOfRatios(Planners.Find(name, "test").Plan(problem, new Prng(1)), load);
            var start = Loads.MeanOfRatios(Planners.Find("contiguous", "test").Plan(problem, new Prng(1)), load);
            Assert.True(found > start + 0.2, $"seed {seed}: {found:F3} against {start:F3}");
        }
    }

    [Fact]
    public void Planners_of_single_tokens_refuse_loads_alone()
    {
        var problem = new PlacementProblem(Loads.Of(new long[12]), 16, 8);
        foreach (var planner in Planners.All.Where(p => p.NeedsRouting))
            Assert.StartsWith("routing: found loads only", Assert.Throws<InputException>(() => planner.Plan(problem, new Prng(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_running_placement_comes_back_as_it_is_and_must_be_there()
    {
        var problem = new PlacementProblem(Loads.Of(new long[12]), 16, 8);
        var running = new RandomPlanner().Plan(problem, new Prng(9));
        var planner = Planners.Find("running", "test");
        Assert.Equal(Slots(running), Slots(planner.Plan(problem with { Previous = running }, new Prng(1))));
        Assert.Equal("planner running: found no --previous, expected the running placement", Assert.Throws<InputException>(() => planner.Plan(problem, new Prng(1))).Message);
        Assert.False(planner.Suits(problem));
        Assert.True(planner.Suits(problem with { Previous = running }));
    }

    private static IEnumerable<(string What, PlacementProblem Problem)> Problems(string planner)
    {
        foreach (var shape in Shapes)
        {
            var prng = new Prng(3).Split("contract-loads");
            var load = new long[5 * shape.Experts]; // layer 0 stays empty
            Span<long> all = load;
            all.Slice(shape.Experts, shape.Experts).Fill(7); // all equal
            load[3 * shape.Experts - 1] = 1_000_000; // layer 2: one hot expert, the last
            for (var i = 3 * shape.Experts; i < load.Length; i++) load[i] = prng.NextInt(i < 4 * shape.Experts ? 3 : 100_000);
            var problem = new PlacementProblem(
                new ExpertLoad(5, shape.Experts, load, [3, 4, 5, 7, 60]), shape.Slots, shape.Ranks, shape.Nodes, shape.Groups)
            {
                Routing = Routing(shape.Experts),
            };
            var running = Planners.Find(planner, "test").NeedsPrevious ? new RandomPlanner().Plan(problem, new Prng(8)) : null;
            problem = problem with { Previous = running };
            if (Planners.Find(planner, "test").Suits(problem)) yield return ($"{shape}", problem);
        }
    }

    // 60 tokens in three sequences, 5 layers; loads and choices are unrelated on purpose.
    private static InMemoryTrace Routing(int experts)
    {
        var prng = new Prng(4).Split("contract-routing");
        var topK = Math.Min(3, experts);
        var choices = new ushort[60 * 5 * topK];
        for (var row = 0; row < 60 * 5; row++)
        {
            var order = Enumerable.Range(0, experts).Select(e => (ushort)e).ToArray();
            prng.Shuffle<ushort>(order);
            order.AsSpan(0, topK).CopyTo(choices.AsSpan(row * topK));
        }

        return new InMemoryTrace(5, topK, experts, choices, [new(0, 10, "a", ""), new(10, 25, "b", ""), new(35, 25, "c", "")], layerIds: [3, 4, 5, 7, 60]);
    }

    private static int[] Slots(ExpertPlacement placement) => [.. placement.Layers.SelectMany(l => l.ExpertOfSlot)];
}
