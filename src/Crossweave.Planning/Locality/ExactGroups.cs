using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>A division of experts into groups with what is known about the fewest copies.</summary>
/// <param name="RankOf">Rank of each expert.</param>
/// <param name="Copies">Sum over tokens of distinct ranks.</param>
/// <param name="Bound">No division that keeps the cap has fewer; 0 when nothing is known.</param>
internal sealed record GroupDivision(int[] RankOf, long Copies, long Bound);

/// <summary>
/// Equal groups of few experts with the fewest copies, proven: all groups that keep the cap are written out (<see cref="GroupColumns"/>), priced
/// (<see cref="GroupPrices"/>), and the few that can be part of a better division are searched (<see cref="GroupCover"/>). With pairs as sets it is the largest
/// weight inside groups (execution spec 2.4 and 3.3).
/// </summary>
internal static class ExactGroups
{
    /// <summary>Groups that take milliseconds: 16 experts at any size, 24 of four.</summary>
    public const long Few = 1 << 14;

    /// <summary>Groups that the search looks at before it gives up: some seconds.</summary>
    public const long Work = 300_000_000;

    /// <param name="experts">Experts of the layer.</param>
    /// <param name="ranks">Ranks.</param>
    /// <param name="groups">Most groups to write out.</param>
    public static bool CanSolve(int experts, int ranks, long groups) =>
        experts % ranks == 0 && experts <= 256 && GroupColumns.Possible(experts, experts / ranks) <= Math.Min(groups, GroupColumns.Most);

    /// <summary>The best division, and the start itself where no other is better. 36 thousand groups take 50 ms, half a million half a second, eight million ten.</summary>
    /// <param name="sets">Tokens.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="ranks">Ranks, see <see cref="CanSolve"/>.</param>
    /// <param name="cap">Most rows of a rank.</param>
    /// <param name="start">A division that keeps the cap; the better, the faster.</param>
    /// <param name="work">Groups to look at while searching.</param>
    public static GroupDivision Solve(TokenSets sets, long[] load, int ranks, long cap, int[] start, long work = Work)
    {
        var copies = sets.Copies(start, ranks);
        var columns = GroupColumns.Of(sets, load, load.Length / ranks, cap);
        var prices = new GroupPrices(columns, Shares(sets, start, ranks), copies);
        if (prices.Bound >= copies) return new GroupDivision(start, copies, copies);
        var cover = new GroupCover(columns, prices, copies, work);
        cover.Run();
        if (cover.Best is not { } groups) return new GroupDivision(start, copies, cover.IsComplete ? copies : prices.Bound);
        var (rankOf, fewer) = (new int[load.Length], 0L);
        for (var rank = 0; rank < ranks; rank++)
        {
            foreach (var e in columns.Experts.Slice(groups[rank] * columns.Size, columns.Size)) rankOf[e] = rank;
            fewer += columns.Tokens[groups[rank]];
        }

        return new GroupDivision(rankOf, fewer, cover.IsComplete ? fewer : prices.Bound);
    }

    // Every copy divided among the token's experts on its rank.
    private static double[] Shares(TokenSets sets, int[] rankOf, int ranks)
    {
        var (share, here) = (new double[rankOf.Length], new int[ranks]);
        for (var s = 0; s < sets.Count; s++)
        {
            foreach (var e in sets.Experts(s)) here[rankOf[e]]++;
            foreach (var e in sets.Experts(s)) share[e] += (double)sets.Weight(s) / here[rankOf[e]];
            foreach (var e in sets.Experts(s)) here[rankOf[e]] = 0;
        }

        return share;
    }
}
