using Crossweave.Algorithms;
using Crossweave.Core.Routing;
using Crossweave.Testing;

namespace Crossweave.Core.Tests.Statistics;

/// <summary>A trace in an array, for tests of what reads traces; [token, layer, k].</summary>
internal sealed class ArrayTrace(int layers, int topK, int experts, ushort[] ids, IReadOnlyList<TokenSequence>? sequences = null) : RoutingTrace
{
    public override int TokenCount => ids.Length / layers / topK;

    public override int LayerCount => layers;

    public override int TopK => topK;

    public override int ExpertCount => experts;

    public override IReadOnlyList<int> LayerIds { get; } = [.. Enumerable.Range(0, layers)];

    public override IReadOnlyList<TokenSequence> Sequences { get; } = sequences ?? [new(0, ids.Length / layers / topK, "all", "")];

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> target) =>
        ids.AsSpan(firstToken * layers * topK, tokenCount * layers * topK).CopyTo(target);

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> target)
    {
        for (var t = 0; t < tokenCount; t++) ids.AsSpan((((firstToken + t) * layers) + layer) * topK, topK).CopyTo(target[(t * topK)..]);
    }

    /// <summary>Every step-th layer, all tokens: the same kind of trace for less work.</summary>
    public ArrayTrace EveryLayer(int step)
    {
        var kept = Enumerable.Range(0, layers).Where(l => l % step == 0).ToArray();
        var part = new ushort[TokenCount * kept.Length * topK];
        for (var i = 0; i < part.Length; i++) part[i] = (ushort)At(i / topK / kept.Length, kept[i / topK % kept.Length], i % topK);
        return new ArrayTrace(kept.Length, topK, experts, part, Sequences);
    }

    public int At(int token, int layer, int i) => ids[(((token * layers) + layer) * topK) + i];

    /// <summary>Every k-subset equally likely.</summary>
    public static ArrayTrace Random(int tokens, int layers, int topK, int experts, Prng prng)
    {
        var ids = new ushort[tokens * layers * topK];
        var deck = new ushort[experts];
        for (var e = 0; e < experts; e++) deck[e] = (ushort)e;
        for (var at = 0; at < ids.Length; at += topK)
            for (var i = 0; i < topK; i++)
            {
                var j = i + prng.NextInt(experts - i);
                (deck[i], deck[j]) = (deck[j], deck[i]);
                ids[at + i] = deck[i];
            }

        return new ArrayTrace(layers, topK, experts, ids);
    }

    /// <summary>A recorded set of ../shared/data: a little-endian uint8 array with its sequences; skips the test when absent.</summary>
    public static ArrayTrace Recorded(string folder, string set, int experts)
    {
        var path = SharedData.Require($"traces/{folder}/{set}.ids.npy");
        var bytes = File.ReadAllBytes(path);
        var header = System.Text.Encoding.ASCII.GetString(bytes, 10, bytes[8] | (bytes[9] << 8));
        Assert.Contains("'|u1'", header);
        var shape = header[(header.IndexOf('(') + 1)..header.IndexOf(')')].Split(',', StringSplitOptions.TrimEntries).Select(int.Parse).ToArray();
        var first = bytes.Length - (shape[0] * shape[1] * shape[2]);
        var ids = new ushort[bytes.Length - first];
        for (var i = 0; i < ids.Length; i++) ids[i] = bytes[first + i];
        var sequences = File.ReadLines(path.Replace(".ids.npy", ".sequences.csv")).Skip(1).Select(l => l.Split(','))
            .Select(c => new TokenSequence(int.Parse(c[1]), int.Parse(c[2]), c[0], c.Length > 3 ? string.Join(",", c[3..]) : "")).ToArray();
        return new ArrayTrace(shape[1], shape[2], experts, ids, sequences);
    }
}
