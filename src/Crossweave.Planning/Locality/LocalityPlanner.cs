using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Fewest distinct ranks per token (ours; execution spec 2.4, 3.3 and 3.4): the connectivity of the hypergraph of tokens itself, not
/// pair counts, is minimised by exchanges of experts under a cap on rank load (<see cref="CopySearch"/>); up to 16 experts, and two per
/// rank of any number, to the proven optimum, and with <see cref="PlacementProblem.Prove"/> as far as <see cref="ExactGroups"/> gets.
/// With several nodes, experts are divided over nodes first. Redundant slots take copies of the hottest experts first; then
/// replicas and experts are exchanged while that saves copies under locality-first dispatch (<see cref="ReplicaSearch"/>).
/// </summary>
/// <remarks>
/// The cap is <see cref="PlacementProblem.MaxLoad"/> times the mean; without one, what Occult's greedy reaches on the same tokens, so
/// that it is beaten at its own load (and never above it on the tokens planned on); without one and from pair counts alone there is none. Where single experts are so hot that no division keeps the cap,
/// it is the least load that <see cref="BalancedGroups"/> reaches, for every rank of that layer: squeezing the others would cost copies and not
/// shorten the layer. Loads hold on the tokens planned on; others differ. O(tokens k + exchanges (experts x ranks + tokens k^2 / experts)) per layer,
/// about 50 ms for 64 experts and 8,192 tokens; a proof takes seconds per layer. Bad when the skew is so large that the cap decides everything: then balance and locality pull
/// against each other, and only redundant slots help.
/// </remarks>
public sealed class LocalityPlanner : IPlacementPlanner
{
    private const int RandomStarts = 2;

    public string Name => "locality";

    public string Summary => "fewest distinct ranks per token under a load cap (--max-load; default: Occult's own load)";

    public bool NeedsRouting => true;

    public bool TakesPairs => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng) => PlanWithBounds(problem, prng).Placement;

    /// <summary>The placement, and per layer how far from the fewest copies it can be on the tokens planned on.</summary>
    public static (ExpertPlacement Placement, CopyBound[] Bounds) PlanWithBounds(PlacementProblem problem, Prng prng)
    {
        var bounds = new CopyBound[problem.Load.LayerCount];
        return (RankLabels.Near(problem, Groups(problem, prng, bounds)), bounds);
    }

    /// <summary>Throws when <see cref="PlacementProblem.Prove"/> cannot be met for the shape; with many experts on a rank a proof may still end without a bound.</summary>
    /// <exception cref="InputException">Redundant slots, several nodes, unequal ranks or too many experts.</exception>
    public static void RequireProvable(PlacementProblem problem, string where)
    {
        var (experts, ranks) = (problem.ExpertCount, problem.RankCount);
        if (problem.SlotCount != experts) throw InputException.At(where, $"{problem.SlotCount} slots for {experts} experts", "one slot per expert");
        if (IsTiered(problem)) throw InputException.At(where, $"{problem.NodeCount} nodes, over which experts are divided first", "one node");
        if (experts % ranks != 0) throw InputException.At(where, $"{ranks} ranks", $"a divisor of the {experts} experts");
        if (!ExactPairs.CanSolve(experts, ranks) && !ExactGroups.CanSolve(experts, ranks)) throw InputException.At(where, $"{experts} experts", $"at most {ExactGroups.MostExperts}, or two per rank");
    }

    private static ExpertPlacement Groups(PlacementProblem problem, Prng prng, CopyBound[] bounds) => LayerTokens.Plan(problem, (tokens, layer) =>
    {
        var ranks = problem.RankCount;
        var capacity = RankGroups.EvenCapacity(problem.ExpertCount, ranks);
        var rows = tokens.Load.Sum();
        var cap = problem.MaxLoad is { } most ? (long)Math.Min(most * rows / ranks, rows)
            : problem.Routing is null ? rows
            : tokens.BusiestRank(OccultGreedy.Place(tokens.Sets.Pairs(), capacity, roundRobin: false), ranks);
        var plain = Divide(tokens, problem, cap, prng.Split(layer));
        bounds[layer] = new CopyBound(plain.Copies, problem.SlotCount == problem.ExpertCount && !IsTiered(problem) ? plain.Bound : 0, tokens.Sets.TokenCount);
        if (problem.SlotCount == problem.ExpertCount) return new RankGroups(plain.RankOf, ranks, problem.SlotsPerRank).ToLayer();

        // Replicas will take load off the hottest experts, so that these need not be kept apart.
        var (shared, of) = Shares(tokens.Load, problem);
        var relieved = Divide(tokens with { Load = shared }, problem, (long)(cap * ((double)of / Math.Max(1, rows))), prng.Split(layer).Split("relieved"));
        LayerPlacement? best = null;
        var least = long.MaxValue;
        foreach (var rankOf in new[] { plain.RankOf, relieved.RankOf })
        {
            var groups = new RankGroups(rankOf, ranks, problem.SlotsPerRank);
            groups.FillWithHottest(tokens.Load);
            var slots = groups.ToLayer().ExpertOfSlot.ToArray();
            var search = new ReplicaSearch(tokens.Sets, slots, ranks, IsTiered(problem) ? ranks / problem.NodeCount : ranks, cap);
            search.Run();
            if (search.Cost < least) (best, least) = (LayerPlacement.Even(problem.ExpertCount, slots, ranks), search.Cost);
        }

        return best!;
    });

    // Load of one replica when every redundant slot goes to the expert with the largest load per replica, at most one per rank.
    private static (long[] Share, long Sum) Shares(long[] load, PlacementProblem problem)
    {
        var count = new int[load.Length];
        ReplicaCounts.Greedy(load, problem.SlotCount, problem.RankCount, count);
        var share = new long[load.Length];
        for (var e = 0; e < load.Length; e++) share[e] = load[e] / count[e];
        return (share, share.Sum());
    }

    private static bool IsTiered(PlacementProblem problem) =>
        problem.NodeCount > 1 && problem.RankCount % problem.NodeCount == 0 && problem.ExpertCount % problem.NodeCount == 0;

    private static GroupDivision Divide(LayerTokens tokens, PlacementProblem problem, long cap, Prng prng)
    {
        var (ranks, experts) = (problem.RankCount, problem.ExpertCount);
        if (!IsTiered(problem)) return Divide(tokens.Sets, tokens.Load, ranks, cap, problem.Prove, prng);
        var perNode = ranks / problem.NodeCount;
        var nodeOf = Divide(tokens.Sets, tokens.Load, problem.NodeCount, cap * perNode, problem.Prove, prng.Split("nodes")).RankOf;
        var rankOf = new int[experts];
        for (var node = 0; node < problem.NodeCount; node++)
        {
            var members = Enumerable.Range(0, experts).Where(e => nodeOf[e] == node).ToArray();
            var group = Divide(tokens.Sets.Only(members), Array.ConvertAll(members, e => tokens.Load[e]), perNode, cap, problem.Prove, prng.Split(node)).RankOf;
            for (var m = 0; m < members.Length; m++) rankOf[members[m]] = (node * perNode) + group[m];
        }

        return new GroupDivision(rankOf, tokens.Sets.Copies(rankOf, ranks), 0);
    }

    private static GroupDivision Divide(TokenSets sets, long[] load, int ranks, long cap, bool prove, Prng prng)
    {
        var experts = sets.ExpertCount;
        if (ranks == 1) return new GroupDivision(new int[experts], sets.TokenCount, sets.TokenCount);
        var capacity = RankGroups.EvenCapacity(experts, ranks);
        var (balanced, reachable) = BalancedGroups.Place(load, capacity);
        cap = Math.Max(cap, reachable);
        if (ExactPairs.CanSolve(experts, ranks) && ExactPairs.Solve(sets, load, cap) is { } pairs)
        {
            var copies = sets.Copies(pairs, ranks);
            return new GroupDivision(pairs, copies, copies);
        }

        var together = sets.Pairs();
        var contiguous = new int[experts];
        for (var (e, rank) = (0, 0); rank < ranks; rank++)
            for (var k = 0; k < capacity[rank]; k++)
                contiguous[e++] = rank;
        var starts = new List<int[]> { balanced, OccultGreedy.Place(together, capacity, roundRobin: true), OccultGreedy.Place(together, capacity, roundRobin: false), contiguous };
        for (var s = 0; s < RandomStarts; s++)
        {
            var random = contiguous.ToArray();
            prng.Shuffle<int>(random);
            starts.Add(random);
        }

        var found = new CopySearch(sets, load, ranks, cap).Run(starts, SearchEffort.Default, prng);
        return ExactGroups.CanSolve(experts, ranks) && (prove || ExactGroups.Possible(experts, ranks) <= ExactGroups.Few)
            ? ExactGroups.Solve(sets, load, ranks, cap, found)
            : new GroupDivision(found, sets.Copies(found, ranks), 0);
    }
}

/// <summary>The copies of one placed layer on the tokens planned on (distinct ranks per token times tokens), beside what can be proven.</summary>
/// <param name="Copies">Sum over tokens of distinct ranks.</param>
/// <param name="Bound">No placement with one slot per expert and as many experts on every rank that keeps the load cap has fewer; 0 when nothing is known.</param>
/// <param name="Tokens">Tokens planned on.</param>
public readonly record struct CopyBound(long Copies, long Bound, long Tokens)
{
    /// <summary>The placement is optimal under its cap.</summary>
    public bool IsProven => Copies == Bound;
}
