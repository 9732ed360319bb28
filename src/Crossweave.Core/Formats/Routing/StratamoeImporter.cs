using System.Text.Json;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Router trace of stratamoe-lab, version 2: <c>expertsPerLayer, layers, tokens, topK, selections[token][layer][k]</c>, with
/// provenance keys that are ignored. Source: github.com/Labeeb2339/stratamoe-lab.
/// </summary>
public sealed class StratamoeImporter : IRoutingImporter
{
    public string Name => "stratamoe-json";

    public string Summary => "switch-base-8 style JSON: expertsPerLayer, layers, tokens, topK, selections[token][layer][k]";

    public bool Recognises(string path) => Sniff.JsonKeys(path) is { } keys && (keys.Contains("expertsPerLayer") || keys.Contains("selections"));

    public Recording Import(string path, ImportOptions options) => ForeignJson.ReadFile(path, root =>
    {
        ForeignJson.Int(root, "version", path, 2, 2);
        var experts = ForeignJson.Int(root, "expertsPerLayer", path, 1, ChoiceValidator.MaxExperts);
        LoadTable.CheckExperts(options, experts, path);
        var layers = ForeignJson.Int(root, "layers", path, 1, int.MaxValue);
        var tokens = ForeignJson.Int(root, "tokens", path, 1, int.MaxValue);
        var topK = ForeignJson.Int(root, "topK", path, 1, experts);
        var selections = ForeignJson.Member(root, "selections", path);
        var array = IntegerArray.FromJson(selections, 3, 3, $"{path}: selections");
        if (array.Shape[0] != tokens || array.Shape[1] != layers || array.Shape[2] != topK)
            throw InputException.At($"{path}: selections", $"shape {array.ShapeText}", $"[{tokens}, {layers}, {topK}] (tokens, layers, topK)");
        var choices = new ushort[array.Values.Length];
        for (var i = 0; i < choices.Length; i += topK)
        {
            var where = $"{path}: selections[{i / topK / layers}][{i / topK % layers}]";
            for (var k = i; k < i + topK; k++)
            {
                if (array.Values[k] < 0 || array.Values[k] >= experts) throw InputException.At($"{where}[{k - i}]", $"expert {array.Values[k]}", $"an expert in [0, {experts})");
                choices[k] = (ushort)array.Values[k];
            }

            var row = choices.AsSpan(i, topK);
            if (ChoiceValidator.FaultInRow(row, experts) is >= 0 and var fault) throw ChoiceValidator.RowFault(row, fault, experts, where);
        }

        var name = root.TryGetProperty("scenario", out var scenario) && scenario.ValueKind == JsonValueKind.String ? scenario.GetString()! : "all";
        return new Recording(new InMemoryTrace(layers, topK, experts, choices, SequenceTable.Whole(tokens, name)), Load: null);
    });
}
