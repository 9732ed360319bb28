using Crossweave.Algorithms;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Routing;

namespace Crossweave.Core.Tests.Routing;

public sealed class ValidatorTests
{
    private static readonly ElementType[] Types = [ElementType.UInt8, ElementType.UInt16, ElementType.Int16, ElementType.Int32, ElementType.Int64];

    [Fact]
    public void The_fast_scan_finds_what_a_plain_double_loop_finds()
    {
        for (ulong seed = 0; seed < 400; seed++)
        {
            var prng = new Prng(seed);
            var topK = 1 + prng.NextInt(20);
            var experts = Math.Max(topK, 1 + prng.NextInt(prng.NextInt(2) == 0 ? 256 : 600));
            var trace = RandomTrace.Make(prng, 1 + prng.NextInt(60), 1 + prng.NextInt(4), topK, experts);
            var values = RandomTrace.All(trace).Select(v => (long)v).ToArray();
            for (var n = prng.NextInt(3); n > 0; n--)
            {
                var at = prng.NextInt(values.Length);
                values[at] = prng.NextInt(3) switch { 0 => values[at / topK * topK], 1 => experts + prng.NextInt(5), _ => -1 };
            }

            var type = Types[prng.NextInt(Types.Length)];
            if (type == ElementType.UInt8 && Array.Exists(values, v => v is < 0 or > 255)) type = ElementType.Int32;
            if (type == ElementType.UInt16 && Array.Exists(values, v => v < 0)) type = ElementType.Int64;
            var ids = Ids(type, values, trace.TokenCount, trace.LayerCount, topK);
            var expected = FirstFault(values, topK, experts);
            if (expected < 0)
            {
                Assert.Equal(experts, ChoiceValidator.Check(ids, experts, "f"));
                continue;
            }

            var error = Assert.Throws<InputException>(() => ChoiceValidator.Check(ids, experts, "f"));
            var row = expected / topK;
            Assert.True(error.Message.StartsWith($"f: token {row / trace.LayerCount}, layer index {row % trace.LayerCount}, choice {expected % topK}: found expert {values[expected]}", StringComparison.Ordinal), $"seed {seed}: {error.Message}, expected element {expected}");
        }
    }

    [Fact]
    public void The_reported_fault_is_the_first_one_for_any_number_of_threads()
    {
        const int Tokens = 40_000, Layers = 4, K = 8;
        var values = RandomTrace.All(RandomTrace.Make(new Prng(1), Tokens, Layers, K, 64)).Select(v => (long)v).ToArray();
        var prng = new Prng(2);
        for (var round = 0; round < 5; round++)
        {
            var damaged = values.ToArray();
            for (var n = 0; n < 6; n++) damaged[prng.NextInt(damaged.Length)] = 64 + n;
            var ids = Ids(ElementType.UInt8, damaged, Tokens, Layers, K);
            var messages = new[] { 1, 2, -1 }.Select(threads => Assert.Throws<InputException>(() => ChoiceValidator.Check(ids, 64, "f", threads)).Message).Distinct();
            Assert.Contains($"token {FirstFault(damaged, K, 64) / K / Layers}, ", Assert.Single(messages));
        }
    }

    [Fact]
    public void The_expert_count_is_inferred_as_documented()
    {
        Assert.Equal(64, ChoiceValidator.Check(Ids(ElementType.UInt8, [0, 60, 7, 2], 2, 1, 2), null, "f"));
        Assert.Equal(256, ChoiceValidator.Check(Ids(ElementType.UInt8, [0, 255, 7, 2], 2, 1, 2), null, "f"));
        Assert.Equal(4, ChoiceValidator.Check(Ids(ElementType.Int64, [0, 1, 1, 0], 2, 1, 2), null, "f"));
        Assert.Equal(65536, ChoiceValidator.Check(Ids(ElementType.Int32, [0, 65535], 1, 1, 2), null, "f"));
        Assert.Throws<InputException>(() => ChoiceValidator.Check(Ids(ElementType.Int32, [0, 65536], 1, 1, 2), null, "f"));
    }

    private static ChoiceArray Ids(ElementType type, long[] values, int tokens, int layers, int topK)
    {
        var file = Samples.Npy(type, [tokens, layers, topK], values);
        return new ChoiceArray(new ArrayBytes(file), file.Length - (values.Length * type.Size()), type, tokens, layers, topK);
    }

    private static int FirstFault(long[] values, int topK, int experts)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] < 0 || values[i] >= experts) return i;
            for (var j = i / topK * topK; j < i; j++)
                if (values[j] == values[i])
                    return i;
        }

        return -1;
    }
}
