namespace Crossweave.Core.Formats.Placements;

/// <summary>Every placement file format; a new one is one file and one line here.</summary>
public static class PlacementFormats
{
    public static readonly IReadOnlyList<IPlacementFormat> All = [];
}
