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
        var own = p.Domains[0].MeanLength > 0;
        var lengths = own ? [] : Lengths(p, prng.Split("lengths"));
        var domains = Domains(p, own ? SequenceCount(p) : lengths.Count, prng.Split("domains"));
        if (own) lengths = LengthsByDomain(p, domains, prng.Split("lengths"));
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

    private static int SequenceCount(SyntheticParameters p)
    {
        var mean = p.Domains.Sum(d => d.Share * d.MeanLength) / p.Domains.Sum(d => d.Share);
        var fewest = p.MaxLength > 0 ? ((p.Tokens - 1) / p.MaxLength) + 1 : 1;
        return Math.Clamp((int)Math.Round(p.Tokens / mean), fewest, p.Tokens);
    }

    // Log-normal with mean and spread of the domain met exactly within the domain (before cutting and rounding), so that shares of
    // tokens are no matter of luck; then all are scaled to the number of tokens.
    private static List<int> LengthsByDomain(SyntheticParameters p, int[] domains, Prng prng)
    {
        var longest = p.MaxLength > 0 ? Math.Min(p.MaxLength, p.Tokens) : p.Tokens;
        var lengths = new double[domains.Length];
        for (var d = 0; d < p.Domains.Count; d++)
        {
            var stream = prng.Split(d);
            var mine = Enumerable.Range(0, domains.Length).Where(s => domains[s] == d).ToArray();
            var normals = mine.Select(_ => stream.NextNormal()).ToArray();
            if (mine.Length == 0) continue;
            var mean = normals.Average();
            var deviation = Math.Sqrt(normals.Average(z => (z - mean) * (z - mean)));
            var logs = normals.Select(z => deviation > 0 ? p.Domains[d].LengthSpread * (z - mean) / deviation : 0).ToArray();
            var scaled = ScaledTo(mine.Length * p.Domains[d].MeanLength, [.. logs.Select(Math.Exp)], longest);
            for (var i = 0; i < mine.Length; i++) lengths[mine[i]] = scaled[i];
        }

        var (result, exact, rounded) = (new List<int>(), 0.0, 0);
        foreach (var length in ScaledTo(p.Tokens, lengths, longest))
        {
            exact += length;
            var end = result.Count == lengths.Length - 1 ? p.Tokens : (int)Math.Round(exact);
            result.Add(end - rounded);
            rounded = end;
        }

        return result;
    }

    // The factor that, with values kept within 1 and longest, gives the total; bisection over its logarithm.
    private static double[] ScaledTo(double total, double[] values, int longest)
    {
        var (low, high) = (-60.0, 60.0);
        double[] At(double logFactor) => [.. values.Select(v => Math.Clamp(v * Math.Exp(logFactor), 1, longest))];
        for (var i = 0; i < 70; i++)
        {
            var middle = (low + high) / 2;
            if (At(middle).Sum() < total) low = middle;
            else high = middle;
        }

        return At(high);
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
