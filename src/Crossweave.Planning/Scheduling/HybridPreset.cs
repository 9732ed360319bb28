using Crossweave.Core;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>How much work <see cref="HybridScheduler"/> spends. Counted in rounds, not in time, so results do not depend on the machine.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Exponents">One slicing each; see <c>LoadAwareSlicing</c>.</param>
/// <param name="Starts">Start values per slice.</param>
/// <param name="Rounds">Ruin-and-recreate rounds per improved list at 32 to 64 ranks; fewer on small and on large matrices.</param>
/// <param name="Improved">How many of the shortest lists are improved.</param>
public sealed record HybridPreset(string Name, IReadOnlyList<int> Exponents, int Starts, int Rounds, int Improved)
{
    /// <summary>Well under a second of own work at 64 ranks.</summary>
    public static readonly HybridPreset Fast = new("fast", [2, 4, 6, 8, 12], 5, 250, 1);

    /// <summary>For experiments: about thirty times the search.</summary>
    public static readonly HybridPreset Quality = new("quality", [1, 2, 3, 4, 5, 6, 8, 10, 12, 16], 12, 3000, 3);

    /// <summary>Every preset.</summary>
    public static readonly IReadOnlyList<HybridPreset> All = [Fast, Quality];

    /// <exception cref="InputException">Unknown name.</exception>
    public static HybridPreset Find(string name, string where) =>
        All.FirstOrDefault(p => p.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(p => p.Name))}");

    /// <summary>The scheduler with this effort; the same one when it knows no presets.</summary>
    public IScheduler Apply(IScheduler scheduler) => scheduler switch
    {
        HybridScheduler => new HybridScheduler(this),
        AutoScheduler => new AutoScheduler([.. Schedulers.All.Select(s => s is HybridScheduler ? new HybridScheduler(this) : s)]),
        _ => scheduler,
    };

    /// <summary>Rounds on a matrix of that size.</summary>
    public int RoundsAt(int size) => size switch
    {
        < 32 => Rounds * size / 32,
        <= 64 => Rounds,
        _ => (int)(Rounds * (64L * 64) / ((long)size * size)),
    };
}
