using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Loads as SGLang's <c>--init-expert-location</c> takes them, for its own EPLB to plan from: <c>{"logical_count": [[tokens per expert] per model
/// layer]}</c> (balancing spec 7.1). Rows are looked up by model layer number, so layers in the gaps of the numbers get rows of zeros. Read by <c>sglang-json</c>.
/// </summary>
public static class SglangLogicalCount
{
    private const int MostLayers = 10_000;

    /// <exception cref="InputException">Layer numbers that do not ascend, or above 10,000.</exception>
    public static void Write(ExpertLoad load, string path)
    {
        var ids = load.LayerIds;
        for (var l = 0; l < ids.Count; l++)
            if (ids[l] > MostLayers || (l > 0 && ids[l] <= ids[l - 1]))
                throw InputException.At($"layer {ids[l]}", l > 0 ? $"it after layer {ids[l - 1]}" : "a layer number as large", $"ascending layer numbers up to {MostLayers}, because SGLang's rows have none");
        var json = new JsonOutput().BeginObject().Key("logical_count").BeginArray();
        var none = new long[load.ExpertCount];
        for (int row = 0, l = 0; l < ids.Count; row++) json.Line(row == ids[l] ? load.Layer(l++) : none);
        AtomicFile.WriteAllText(path, json.End().End().ToString());
    }
}
