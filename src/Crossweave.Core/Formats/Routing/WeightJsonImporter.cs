using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Loads as <c>{"weight": [[...], ...]}</c>, layers x experts, whole numbers: the input of <c>crossweave place</c>.</summary>
public sealed class WeightJsonImporter : IRoutingImporter
{
    public string Name => "weight-json";

    public string Summary => "{\"weight\": [[...]]}, layers x experts (loads only)";

    public bool Recognises(string path) => Sniff.JsonKeys(path) is { } keys && keys.Contains("weight");

    public Recording Import(string path, ImportOptions options) => JsonInput.ReadFile(path, root =>
    {
        var weight = IntegerArray.FromJson(JsonInput.Member(root, "weight", path), 2, 2, $"{path}.weight");
        foreach (var property in root.EnumerateObject())
            if (property.Name != "weight")
                throw InputException.At(path, $"the key '{property.Name}'", "weight only");
        LoadTable.CheckExperts(options, weight.Shape[1], path);
        var table = new LoadTable(weight.Shape[0], weight.Shape[1], path);
        for (var i = 0; i < weight.Values.Length; i++)
        {
            var (layer, expert) = (i / weight.Shape[1], i % weight.Shape[1]);
            table.Add(layer, expert, weight.Values[i], $"{path}.weight[{layer}][{expert}]");
        }

        return new Recording(Trace: null, table.ToLoad(path));
    });
}
