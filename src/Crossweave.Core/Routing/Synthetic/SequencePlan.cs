using Crossweave.Algorithms;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>What all layers share: sequences with lengths and domains, and the topic of every token.</summary>
internal sealed class SequencePlan
{
    private SequencePlan(TokenSequence[] sequences, int[] domains, ushort[] topics)
    {
        Sequences = sequences;
        DomainOfSequence = domains;
        TopicOfToken = topics;
    }

    public TokenSequence[] Sequences { get; }

    public int[] DomainOfSequence { get; }

    public ushort[] TopicOfToken { get; }

    public static SequencePlan Draw(SyntheticParameters p, Prng prng)
    {
        var lengths = Lengths(p, prng.Split("lengths"));
        var domains = Domains(p, lengths.Count, prng.Split("domains"));
        var sequences = new TokenSequence[lengths.Count];
        var topics = new ushort[p.Tokens];
        var first = 0;
        for (var s = 0; s < sequences.Length; s++)
        {
            sequences[s] = new TokenSequence(first, lengths[s], $"{s}", p.Domains[domains[s]].Name);
            Topics(p, topics.AsSpan(first, lengths[s]), prng.Split("topics").Split(s));
            first += lengths[s];
        }

        return new SequencePlan(sequences, domains, topics);
    }

    private static List<int> Lengths(SyntheticParameters p, Prng prng)
    {
        var lengths = new List<int>();
        var longest = p.MaxLength > 0 ? p.MaxLength : int.MaxValue;
        for (var left = p.Tokens; left > 0; left -= lengths[^1])
        {
            var length = Math.Round(p.MedianLength * Math.Exp(p.LengthSpread * prng.NextNormal()));
            lengths.Add((int)Math.Clamp(length, 1, Math.Min(longest, left)));
        }

        return lengths;
    }

    // Shares are kept as closely as whole sequences allow (largest remainder); mixed order is a shuffle of the blocks.
    private static int[] Domains(SyntheticParameters p, int sequences, Prng prng)
    {
        var total = p.Domains.Sum(d => d.Share);
        var wanted = p.Domains.Select(d => d.Share / total * sequences).ToArray();
        var counts = wanted.Select(w => (int)w).ToArray();
        foreach (var d in Enumerable.Range(0, wanted.Length).OrderByDescending(d => wanted[d] - (int)wanted[d]).Take(sequences - counts.Sum())) counts[d]++;
        var domains = counts.SelectMany((n, d) => Enumerable.Repeat(d, n)).ToArray();
        if (!p.DomainBlocks) prng.Shuffle(domains.AsSpan());
        return domains;
    }

    private static void Topics(SyntheticParameters p, Span<ushort> topics, Prng prng)
    {
        var all = new ushort[p.Topics];
        for (var i = 0; i < all.Length; i++) all[i] = (ushort)i;
        prng.Shuffle(all.AsSpan());
        for (var t = 0; t < topics.Length; t++)
            topics[t] = t > 0 && prng.NextDouble() < p.TopicStay ? topics[t - 1] : all[prng.NextInt(p.TopicsPerSequence)];
    }
}
