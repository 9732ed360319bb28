using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

public sealed class TraceTests
{
    [Fact]
    public void Concatenation_reads_as_its_parts_one_after_the_other()
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            var prng = new Prng(seed);
            var parts = Enumerable.Range(0, 1 + prng.NextInt(4)).Select(i => ($"set{i}", (RoutingTrace)RandomTrace.Make(prng, 1 + prng.NextInt(40), 3, 2, 8 + (4 * i), weights: true, ranks: true))).ToArray();
            using var whole = new ConcatenatedTrace(parts);
            Assert.Equal(parts.SelectMany(p => RandomTrace.All(p.Item2)), RandomTrace.All(whole));
            RandomTrace.AssertReadersAgree(whole, prng);
            Assert.Equal(8 + (4 * (parts.Length - 1)), whole.ExpertCount);
            Assert.Equal(parts.SelectMany(p => p.Item2.Sequences.Select(_ => p.Item1)), whole.Sequences.Select(s => s.Domain));
            var ranks = new int[whole.TokenCount];
            whole.ReadSourceRanks(0, whole.TokenCount, ranks);
            var last = parts[^1].Item2;
            var lastRanks = new int[last.TokenCount];
            last.ReadSourceRanks(0, last.TokenCount, lastRanks);
            Assert.Equal(lastRanks, ranks[^last.TokenCount..]);
            var weights = new float[whole.TokenCount * 2];
            whole.ReadWeights(1, 0, whole.TokenCount, weights);
            var lastWeights = new float[last.TokenCount * 2];
            last.ReadWeights(1, 0, last.TokenCount, lastWeights);
            Assert.Equal(lastWeights, weights[^lastWeights.Length..]);
        }
    }

    [Fact]
    public void Traces_of_different_shape_are_not_concatenated()
    {
        var prng = new Prng(1);
        var error = Assert.Throws<InputException>(() => new ConcatenatedTrace([("a", RandomTrace.Make(prng, 3, 2, 2, 8)), ("b", RandomTrace.Make(prng, 3, 3, 2, 8))]));
        Assert.Equal("b: found 3 layers with top-2, expected 2 layers with top-2 as in a", error.Message);
    }

    [Fact]
    public void Splitting_gives_every_sequence_to_exactly_one_part_and_meets_the_fraction_in_every_domain()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var prng = new Prng(seed);
            var trace = RandomTrace.Make(prng, 400 + prng.NextInt(400), 2, 2, 8, sequenceLength: 20, domains: 1 + prng.NextInt(6));
            var fraction = 0.2 + (0.6 * prng.NextDouble());
            var (planning, heldOut) = TraceSplit.BySequence(trace, fraction, new Prng(seed));
            Assert.Equal(trace.Sequences.Select(s => s.Name).Order(StringComparer.Ordinal), planning.Sequences.Concat(heldOut.Sequences).Select(s => s.Name).Order(StringComparer.Ordinal));
            Assert.Equal(trace.TokenCount, planning.TokenCount + heldOut.TokenCount);
            Assert.InRange(planning.TokenCount, (fraction * trace.TokenCount) - 20, (fraction * trace.TokenCount) + 20);
            foreach (var domain in trace.Sequences.GroupBy(s => s.Domain))
            {
                var taken = planning.Sequences.Where(s => s.Domain == domain.Key).Sum(s => s.TokenCount);
                Assert.InRange(taken, (fraction * domain.Sum(s => s.TokenCount)) - 41, (fraction * domain.Sum(s => s.TokenCount)) + 41);
            }

            RandomTrace.AssertReadersAgree(planning, prng);
            var start = trace.Sequences.First(s => s.Name == heldOut.Sequences[^1].Name);
            Assert.Equal(
                RandomTrace.All(trace).AsSpan(start.FirstToken * 4, start.TokenCount * 4),
                RandomTrace.All(heldOut).AsSpan(heldOut.Sequences[^1].FirstToken * 4, start.TokenCount * 4));
            var again = TraceSplit.BySequence(trace, fraction, new Prng(seed)).Planning;
            Assert.Equal(planning.Sequences, again.Sequences);
        }
    }

    [Fact]
    public void Both_parts_of_a_split_hold_something_however_lopsided()
    {
        var choices = new ushort[1001 * 2];
        for (var i = 1; i < choices.Length; i += 2) choices[i] = 1;
        var lopsided = new InMemoryTrace(1, 2, 4, choices, [new TokenSequence(0, 1000, "long", ""), new TokenSequence(1000, 1, "short", "")]);
        foreach (var fraction in new[] { 0.01, 0.5, 0.99 })
        {
            var (planning, heldOut) = TraceSplit.BySequence(lopsided, fraction, new Prng(3));
            Assert.True(planning.TokenCount > 0 && heldOut.TokenCount > 0);
            Assert.Equal(1001, planning.TokenCount + heldOut.TokenCount);
        }

        var (first, second) = TraceSplit.BySequence(new InMemoryTrace(1, 2, 4, choices), 0.25, new Prng(3));
        Assert.Equal((250, 751), (first.TokenCount, second.TokenCount));
    }

    [Fact]
    public void Sequences_that_do_not_cover_the_trace_are_refused()
    {
        ushort[] choices = [0, 1, 2, 3];
        Assert.Throws<ArgumentException>(() => new InMemoryTrace(1, 2, 4, choices, [new TokenSequence(0, 1, "a", "")]));
        Assert.Throws<ArgumentException>(() => new InMemoryTrace(1, 2, 4, choices, [new TokenSequence(0, 3, "a", "")]));
        Assert.Throws<ArgumentException>(() => new InMemoryTrace(1, 2, 4, choices, [new TokenSequence(0, 1, "a", ""), new TokenSequence(0, 1, "b", "")]));
    }
}
