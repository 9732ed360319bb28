using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Locality;

/// <summary>
/// One objective, time: the layer time that an evaluator predicts for a placement, usually max over ranks of compute plus exposed
/// communication on a given fabric. Every other registered planner, and <c>locality</c> under several load caps, is a start; the best of each
/// layer is improved by exchanges of experts that the evaluator accepts. So it never loses to a pure balance or a pure locality plan under
/// that evaluator (execution spec 9, first line). Beside a running placement, which is a start too, as are points of the trade between moves and balance, the time of a layer includes what moving there
/// costs (<see cref="PlacementProblem.MoveTime"/>), and with a move budget only the layers with the largest saving per fetch move.
/// </summary>
/// <remarks>
/// The evaluator is <see cref="PlacementProblem.LayerTime"/>; without one, rows of the busiest rank plus copies through the busiest port, out and
/// back, both counted once. Cost: all planners, plus about <see cref="Trials"/> evaluations per layer. Ties: registration order.
/// Bad when the evaluator is: it believes it.
/// </remarks>
/// <param name="others">Planners to start from, asked when it plans.</param>
public sealed class AutoPlanner(Func<IReadOnlyList<IPlacementPlanner>> others) : IPlacementPlanner
{
    private const int Trials = 48;
    private const int FrontPoints = 6;

    private static readonly double[] Caps = [1.1, 1.3, 1.6];

    public string Name => "auto";

    public string Summary => "least predicted layer time: all other planners, locality under several load caps, then exchanges";

    public bool NeedsRouting => true;

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        LayerTokens.Routing(problem);
        var time = problem.LayerTime ?? ((layer, placement) => RowsAndCopies(problem, layer, placement));
        var starts = new List<ExpertPlacement>();
        foreach (var planner in others())
            if (planner is not AutoPlanner && planner.Suits(problem))
                starts.Add(RankLabels.Near(problem, planner.Plan(problem, prng.Split(planner.Name))));
        var locality = new LocalityPlanner();
        if (problem.MaxLoad is null)
            foreach (var cap in Caps)
                starts.Add(locality.Plan(problem with { MaxLoad = cap }, prng.Split(locality.Name)));
        if (MigrationFront.Of(problem) is { } front) starts.AddRange(front.Spread(FrontPoints).Skip(1).Select(front.PlacementAt));
        var timeOf = new double[problem.Load.LayerCount][];
        Parallel.For(0, timeOf.Length, l => timeOf[l] = [.. starts.Select(start => time(l, start.Layers[l]))]);
        var prices = new MovePrices(problem, starts, timeOf);
        var layers = new LayerPlacement[timeOf.Length];
        Parallel.For(0, layers.Length, l => layers[l] = Improve(starts[prices.Choice[l]].Layers[l], placement => time(l, placement) + prices.Of(l, placement), prng.Split("exchanges").Split(l)));
        return new ExpertPlacement(WithinBudget(problem, layers, time), problem.Load.LayerIds);
    }

    // With a move budget, layers move in the order of time saved per fetch, as long as they fit.
    private static LayerPlacement[] WithinBudget(PlacementProblem problem, LayerPlacement[] layers, Func<int, LayerPlacement, double> time)
    {
        if (problem.Previous is not { } running || problem.MaxMoves is not { } budget) return layers;
        var kept = running.Layers.ToArray();
        var moves = Enumerable.Range(0, layers.Length)
            .Select(l => (Layer: l, Fetched: PlacementMetrics.FetchedByRank(running.Layers[l], layers[l]).Sum(), Saving: time(l, running.Layers[l]) - time(l, layers[l])))
            .Where(m => m.Saving > 0);
        foreach (var (layer, fetched, _) in moves.OrderByDescending(m => m.Saving / Math.Max(1, m.Fetched)))
        {
            if (fetched > budget) continue;
            budget -= fetched;
            kept[layer] = layers[layer];
        }

        return kept;
    }

    private static LayerPlacement Improve(LayerPlacement best, Func<LayerPlacement, double> time, Prng prng)
    {
        if (best.RankCount == 1) return best;
        var least = time(best);
        for (var trial = 0; trial < Trials; trial++)
        {
            var slots = best.ExpertOfSlot.ToArray();
            var (a, b) = (prng.NextInt(slots.Length), prng.NextInt(slots.Length));
            if (best.RankOfSlot[a] == best.RankOfSlot[b] || Holds(best.RankOfSlot[b], slots[a]) || Holds(best.RankOfSlot[a], slots[b])) continue;
            (slots[a], slots[b]) = (slots[b], slots[a]);
            var candidate = new LayerPlacement(best.ExpertCount, slots, best.RankOfSlot, best.RankCount);
            if (time(candidate) is var t && t >= least) continue;
            (best, least) = (candidate, t);
        }

        return best;

        bool Holds(int rank, int expert) => best.ExpertsOnRank(rank).Contains(expert);
    }

    private static double RowsAndCopies(PlacementProblem problem, int layer, LayerPlacement placement)
    {
        var trace = problem.Routing!;
        var sources = new SequenceSourceRanks().Assign(trace, 0, trace.TokenCount, placement.RankCount);
        var counts = CopyCounter.Count(trace, layer, 0, sources, placement, 1, new LocalityFirstReplicas());
        long rows = 0, copies = 0;
        for (var r = 0; r < placement.RankCount; r++)
        {
            rows = Math.Max(rows, counts.Rows.Received(r) + counts.Rows[r, r]);
            copies = Math.Max(copies, Math.Max(counts.RankCopies.Sent(r), counts.RankCopies.Received(r)));
        }

        return rows + (2 * copies);
    }
}
