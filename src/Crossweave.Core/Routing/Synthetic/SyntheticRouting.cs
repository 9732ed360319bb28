using Crossweave.Algorithms;
using Crossweave.Core.IO;
using Crossweave.Core.Routing.Statistics;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>
/// Generates routing from a recipe. O(tokens x layers x k x log experts) for the draws plus O(layers x sequences x topics x
/// experts) for the weights. Every layer and every sequence has a random stream of its own, so the result depends on parameters
/// and seed only, not on threads.
/// </summary>
public static class SyntheticRouting
{
    private const int PieceTokens = 512; // drift moves between pieces of this many tokens

    /// <param name="parameters">Checked first.</param>
    /// <param name="prng">Only split, never drawn from.</param>
    /// <param name="threads">Threads; null = all. Never changes the result.</param>
    /// <param name="progress">Told about finished layers.</param>
    /// <exception cref="InputException">Parameters that do not fit together.</exception>
    public static SyntheticTrace Generate(SyntheticParameters parameters, Prng prng, int? threads = null, IWorkProgress? progress = null)
    {
        parameters.Validate("synthetic parameters");
        var p = parameters;
        var plan = SequencePlan.Draw(p, prng.Split("plan"));
        var experts = new ushort[p.Tokens * p.Layers * p.TopK];
        var weights = p.GateWeights ? new float[experts.Length] : null;
        var done = 0;
        Workers.ForEach(p.Layers, threads, layer =>
        {
            FillLayer(p, plan, layer, prng.Split("layers").Split(layer), experts, weights);
            if (progress is null) return;
            lock (plan) progress.Report("drawing layers", ++done, p.Layers);
        });
        return new SyntheticTrace([.. Enumerable.Range(p.FirstLayer, p.Layers)], p.TopK, p.Experts, experts, weights, plan.Sequences);
    }

    private static void FillLayer(SyntheticParameters p, SequencePlan plan, int layer, Prng prng, ushort[] experts, float[]? gates)
    {
        var layerWeights = new LayerWeights(p, layer, prng);
        var sampler = new ExpertSampler(p);
        var sequenceLog = new double[p.Experts];
        var pieceLog = new double[p.Experts];
        var (weights, cumulative) = (new double[p.Topics * p.Experts], new double[p.Topics * p.Experts]);
        var builtFor = new int[p.Topics];
        var piece = 0;
        var (draws, gateDraws) = (prng.Split("draws"), prng.Split("gates"));
        for (var s = 0; s < plan.Sequences.Length; s++)
        {
            var sequence = plan.Sequences[s];
            var stream = draws.Split(s);
            var gateStream = gates is null ? null : gateDraws.Split(s);
            layerWeights.OfSequence(s, plan.DomainOfSequence[s], sequenceLog);
            for (var t = 0; t < sequence.TokenCount; t++)
            {
                var token = sequence.FirstToken + t;
                if (t % PieceTokens == 0)
                {
                    piece++;
                    var middle = token + (Math.Min(PieceTokens, sequence.TokenCount - t) / 2);
                    layerWeights.AddDrift((double)middle / p.Tokens, sequenceLog, pieceLog);
                }

                var topic = plan.TopicOfToken[token];
                var mine = weights.AsSpan(topic * p.Experts, p.Experts);
                var sums = cumulative.AsSpan(topic * p.Experts, p.Experts);
                if (builtFor[topic] != piece)
                {
                    Build(pieceLog, layerWeights.ExpertsOfTopic(topic), SyntheticParameters.At(p.TopicBoost, layer), mine, sums);
                    builtFor[topic] = piece;
                }

                var at = ((token * p.Layers) + layer) * p.TopK;
                sampler.Draw(mine, sums, experts.AsSpan(at, p.TopK), stream);
                if (gateStream is not null) Gates(mine, experts.AsSpan(at, p.TopK), gates.AsSpan(at, p.TopK), gateStream);
            }
        }
    }

    private static void Build(ReadOnlySpan<double> logWeights, ReadOnlySpan<int> boosted, double boost, Span<double> weights, Span<double> cumulative)
    {
        logWeights.CopyTo(weights);
        foreach (var e in boosted) weights[e] += boost;
        var largest = double.NegativeInfinity;
        foreach (var w in weights) largest = Math.Max(largest, w);
        var sum = 0.0;
        for (var e = 0; e < weights.Length; e++)
        {
            weights[e] = Math.Exp(Math.Max(weights[e] - largest, -60)); // no expert becomes impossible
            cumulative[e] = sum += weights[e];
        }
    }

    private static void Gates(ReadOnlySpan<double> weights, ReadOnlySpan<ushort> chosen, Span<float> gates, Prng prng)
    {
        var sum = 0f;
        for (var i = 0; i < chosen.Length; i++)
        {
            gates[i] = (float)Math.Sqrt(weights[chosen[i]]) * (float)Math.Exp(0.3 * prng.NextNormal());
            sum += gates[i];
        }

        for (var i = 0; i < gates.Length; i++) gates[i] /= sum;
    }
}
