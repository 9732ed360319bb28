using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Balancing;

/// <summary>Weights of an expert that a rank needs for one batch and does not hold.</summary>
public readonly record struct WeightTransfer(int Expert, int Source, int Target);

/// <summary>Tokens [<paramref name="First"/>, <paramref name="End"/>) of an expert that one rank computes.</summary>
public readonly record struct TokenRange(int Expert, int Rank, long First, long End);

/// <summary>What one batch does to one layer.</summary>
/// <param name="RankLoad">Tokens per rank; thirds of tokens are possible where a share is split.</param>
/// <param name="Transfers">Distinct weight transfers.</param>
public sealed record BatchOutcome(double[] RankLoad, IReadOnlyList<WeightTransfer> Transfers);

/// <summary>Decides per batch which ranks compute the tokens of an expert, on top of a placement. Stateless; registered in <see cref="BatchDispatches.All"/>.</summary>
public interface IBatchDispatch
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <param name="placement">Slots of the layer.</param>
    /// <param name="tokens">Tokens of each expert in the batch, from all source ranks alike.</param>
    /// <param name="prng">For random choices.</param>
    BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng);
}

/// <summary>Every per-batch dispatch mode; a new one is one class and one line here.</summary>
public static class BatchDispatches
{
    public static readonly IReadOnlyList<IBatchDispatch> All =
        [new EvenDispatch(), new StaticDispatch(), new RandomDispatch(), new LpDispatch(), new LlepDispatch(LlepOptions.Published)];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IBatchDispatch Find(string name, string where) =>
        All.FirstOrDefault(d => d.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(d => d.Name))}");
}

/// <summary>Every replica computes the same share: what planners assume.</summary>
public sealed class EvenDispatch : IBatchDispatch
{
    public string Name => "even";

    public string Summary => "equal shares for all replicas of an expert";

    public BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng) => new(PlacementMetrics.RankLoads(placement, tokens), []);
}

/// <summary>
/// SGLang's static table (balancing spec 3.4): a source rank that holds the expert keeps its tokens, the other sources are dealt the
/// replicas round robin in slot order. Tokens of an expert come from all sources alike. O(ranks x slots).
/// </summary>
public sealed class StaticDispatch : IBatchDispatch
{
    public string Name => "static";

    public string Summary => "a fixed table: own rank first, other sources dealt round robin over the replicas";

    public BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng)
    {
        var ranks = placement.RankCount;
        var chooser = new StaticReplicas().Start(placement, nodeCount: 1, tokens);
        var rankLoad = new double[ranks];
        Span<ushort> expert = stackalloc ushort[1];
        Span<int> target = stackalloc int[1];
        for (var e = 0; e < placement.ExpertCount; e++)
        {
            expert[0] = (ushort)e;
            for (var source = 0; source < ranks; source++)
            {
                chooser.Choose(expert, source, target);
                rankLoad[target[0]] += (double)tokens[e] / ranks;
            }
        }

        return new BatchOutcome(rankLoad, []);
    }
}

/// <summary>Every token takes a uniformly drawn replica (SGLang's dynamic dispatch). O(tokens of replicated experts).</summary>
public sealed class RandomDispatch : IBatchDispatch
{
    public string Name => "random";

    public string Summary => "a random replica per token";

    public BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng)
    {
        var stream = prng.Split("random-dispatch");
        var rankLoad = new double[placement.RankCount];
        for (var e = 0; e < placement.ExpertCount; e++)
        {
            var slots = placement.SlotsOfExpert(e);
            if (slots.Length == 1) rankLoad[placement.RankOfSlot[slots[0]]] += tokens[e];
            else
                for (var t = 0L; t < tokens[e]; t++) rankLoad[placement.RankOfSlot[slots[stream.NextInt(slots.Length)]]]++;
        }

        return new BatchOutcome(rankLoad, []);
    }
}

/// <summary>
/// Shares of the replicas chosen so that the busiest rank is as light as the placement allows: see <see cref="BalancedShares"/>.
/// </summary>
public sealed class LpDispatch : IBatchDispatch
{
    public string Name => "lp";

    public string Summary => "best shares of the replicas for this batch (SGLang's LP dispatch and LPLB, solved exactly)";

    public BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng)
    {
        var share = BalancedShares.Of(placement, tokens);
        var rankLoad = new double[placement.RankCount];
        for (var slot = 0; slot < share.Length; slot++) rankLoad[placement.RankOfSlot[slot]] += share[slot];
        return new BatchOutcome(rankLoad, []);
    }
}

/// <summary>Constants of LLEP.</summary>
/// <param name="Imbalance">lambda: below this max/mean of the expert loads nothing is done.</param>
/// <param name="Capacity">alpha: capacity of a rank over the mean load.</param>
/// <param name="SmallestChunk">m: fewer tokens than this are not worth a weight transfer.</param>
public sealed record LlepOptions(double Imbalance, double Capacity, long SmallestChunk)
{
    public static readonly LlepOptions Published = new(1.3, 1.0, 1024);
}

/// <summary>
/// Least-loaded expert parallelism (arXiv 2601.17111, balancing spec 3.7): what exceeds the capacity of an expert's rank is spilled in chunks to
/// the least loaded ranks, which fetch the weights for this batch. The owner is the rank of the expert's first slot; ranks
/// that hold a replica anyway fetch nothing. A balanced batch is split evenly over the replicas.
/// </summary>
/// <remarks>O(E P log P). Ties: lower expert, lower rank. Bad when: every batch moves weights.</remarks>
public sealed class LlepDispatch(LlepOptions options) : IBatchDispatch
{
    public string Name => "llep";

    public string Summary => "LLEP: overload spilled to the least loaded ranks, with the weights, every batch";

    public BatchOutcome Split(LayerPlacement placement, ReadOnlySpan<long> tokens, Prng prng)
    {
        if (Ranges(placement, tokens) is not { } ranges) return new EvenDispatch().Split(placement, tokens, prng);
        var rankLoad = new double[placement.RankCount];
        var transfers = new List<WeightTransfer>();
        var moved = new HashSet<(int, int)>();
        foreach (var range in ranges)
        {
            rankLoad[range.Rank] += range.End - range.First;
            if (!placement.ExpertsOnRank(range.Rank).Contains(range.Expert) && moved.Add((range.Expert, range.Rank)))
                transfers.Add(new WeightTransfer(range.Expert, Owner(placement, range.Expert), range.Rank));
        }

        return new BatchOutcome(rankLoad, transfers);
    }

    /// <summary>Who computes which tokens, experts by falling load; null when the batch is balanced already.</summary>
    public IReadOnlyList<TokenRange>? Ranges(LayerPlacement placement, ReadOnlySpan<long> tokens)
    {
        var (total, largest) = (0L, 0L);
        foreach (var t in tokens) (total, largest) = (checked(total + t), Math.Max(largest, t));
        if (largest * (double)tokens.Length < options.Imbalance * total || total == 0) return null;
        var ranks = placement.RankCount;
        var cap = (long)Math.Ceiling((options.Capacity * total / ranks) - 1e-6);
        var pending = new long[ranks];
        var assigned = new long[ranks];
        for (var e = 0; e < tokens.Length; e++) pending[Owner(placement, e)] += tokens[e];
        var load = tokens.ToArray();
        var ranges = new List<TokenRange>();
        foreach (var e in Enumerable.Range(0, load.Length).OrderByDescending(e => load[e]))
        {
            var owner = Owner(placement, e);
            pending[owner] -= load[e];
            var kept = Math.Clamp(cap - assigned[owner] - pending[owner], 0, load[e]);
            if (kept > 0) ranges.Add(new TokenRange(e, owner, 0, kept));
            assigned[owner] += kept;
            for (var done = kept; done < load[e];)
            {
                var (rank, chunk) = Next(assigned, pending, cap, load[e] - done);
                ranges.Add(new TokenRange(e, rank, done, done + chunk));
                assigned[rank] += chunk;
                done += chunk;
            }
        }

        return ranges;
    }

    /// <summary>Least loaded rank whose room is worth a transfer and how much it takes; everything to the least loaded when there is none.</summary>
    private (int Rank, long Chunk) Next(long[] assigned, long[] pending, long cap, long rest)
    {
        var (best, bestLoad, lightest) = (-1, 0L, 0);
        for (var r = 0; r < assigned.Length; r++)
        {
            var load = assigned[r] + pending[r];
            if (load < assigned[lightest] + pending[lightest]) lightest = r;
            var chunk = Math.Min(cap - load, rest);
            if (chunk <= 0 || (chunk < options.SmallestChunk && chunk < rest)) continue;
            if (best < 0 || load < bestLoad) (best, bestLoad) = (r, load);
        }

        return best < 0 ? (lightest, rest) : (best, Math.Min(cap - bestLoad, rest));
    }

    private static int Owner(LayerPlacement placement, int expert) => placement.RankOfSlot[placement.SlotsOfExpert(expert)[0]];
}
