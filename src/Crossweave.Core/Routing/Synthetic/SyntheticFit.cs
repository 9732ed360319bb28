using Crossweave.Algorithms;
using Crossweave.Core.IO;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>What a trace does not say about itself, and how much work to spend.</summary>
public sealed record FitOptions
{
    /// <summary>Groups of group-limited routing, from the model description.</summary>
    public int Groups { get; init; } = 1;

    public int GroupTopK { get; init; } = 1;

    /// <summary>Longer traces are represented by whole sequences of about this many tokens.</summary>
    public int MaxTokens { get; init; } = 1 << 16;

    /// <summary>Rounds of generate, measure, correct.</summary>
    public int Rounds { get; init; } = 24;

    /// <summary>Threads; null = all. Never changes the result.</summary>
    public int? Threads { get; init; }
}

/// <summary>
/// Estimates the recipe of a trace. Read off directly: shape, domains with their number, mean length and spread of lengths of
/// sequences, and their order. Everything else is found by simulation: generate with the current parameters, measure, and correct
/// each parameter by the ratio of wanted to measured of the one statistic that follows it most: Zipf exponent - Gini; Zipf offset -
/// max/mean; topic boost - co-activation strength (and fewer topics when boosts alone do not reach it); sequence and domain spread
/// - the distances of their loads; topic stay - overlap of neighbouring tokens; drift - window distance. Domain parts are centred,
/// so that they do not pass for popularity. Every round has a seed of its own, and the result is the mean of the later rounds,
/// so that it suits no particular realisation. Zipf, topic boost and spreads are per layer (five numbers a layer, no load
/// vector is copied); which expert is popular, and which go together, is left to chance, so a synthetic trace resembles the real
/// one in kind, not in place. O(rounds x (generate + measure)).
/// <para>
/// Bands of means over layers, generated with seeds that the fit did not use, on recordings of DeepSeek-V2-Lite and GPT-OSS-20B:
/// max/mean expert load 20 %, Gini 10 %, C_T of contiguous EP8 3 % (DeepSeek) and 6 % (GPT-OSS, always below), co-activation
/// strength 12 %, load distance of domains 20 % and of sequences 20 % (30 % where sequences have about 64 tokens: chance alone
/// exceeds the recorded distance). Single layers differ more, see the study synthetic-routing.
/// </para>
/// </summary>
public static class SyntheticFit
{
    private static readonly int[] NoRanks = [];

    /// <param name="trace">At least two tokens.</param>
    /// <param name="prng">Stream of the trial traces.</param>
    /// <param name="options">Null = defaults.</param>
    /// <param name="progress">Told about finished rounds.</param>
    public static SyntheticParameters Fit(RoutingTrace trace, Prng prng, FitOptions? options = null, IWorkProgress? progress = null)
    {
        options ??= new FitOptions();
        if (trace.TokenCount < 2) throw InputException.At("trace", $"{trace.TokenCount} tokens", "at least 2 to fit parameters to");
        var sample = TraceSample.Take(trace, options.MaxTokens);
        var wanted = RoutingProfile.Of(sample, NoRanks, options.Threads);
        var current = Start(sample, options);
        var settled = new List<SyntheticParameters>();
        for (var round = 0; round < options.Rounds; round++)
        {
            using var trial = SyntheticRouting.Generate(current, prng.Split("trial").Split(round), options.Threads);
            var reached = RoutingProfile.Of(trial, NoRanks, options.Threads);
            var searching = round < options.Rounds / 2;
            current = Correct(current, wanted, reached, searching ? 0.8 : 0.4);
            if (searching && round % 3 == 2) current = FewerTopics(current, wanted, reached);
            if (!searching || round == options.Rounds - 1) settled.Add(current);
            progress?.Report("fitting parameters", round + 1, options.Rounds);
        }

        var all = Start(trace, options);
        return Rounded(Mean(settled)) with { Tokens = all.Tokens, Domains = all.Domains, DomainBlocks = all.DomainBlocks, MaxLength = all.MaxLength, Note = "fitted" };
    }

    private static SyntheticParameters Start(RoutingTrace trace, FitOptions options)
    {
        var lengths = trace.Sequences.Select(s => (double)s.TokenCount).Order().ToArray();
        var longest = (int)lengths[^1];
        var domains = trace.Sequences.Select(s => s.Domain).Distinct().Count();
        var changes = trace.Sequences.Zip(trace.Sequences.Skip(1)).Count(p => p.First.Domain != p.Second.Domain);
        var logs = lengths.Select(l => Math.Log(l)).ToArray();
        var mean = logs.Average();
        double[] PerLayer(double value) => [.. Enumerable.Repeat(value, trace.LayerCount)];
        return new SyntheticParameters
        {
            Experts = trace.ExpertCount,
            TopK = trace.TopK,
            Layers = trace.LayerCount,
            Tokens = trace.TokenCount,
            FirstLayer = trace.LayerIds[0],
            Groups = options.Groups,
            GroupTopK = options.GroupTopK,
            ZipfExponent = PerLayer(1),
            ZipfOffset = PerLayer(trace.ExpertCount / 8.0),
            Domains = [.. trace.Sequences.GroupBy(s => s.Domain).Select(Domain)],
            DomainBlocks = domains > 1 && changes < 2 * domains,
            DomainsCentred = domains > 1,
            DomainSpread = PerLayer(domains > 1 ? 0.3 : 0),
            SequenceSpread = PerLayer(0.3),
            Topics = Math.Max(32, trace.ExpertCount),
            TopicsPerSequence = Math.Max(32, trace.ExpertCount),
            ExpertsPerTopic = Math.Clamp(trace.TopK + 2, 1, Math.Max(1, trace.ExpertCount / 2)),
            TopicBoost = PerLayer(trace.TopK > 1 ? 1.5 : 0.5),
            TopicStay = 0.3,
            Drift = 0.1,
            MedianLength = Math.Max(1, Math.Exp(mean)),
            LengthSpread = Spread(logs, mean),
            MaxLength = longest,
        };

        SyntheticDomain Domain(IGrouping<string, TokenSequence> domain)
        {
            var own = domain.Select(s => Math.Log(s.TokenCount)).ToArray();
            var center = own.Average();
            var spread = own.Length < 4 ? Spread(logs, mean) : Spread(own, center); // few lengths say little about their spread
            return new SyntheticDomain(domain.Key, own.Length)
            {
                MeanLength = Math.Round(domain.Average(s => s.TokenCount), 2),
                LengthSpread = Math.Round(spread, 4),
            };
        }
    }

    private static double Spread(double[] values, double mean) => Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));

    private static SyntheticParameters Correct(SyntheticParameters p, RoutingProfile wanted, RoutingProfile reached, double power)
    {
        var (exponent, offset, boost, sequence, domain) = (
            (double[])p.ZipfExponent.Clone(), (double[])p.ZipfOffset.Clone(), (double[])p.TopicBoost.Clone(), (double[])p.SequenceSpread.Clone(), (double[])p.DomainSpread.Clone());
        for (var l = 0; l < p.Layers; l++)
        {
            var (w, r) = (wanted.Summary.PerLayer[l], reached.Summary.PerLayer[l]);
            exponent[l] = Math.Clamp(exponent[l] * Ratio(w.Gini, r.Gini, power), 0.01, 20);
            offset[l] = Math.Clamp(((offset[l] + 1) * Ratio(r.MaxOverMeanExpert, w.MaxOverMeanExpert, 2 * power)) - 1, 0, 8.0 * p.Experts);
            if (w.CoActivation is not null) boost[l] = Math.Clamp(boost[l] * Ratio(w.CoActivation.Strength, r.CoActivation!.Strength, power), 0.01, 12);
            sequence[l] = Math.Clamp(sequence[l] * Ratio(wanted.SequenceDistance[l], reached.SequenceDistance[l], 1.5 * power), 0.01, 5);
            if (p.Domains.Count > 1) domain[l] = Math.Clamp(domain[l] * Ratio(wanted.DomainDistance[l], reached.DomainDistance[l], 1.5 * power), 0.01, 5);
        }

        var overlap = wanted.NextTokenOverlap.Average() - reached.NextTokenOverlap.Average();
        var drift = Ratio(wanted.Summary.PerLayer.Average(l => l.Drift.MeanDistance), reached.Summary.PerLayer.Average(l => l.Drift.MeanDistance), 1.5 * power);
        return p with
        {
            ZipfExponent = exponent,
            ZipfOffset = offset,
            TopicBoost = boost,
            SequenceSpread = sequence,
            DomainSpread = domain,
            TopicStay = Math.Clamp(p.TopicStay + (2 * power * overlap), 0, 0.98),
            Drift = Math.Clamp(p.Drift * drift, 0.005, 3),
        };
    }

    // Boosts at the end of their use and pairs still too weak: the topics are so many that their pairs cover each other.
    private static SyntheticParameters FewerTopics(SyntheticParameters p, RoutingProfile wanted, RoutingProfile reached)
    {
        if (p.TopK < 2 || p.Topics <= 4 || p.TopicBoost.Average() < 6) return p;
        if (reached.Summary.PerLayer.Average(l => l.CoActivation!.Strength) > 0.97 * wanted.Summary.PerLayer.Average(l => l.CoActivation!.Strength)) return p;
        var topics = Math.Max(4, p.Topics * 2 / 3);
        return p with { Topics = topics, TopicsPerSequence = topics, TopicBoost = [.. p.TopicBoost.Select(b => b * 0.7)] };
    }

    private static double Ratio(double wanted, double reached, double power) =>
        reached <= 0 ? 1 : Math.Clamp(Math.Pow(Math.Max(wanted, 1e-6) / reached, power), 0.5, 2);

    // Geometric means: corrections are factors.
    private static SyntheticParameters Mean(List<SyntheticParameters> rounds)
    {
        double[] Of(Func<SyntheticParameters, double[]> values, double shift = 0) =>
            [.. Enumerable.Range(0, rounds[0].Layers).Select(l => Math.Exp(rounds.Average(r => Math.Log(values(r)[l] + shift))) - shift)];
        return rounds[^1] with
        {
            ZipfExponent = Of(r => r.ZipfExponent),
            ZipfOffset = Of(r => r.ZipfOffset, shift: 1),
            TopicBoost = Of(r => r.TopicBoost),
            SequenceSpread = Of(r => r.SequenceSpread),
            DomainSpread = rounds[0].Domains.Count > 1 ? Of(r => r.DomainSpread) : rounds[0].DomainSpread,
            TopicStay = rounds.Average(r => r.TopicStay),
            Drift = Math.Exp(rounds.Average(r => Math.Log(r.Drift))),
        };
    }

    private static SyntheticParameters Rounded(SyntheticParameters p)
    {
        static double[] All(double[] values) => [.. values.Select(v => Math.Round(v, 4))];
        return p with
        {
            ZipfExponent = All(p.ZipfExponent),
            ZipfOffset = All(p.ZipfOffset),
            TopicBoost = All(p.TopicBoost),
            SequenceSpread = All(p.SequenceSpread),
            DomainSpread = All(p.DomainSpread),
            TopicStay = Math.Round(p.TopicStay, 4),
            Drift = Math.Round(p.Drift, 4),
            MedianLength = Math.Round(p.MedianLength, 2),
            LengthSpread = Math.Round(p.LengthSpread, 4),
        };
    }
}
