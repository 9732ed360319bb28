using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Planning.Balancing;
using Crossweave.Planning.Placement;
using Crossweave.Planning.Tests.Placement;

namespace Crossweave.Planning.Tests.Balancing;

public sealed class BatchDispatchTests
{
    private static readonly long[] FlashLb = [600, 560, 120, 120, 20, 10, 10, 10];

    public static TheoryData<string> Names => [.. BatchDispatches.All.Select(d => d.Name)];

    [Theory]
    [InlineData("0 1 2 1 3 1 0 4 0 5 0 6 0 7 1 1", 200.0)] // EPLB's plan
    [InlineData("1 7 1 7 1 6 0 5 0 4 0 3 0 3 2 3", 580.0 / 3)] // the optimum with even splitting
    public void The_linear_program_reaches_the_stated_values(string slots, double expected)
    {
        var layer = LayerPlacement.Even(8, [.. slots.Split(' ').Select(int.Parse)], 8);
        Assert.Equal(expected, new LpDispatch().Split(layer, FlashLb, new Prng(1)).RankLoad.Max(), 1e-9);
    }

    [Fact]
    public void The_linear_program_equals_the_largest_quotient_over_all_rank_sets()
    {
        for (var seed = 0UL; seed < 600; seed++)
        {
            var prng = new Prng(seed).Split("lp");
            var (experts, ranks) = (1 + prng.NextInt(9), 1 + prng.NextInt(6));
            var perRank = ((experts + ranks - 1) / ranks) + prng.NextInt(3);
            var load = Enumerable.Range(0, experts).Select(_ => (long)prng.NextInt(100)).ToArray();
            var layer = new RandomPlanner().Plan(new PlacementProblem(Loads.Of(load), perRank * ranks, ranks), prng).Layers[0];

            var found = new LpDispatch().Split(layer, load, prng).RankLoad;

            var bound = 0.0;
            for (var set = 1; set < 1 << ranks; set++)
            {
                var inside = 0L;
                for (var e = 0; e < experts; e++)
                    if (layer.SlotsOfExpert(e).ToArray().All(s => (set >> layer.RankOfSlot[s] & 1) == 1))
                        inside += load[e];
                bound = Math.Max(bound, (double)inside / System.Numerics.BitOperations.PopCount((uint)set));
            }

            Assert.True(Math.Abs(found.Max() - bound) <= 1e-9 * (1 + bound), $"seed {seed}: {found.Max()} against {bound}");
            Assert.Equal(load.Sum(), found.Sum(), 1e-6);
        }
    }

    [Theory]
    [InlineData(1.0, 1024, "0:0:0-2000 0:3:2000-4700 0:2:4700-7000 0:1:7000-9000", "3000 3000 3000 3000")]
    [InlineData(1.0, 100, "0:0:0-2000 0:3:2000-4700 0:2:4700-7000 0:1:7000-9000", "3000 3000 3000 3000")]
    [InlineData(1.1, 1024, "0:0:0-2300 0:3:2300-5300 0:2:5300-7900 0:1:7900-9000", "3300 2100 3300 3300")]
    public void Llep_reproduces_the_stated_instance(double capacity, long chunk, string ranges, string loads)
    {
        long[] tokens = [9000, 1000, 500, 500, 400, 300, 200, 100];
        var layer = new ContiguousPlanner().Plan(new PlacementProblem(Loads.Of(tokens), 8, 4), new Prng(1)).Layers[0];
        var dispatch = new LlepDispatch(new LlepOptions(1.3, capacity, chunk));

        Assert.Equal(ranges, string.Join(' ', dispatch.Ranges(layer, tokens)!.Where(r => r.Expert == 0).Select(r => $"{r.Expert}:{r.Rank}:{r.First}-{r.End}")));
        var outcome = dispatch.Split(layer, tokens, new Prng(1));
        Assert.Equal(loads, string.Join(' ', outcome.RankLoad));
        WeightTransfer[] expected = [new(0, 0, 3), new(0, 0, 2), new(0, 0, 1)];
        Assert.Equal(expected, outcome.Transfers);
    }

    [Theory]
    [InlineData(0.6)]
    [InlineData(1.0)]
    public void Llep_balances_the_families_with_some_forty_transfers(double sigma)
    {
        var load = Loads.LogNormal(58, 256, sigma, new Prng(4));
        var placement = new ContiguousPlanner().Plan(new PlacementProblem(load, 256, 32), new Prng(1));
        var outcomes = Enumerable.Range(0, 58).Select(l => BatchDispatches.Find("llep", "test").Split(placement.Layers[l], load.Layer(l), new Prng(1))).ToArray();
        Assert.InRange(outcomes.Average(o => o.RankLoad.Average() / o.RankLoad.Max()), 0.999, 1.0);
        Assert.InRange(outcomes.Average(o => o.Transfers.Count), 25, 45);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_mode_computes_every_token_once_and_none_beats_the_program_without_transfers(string name)
    {
        for (var seed = 0UL; seed < 80; seed++)
        {
            var load = Loads.Zipf(1, 32, 1.0, new Prng(seed));
            var tokens = load.Layer(0).ToArray().Select(t => t / 500).ToArray();
            var layer = new EplbPlanner().Plan(new PlacementProblem(load, 40, 8), new Prng(1)).Layers[0];
            var found = BatchDispatches.Find(name, "test").Split(layer, tokens, new Prng(seed));
            Assert.Equal(tokens.Sum(), found.RankLoad.Sum(), 1e-6);
            var best = new LpDispatch().Split(layer, tokens, new Prng(seed)).RankLoad.Max();
            Assert.True(found.Transfers.Count > 0 || found.RankLoad.Max() >= best - 1e-9, $"seed {seed}");
            foreach (var transfer in found.Transfers)
            {
                Assert.Contains(transfer.Expert, layer.ExpertsOnRank(transfer.Source).ToArray());
                Assert.DoesNotContain(transfer.Expert, layer.ExpertsOnRank(transfer.Target).ToArray());
            }
        }
    }

    [Fact]
    public void Unknown_modes_are_refused() =>
        Assert.StartsWith("--dispatch: found 'magic'", Assert.Throws<InputException>(() => BatchDispatches.Find("magic", "--dispatch")).Message, StringComparison.Ordinal);
}
