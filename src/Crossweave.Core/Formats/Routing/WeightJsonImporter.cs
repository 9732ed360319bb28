using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Loads as <c>{"weight": [[...], ...]}</c>, layers x experts, whole numbers: the input of <c>crossweave place</c>.</summary>
public sealed class WeightJsonImporter : IRoutingImporter
{
    public string Name => "weight-json";

    public string Summary => "{\"weight\": [[...]]}, layers x experts (loads only)";

    public bool Recognises(string path) => Sniff.JsonKeys(path) is { } keys && keys.Contains("weight");

    public Recording Import(string path, ImportOptions options)
    {
        var load = LoadDocument.Read(path);
        LoadTable.CheckExperts(options, load.ExpertCount, path);
        return new Recording(Trace: null, load);
    }
}
