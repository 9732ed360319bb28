namespace Crossweave.Core.Formats.Placements;

/// <summary>Every placement file format; a new one is one file and one line here.</summary>
public static class PlacementFormats
{
    public static readonly IReadOnlyList<IPlacementFormat> All =
    [
        new CrossweaveFormat(), new SglangFormat(), new VllmFormat(), new VllmFlatFormat(), new VllmRankMapFormat(), new VllmAscendFormat(),
        new TensorRtLlmFormat(), new OmniFormat(), new OmniCsvFormat(), new LightLlmFormat(), new PartitionFormat(),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IPlacementFormat Find(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");
}
