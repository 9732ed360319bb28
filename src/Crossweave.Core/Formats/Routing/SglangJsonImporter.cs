using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>SGLang recordings as JSON: the keys of <see cref="SglangDump"/> with nested lists for tensors.</summary>
public sealed class SglangJsonImporter : IRoutingImporter
{
    public string Name => "sglang-json";

    public string Summary => "SGLang expert distribution as JSON: logical_count, or records with last_physical_to_logical_map";

    public bool Recognises(string path) =>
        Sniff.JsonKeys(path) is { } keys && (keys.Contains("logical_count") || keys.Contains("records") || keys.Contains("last_physical_to_logical_map"));

    public Recording Import(string path, ImportOptions options) =>
        ForeignJson.ReadFile(path, root => SglangDump.Decode([(path, new JsonDumpValue(root))], options));
}
