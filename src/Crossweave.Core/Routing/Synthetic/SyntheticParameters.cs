using System.Text.Json;
using System.Text.Json.Serialization;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>A kind of text; its sequences share a preference for experts.</summary>
/// <param name="Name">As in <see cref="TokenSequence.Domain"/>.</param>
/// <param name="Share">Relative number of sequences, above 0.</param>
public sealed record SyntheticDomain(string Name, double Share)
{
    /// <summary>Mean tokens of its sequences; 0 = lengths as in <see cref="SyntheticParameters.MedianLength"/>. All domains or none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double MeanLength { get; set; }

    /// <summary>Standard deviation of the logarithm of these lengths; used with <see cref="MeanLength"/> only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double LengthSpread { get; set; }
}

/// <summary>
/// The recipe of synthetic routing. Every expert has a log-weight that is a sum of independent parts; a token draws k different
/// experts with probabilities proportional to the weights of those not yet drawn. Parts of the log-weight, all per layer:
/// <list type="bullet">
/// <item>popularity, Zipf-Mandelbrot: -exponent x ln((r + 1 + offset) / (1 + offset)) for the expert of popularity rank r, ranks permuted per layer;</item>
/// <item>domain, sequence: normal with the given spread, drawn per (domain, expert) and per (sequence, expert);</item>
/// <item>topic: a boost for the experts of the token's topic (this makes co-activation); topics are the same in all layers, their experts are not;</item>
/// <item>drift: a smooth random path over the trace, spread at any time as given.</item>
/// </list>
/// Values per layer are lists of one value (all layers) or of one value per layer. Optional keys have setters because generated
/// JSON readers would otherwise put zero in place of a default.
/// </summary>
public sealed record SyntheticParameters
{
    /// <summary>Free text: what it imitates.</summary>
    public string Note { get; set; } = "";

    public required int Experts { get; init; }

    public required int TopK { get; init; }

    public required int Layers { get; init; }

    public required int Tokens { get; init; }

    /// <summary>Model layer number of the first layer.</summary>
    public int FirstLayer { get; set; }

    /// <summary>Groups of consecutive experts for group-limited routing; 1 = none.</summary>
    public int Groups { get; set; } = 1;

    /// <summary>Groups a token may use: those with the largest sum of their two best scores, as in DeepSeek-V3 (arXiv 2412.19437).</summary>
    public int GroupTopK { get; set; } = 1;

    /// <summary>Zipf exponent, per layer; 0 = all experts equally popular.</summary>
    public double[] ZipfExponent { get; set; } = [1.0];

    /// <summary>Zipf offset, per layer, at least 0; larger values flatten the head.</summary>
    public double[] ZipfOffset { get; set; } = [5.0];

    public IReadOnlyList<SyntheticDomain> Domains { get; set; } = [new("", 1)];

    /// <summary>True: all sequences of a domain follow each other; false: domains are mixed.</summary>
    public bool DomainBlocks { get; set; }

    /// <summary>Standard deviation of the domain part, per layer.</summary>
    public double[] DomainSpread { get; set; } = [0.3];

    /// <summary>
    /// True: from every domain's part the mean over domains (weighted by their tokens) is taken off, so that domains differ in
    /// what they prefer but add nothing to overall popularity, as after training with a balancing loss; false: independent.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DomainsCentred { get; set; }

    /// <summary>Standard deviation of the sequence part, per layer.</summary>
    public double[] SequenceSpread { get; set; } = [0.3];

    /// <summary>Topics in all.</summary>
    public int Topics { get; set; } = 32;

    /// <summary>Topics that one sequence uses, drawn for it.</summary>
    public int TopicsPerSequence { get; set; } = 8;

    /// <summary>Experts that a topic boosts in a layer.</summary>
    public int ExpertsPerTopic { get; set; } = 8;

    /// <summary>Added to the log-weight of a topic's experts, per layer.</summary>
    public double[] TopicBoost { get; set; } = [2.0];

    /// <summary>Probability that a token keeps the topic of the one before, in [0, 1).</summary>
    public double TopicStay { get; set; } = 0.3;

    /// <summary>Standard deviation of the drift part, all layers.</summary>
    public double Drift { get; set; } = 0.1;

    /// <summary>Drift is interpolated between this many + 1 independent points of the trace.</summary>
    public int DriftPeriods { get; set; } = 4;

    /// <summary>Median of the sequence length (log-normal), tokens; unused when domains have lengths of their own.</summary>
    public double MedianLength { get; set; } = 200;

    /// <summary>Standard deviation of the logarithm of the length.</summary>
    public double LengthSpread { get; set; } = 0.6;

    /// <summary>Longer sequences are cut; 0 = no limit.</summary>
    public int MaxLength { get; set; }

    /// <summary>Also produce gate weights: those of the chosen experts with some noise, normalised to 1.</summary>
    public bool GateWeights { get; set; }

    /// <param name="path">A JSON object with these names in camelCase; unknown keys are refused.</param>
    /// <exception cref="InputException">Not readable, not such a file, or values that do not fit together.</exception>
    public static SyntheticParameters Read(string path)
    {
        using (var file = JsonInput.Open(path))
        {
            file.Root.AllowOnly([.. SyntheticJson.Default.SyntheticParameters.Properties.Select(p => p.Name)]);
            foreach (var property in SyntheticJson.Default.SyntheticParameters.Properties)
                if (property.IsRequired)
                    _ = file.Root[property.Name].Int32(int.MinValue);
        }

        return Parse(InputFile.ReadText(path), path);
    }

    /// <exception cref="InputException">Not such a text, or values that do not fit together.</exception>
    public static SyntheticParameters Parse(string json, string where)
    {
        try
        {
            var parameters = JsonSerializer.Deserialize(json, SyntheticJson.Default.SyntheticParameters) ??
                throw InputException.At(where, "null", "an object with synthetic routing parameters");
            parameters.Validate(where);
            return parameters;
        }
        catch (JsonException e)
        {
            throw new InputException($"{where}: line {(e.LineNumber ?? 0) + 1}, {e.Path?.TrimStart('$', '.')}: {JsonInput.Reason(e)}", e);
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, SyntheticJson.Default.SyntheticParameters) + "\n";

    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <exception cref="InputException">The first value that does not fit, with its key.</exception>
    public void Validate(string where)
    {
        void Require(bool ok, string key, object found, string expected)
        {
            if (!ok) throw InputException.At($"{where}: key {key}", FormattableString.Invariant($"{found}"), expected);
        }

        void PerLayer(double[] values, string key, double largest)
        {
            Require(values is not null && (values.Length == 1 || values.Length == Layers), key, $"{values?.Length ?? 0} values", $"1 or {Layers}, one per layer");
            foreach (var v in values!) Require(v >= 0 && v <= largest, key, v, $"0 to {largest}");
        }

        Require(Experts is >= 1 and <= ushort.MaxValue, "experts", Experts, $"1 to {ushort.MaxValue}");
        Require(TopK >= 1 && TopK <= Experts, "topK", TopK, $"1 to the {Experts} experts");
        Require(Layers >= 1, "layers", Layers, "at least 1");
        Require(Tokens >= 1 && (long)Tokens * Layers * TopK <= Array.MaxLength, "tokens", Tokens, "at least 1, and tokens x layers x topK within one array");
        Require(Groups >= 1 && Experts % Groups == 0, "groups", Groups, $"a divisor of the {Experts} experts");
        Require(GroupTopK >= 1 && GroupTopK <= Groups && GroupTopK * (Experts / Groups) >= TopK, "groupTopK", GroupTopK, $"1 to groups = {Groups}, with at least topK = {TopK} experts in them");
        PerLayer(ZipfExponent, "zipfExponent", 50);
        PerLayer(ZipfOffset, "zipfOffset", 1e6);
        PerLayer(DomainSpread, "domainSpread", 20);
        PerLayer(SequenceSpread, "sequenceSpread", 20);
        PerLayer(TopicBoost, "topicBoost", 20);
        Require(Domains is { Count: >= 1 }, "domains", Domains?.Count ?? 0, "at least 1");
        foreach (var d in Domains!) Require(d.Name is not null && d.Share > 0 && double.IsFinite(d.Share), "domains", d.Share, "a name and a share above 0");
        foreach (var d in Domains)
        {
            Require(d.MeanLength == 0 || (d.MeanLength >= 1 && d.MeanLength <= (MaxLength > 0 ? MaxLength : 1e9)), "domains", d.MeanLength, "a meanLength of 0 or of 1 to maxLength");
            Require(d.MeanLength > 0 == Domains[0].MeanLength > 0, "domains", d.MeanLength, "a meanLength for all domains or for none");
            Require(d.LengthSpread is >= 0 and <= 10, "domains", d.LengthSpread, "a lengthSpread of 0 to 10");
        }

        Require(Topics is >= 1 and <= ushort.MaxValue, "topics", Topics, $"1 to {ushort.MaxValue}");
        Require(TopicsPerSequence >= 1 && TopicsPerSequence <= Topics, "topicsPerSequence", TopicsPerSequence, $"1 to topics = {Topics}");
        Require(ExpertsPerTopic >= 1 && ExpertsPerTopic <= Experts, "expertsPerTopic", ExpertsPerTopic, $"1 to experts = {Experts}");
        Require(TopicStay is >= 0 and < 1, "topicStay", TopicStay, "at least 0 and below 1");
        Require(Drift is >= 0 and <= 20, "drift", Drift, "0 to 20");
        Require(DriftPeriods is >= 1 and <= 10_000, "driftPeriods", DriftPeriods, "1 to 10000");
        Require(MedianLength is >= 1 and <= 1e9, "medianLength", MedianLength, "1 to 1e9");
        Require(LengthSpread is >= 0 and <= 10, "lengthSpread", LengthSpread, "0 to 10");
        Require(MaxLength >= 0, "maxLength", MaxLength, "0 or more");
    }

    internal static double At(double[] values, int layer) => values.Length == 1 ? values[0] : values[layer];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    WriteIndented = true)]
[JsonSerializable(typeof(SyntheticParameters))]
internal sealed partial class SyntheticJson : JsonSerializerContext;
