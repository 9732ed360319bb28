namespace Crossweave.Planning.Scheduling;

/// <summary>How much work <see cref="HybridScheduler"/> spends. Counted in rounds, not in time, so results do not depend on the machine.</summary>
/// <param name="Exponents">One slicing each; see <c>LoadAwareSlicing</c>.</param>
/// <param name="Starts">Start values per slice.</param>
/// <param name="Rounds">Ruin-and-recreate rounds per improved list at 32 to 64 ranks; fewer on small and on large matrices.</param>
/// <param name="Improved">How many of the shortest lists are improved.</param>
public sealed record HybridPreset(IReadOnlyList<int> Exponents, int Starts, int Rounds, int Improved)
{
    /// <summary>Well under a second of own work at 64 ranks.</summary>
    public static readonly HybridPreset Fast = new([2, 4, 6, 8, 12], 5, 250, 1);

    /// <summary>For experiments: about thirty times the search.</summary>
    public static readonly HybridPreset Quality = new([1, 2, 3, 4, 5, 6, 8, 10, 12, 16], 12, 3000, 3);

    /// <summary>Rounds on a matrix of that size.</summary>
    public int RoundsAt(int size) => size switch
    {
        < 32 => Rounds * size / 32,
        <= 64 => Rounds,
        _ => (int)(Rounds * (64L * 64) / ((long)size * size)),
    };
}
