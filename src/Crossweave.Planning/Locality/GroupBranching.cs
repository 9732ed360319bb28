namespace Crossweave.Planning.Locality;

/// <summary>
/// Divides experts into groups of a pool at the least cost: prices bound the pool, groups that leave no room for a better division go, what remains is searched
/// (<see cref="GroupCover"/>), and where that takes too long two experts are first kept together and then apart (D. M. Ryan and B. A. Foster, 1981), which removes groups on both sides.
/// </summary>
/// <param name="experts">Experts to divide.</param>
/// <param name="copies">Copies of the known division; better ones are looked for.</param>
/// <param name="work">Groups to look at before giving up.</param>
internal sealed class GroupBranching(int experts, long copies, long work)
{
    private const long LeafWork = 4_000_000; // groups to look at before experts are kept together or apart
    private const long PricingWork = 1_000_000; // what new prices cost in comparison
    private long _work = work;

    /// <summary>Copies of the best division.</summary>
    public long Copies { get; private set; } = copies;

    /// <summary>[group][member] the best division; null when none is better than the known one.</summary>
    public byte[][]? Best { get; private set; }

    /// <param name="pool">Groups.</param>
    /// <param name="share">[expert] prices in copies to start from.</param>
    /// <returns>False when work ran out before all divisions were looked at.</returns>
    public bool Search(GroupColumns pool, double[] share)
    {
        if (!CoversAll(pool)) return true;
        if ((_work -= PricingWork + pool.Count) < 0) return false;
        var prices = new GroupPrices(pool, share, Copies);
        prices.Improve(Copies);
        var room = (Copies * (Int128)prices.Unit) - prices.Sum - prices.Unit;
        if (room < 0) return true;
        var near = Where(pool, g => prices.ReducedCost(g) <= room);
        var cover = new GroupCover(near, prices.Price, prices.Unit, (long)Int128.Min(room, long.MaxValue / 4), Math.Min(_work, LeafWork));
        cover.Run();
        _work -= LeafWork - Math.Max(0, cover.WorkLeft);
        if (cover.Best is { } groups)
        {
            Best = [.. groups.Select(g => near.ExpertsOf(g).ToArray())];
            Copies = groups.Sum(g => near.Tokens[g]);
        }

        if (cover.IsComplete) return true;
        var (i, j) = prices.MostUndecided();
        var next = Array.ConvertAll(prices.Price, p => (double)p / prices.Unit);
        return Search(Where(near, g => near.ExpertsOf(g).Contains(i) == near.ExpertsOf(g).Contains(j)), next)
            & Search(Where(near, g => !(near.ExpertsOf(g).Contains(i) && near.ExpertsOf(g).Contains(j))), next);
    }

    private bool CoversAll(GroupColumns pool)
    {
        var covered = new bool[experts];
        foreach (var e in pool.Experts) covered[e] = true;
        return !Array.Exists(covered, c => !c);
    }

    private static GroupColumns Where(GroupColumns pool, Predicate<int> keep)
    {
        var kept = new GroupColumns(pool.Size);
        for (var g = 0; g < pool.Count; g++)
            if (keep(g))
                kept.Add(pool.ExpertsOf(g), pool.Tokens[g]);
        return kept;
    }
}
