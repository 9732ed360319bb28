using Crossweave.Core;

namespace Crossweave.Planning.Layers;

/// <summary>How long layer planners may search.</summary>
/// <param name="Name">Preset on the command line.</param>
/// <param name="ExactMatchings">Order and grouping are searched exactly for at most this many matchings (3^k states).</param>
/// <param name="Pieces">Places at which launches may end, at most: longer lists of steps are looked at in blocks.</param>
/// <param name="InsertionMatchings">NEH orders are tried for at most this many matchings (k^3).</param>
/// <param name="ShortestSlotShare">Shortest slot of list scheduling: the busiest port's load over this (up to 16 ranks; coarser in proportion for more).</param>
/// <param name="LongestSlotShare">Longest slot: the busiest port's load over this, likewise.</param>
/// <param name="Rounds">Interleaved runs with launches planned anew for the arrivals of the run before.</param>
/// <param name="Moves">Local search: changed groupings of the critical rank that are tried (up to 16 ranks; fewer in proportion for more).</param>
public sealed record LayerEffort(
    string Name, int ExactMatchings, int Pieces, int InsertionMatchings, int ShortestSlotShare, int LongestSlotShare, int Rounds, int Moves)
{
    /// <summary>More ranks get coarser slots and fewer moves.</summary>
    internal const int RanksOfFullEffort = 16;

    /// <summary>Under 10 ms for 8 ranks and 200 ms for 32.</summary>
    public static readonly LayerEffort Fast = new("fast", 8, 32, 24, 256, 64, 2, 0);

    /// <summary>At most ten times that.</summary>
    public static readonly LayerEffort Quality = new("quality", 12, 64, 64, 512, 96, 4, 16);

    /// <summary>Every preset, least effort first.</summary>
    public static readonly IReadOnlyList<LayerEffort> All = [Fast, Quality];

    /// <exception cref="InputException">Unknown name.</exception>
    public static LayerEffort Find(string name, string where) =>
        All.FirstOrDefault(e => e.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(e => e.Name))}");
}
