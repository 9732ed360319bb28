using Crossweave.Algorithms;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>Log-weights of the experts of one layer and the experts that its topics boost.</summary>
internal sealed class LayerWeights
{
    private readonly SyntheticParameters _p;
    private readonly int _layer;
    private readonly double[] _popularity;
    private readonly double[][] _domains;
    private readonly double[][] _drift;
    private readonly Prng _sequences;
    private readonly int[] _topicExperts; // [topic, expertsPerTopic]

    public LayerWeights(SyntheticParameters p, int layer, Prng prng)
    {
        _p = p;
        _layer = layer;
        _popularity = Popularity(p, layer, prng.Split("popularity"));
        _domains = Normals(p.Domains.Count, p.Experts, SyntheticParameters.At(p.DomainSpread, layer), prng.Split("domain"));
        if (p.DomainsCentred) Centre(_domains, p.Domains);
        _drift = Normals(p.DriftPeriods + 1, p.Experts, p.Drift, prng.Split("drift"));
        _sequences = prng.Split("sequence");
        _topicExperts = TopicExperts(p, _popularity, prng.Split("topic"));
    }

    public ReadOnlySpan<int> ExpertsOfTopic(int topic) => _topicExperts.AsSpan(topic * _p.ExpertsPerTopic, _p.ExpertsPerTopic);

    /// <summary>Log-weights of a sequence without topic and drift.</summary>
    public void OfSequence(int sequence, int domain, Span<double> logWeights)
    {
        var prng = _sequences.Split(sequence);
        var spread = SyntheticParameters.At(_p.SequenceSpread, _layer);
        for (var e = 0; e < logWeights.Length; e++) logWeights[e] = _popularity[e] + _domains[domain][e] + (spread * prng.NextNormal());
    }

    /// <summary>
    /// Adds the drift at a time in [0, 1]: between two independent normal points, weighted by cosine and sine, so that the spread
    /// is the same everywhere.
    /// </summary>
    public void AddDrift(double time, ReadOnlySpan<double> from, Span<double> to)
    {
        var position = Math.Clamp(time, 0, 1) * _p.DriftPeriods;
        var period = Math.Min((int)position, _p.DriftPeriods - 1);
        var angle = (position - period) * Math.PI / 2;
        var (before, after) = (Math.Cos(angle), Math.Sin(angle));
        for (var e = 0; e < to.Length; e++) to[e] = from[e] + (before * _drift[period][e]) + (after * _drift[period + 1][e]);
    }

    private static double[] Popularity(SyntheticParameters p, int layer, Prng prng)
    {
        var (exponent, offset) = (SyntheticParameters.At(p.ZipfExponent, layer), SyntheticParameters.At(p.ZipfOffset, layer));
        var weights = new double[p.Experts];
        for (var r = 0; r < weights.Length; r++) weights[r] = -exponent * Math.Log((r + 1 + offset) / (1 + offset));
        prng.Shuffle(weights.AsSpan());
        return weights;
    }

    private static void Centre(double[][] parts, IReadOnlyList<SyntheticDomain> domains)
    {
        var weights = domains.Select(d => d.Share * (d.MeanLength > 0 ? d.MeanLength : 1)).ToArray();
        var total = weights.Sum();
        for (var e = 0; e < parts[0].Length; e++)
        {
            var mean = 0.0;
            for (var d = 0; d < parts.Length; d++) mean += weights[d] / total * parts[d][e];
            foreach (var part in parts) part[e] -= mean;
        }
    }

    private static double[][] Normals(int rows, int columns, double spread, Prng prng)
    {
        var values = new double[rows][];
        for (var r = 0; r < rows; r++)
        {
            values[r] = new double[columns];
            for (var c = 0; c < columns; c++) values[r][c] = spread * prng.NextNormal();
        }

        return values;
    }

    // Popular experts are in more topics: the c largest of log-weight plus Gumbel noise, i.e. drawn without replacement by weight.
    private static int[] TopicExperts(SyntheticParameters p, double[] popularity, Prng prng)
    {
        var experts = new int[p.Topics * p.ExpertsPerTopic];
        var keys = new double[p.Experts];
        var ids = new int[p.Experts];
        for (var topic = 0; topic < p.Topics; topic++)
        {
            for (var e = 0; e < keys.Length; e++)
            {
                ids[e] = e;
                keys[e] = -popularity[e] + Math.Log(-Math.Log(1 - prng.NextDouble()) + 1e-300);
            }

            Array.Sort(keys, ids);
            ids.AsSpan(0, p.ExpertsPerTopic).CopyTo(experts.AsSpan(topic * p.ExpertsPerTopic));
        }

        return experts;
    }
}
