using Crossweave.Algorithms;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// After FlashLB (vllm-ascend #3042, vLLM #37656; balancing spec 3.8), from its description, for one window of loads: counts and
/// placement are searched together. Slots are filled in rounds of one slot per rank; a round is shared by the next most loaded experts,
/// every further slot of it going to the largest load per replica, and its replicas go longest first to the lightest rank. How many experts
/// share each round is found by a beam search. A layer whose running placement is within 1.15 x mean is left alone.
/// </summary>
/// <remarks>
/// Copies of an expert sit on different ranks, because they share one round, as long as the ranks have fewer slots than there are experts;
/// otherwise every rank gets every expert. O(L k B P (P + log P)) for k slots per rank and beam B. Ties: fewer experts in the round, lowest expert, lowest rank. Global.
/// Bad when: the hottest expert needs more copies than ranks, or loads change shape between windows (one window only here).
/// </remarks>
public sealed class FlashLbPlanner : IPlacementPlanner
{
    private const int Beam = 16;
    private const double Imbalanced = 1.15;

    public string Name => "flashlb";

    public string Summary => "FlashLB-style: how many of the top experts share each round of slots, by beam search; global";

    public ExpertPlacement Plan(PlacementProblem problem, Prng prng)
    {
        problem.Validate();
        var previous = RunningPlacement.Of(problem);
        var layers = new LayerPlacement[problem.Load.LayerCount];
        for (var l = 0; l < layers.Length; l++)
        {
            var load = problem.Load.Layer(l);
            if (previous is not null)
            {
                var (mean, max) = PlacementMetrics.MeanAndMax(previous.Layers[l], load);
                if (max <= mean * Imbalanced)
                {
                    layers[l] = previous.Layers[l];
                    continue;
                }
            }

            layers[l] = LayerPlacement.Even(problem.ExpertCount, PlanLayer(load, problem.RankCount, problem.SlotsPerRank), problem.RankCount);
        }

        return new ExpertPlacement(layers, problem.Load.LayerIds);
    }

    private static int[] PlanLayer(ReadOnlySpan<long> load, int ranks, int perRank)
    {
        var expertOfSlot = new int[ranks * perRank];
        if (perRank >= load.Length)
        {
            for (var slot = 0; slot < expertOfSlot.Length; slot++) expertOfSlot[slot] = slot % perRank % load.Length;
            return expertOfSlot;
        }

        var order = new int[load.Length];
        for (var e = 0; e < order.Length; e++) order[e] = e;
        var tokens = load.ToArray();
        Array.Sort(order, (a, b) => tokens[a] != tokens[b] ? tokens[b].CompareTo(tokens[a]) : a.CompareTo(b));
        List<State> beam = [new State(0, new double[ranks], new int[expertOfSlot.Length], 0, 0)];
        for (var round = 0; round < perRank; round++)
        {
            var next = new List<State>();
            foreach (var state in beam)
            {
                var left = order.Length - state.Placed;
                var fewest = Math.Max(1, left - (ranks * (perRank - round - 1)));
                var most = Math.Min(ranks, left - (perRank - round - 1));
                for (var sharing = fewest; sharing <= most; sharing++)
                    next.Add(Fill(state, round, order.AsSpan(state.Placed, sharing), tokens, order, perRank));
            }

            next.Sort((a, b) => (a.Bound, a.Squares, a.Placed).CompareTo((b.Bound, b.Squares, b.Placed)));
            if (next.Count > Beam) next.RemoveRange(Beam, next.Count - Beam);
            beam = next;
        }

        return beam[0].ExpertOfSlot;
    }

    /// <summary>One round: every rank gets one replica of the experts that share it.</summary>
    private static State Fill(State state, int round, ReadOnlySpan<int> sharing, long[] tokens, int[] order, int perRank)
    {
        var ranks = state.RankLoad.Length;
        var count = new int[sharing.Length];
        Array.Fill(count, 1);
        for (var extra = sharing.Length; extra < ranks; extra++)
        {
            var hottest = 0;
            for (var i = 1; i < count.Length; i++)
                if ((Int128)tokens[sharing[i]] * count[hottest] > (Int128)tokens[sharing[hottest]] * count[i])
                    hottest = i;
            count[hottest]++;
        }

        var replicas = new (double MinusShare, int Expert)[ranks];
        var n = 0;
        for (var i = 0; i < count.Length; i++)
            for (var copy = 0; copy < count[i]; copy++)
                replicas[n++] = (-(double)tokens[sharing[i]] / count[i], sharing[i]);
        Array.Sort(replicas);
        var byLoad = new (double Load, int Rank)[ranks];
        for (var r = 0; r < ranks; r++) byLoad[r] = (state.RankLoad[r], r);
        Array.Sort(byLoad);
        var rankLoad = (double[])state.RankLoad.Clone();
        var expertOfSlot = (int[])state.ExpertOfSlot.Clone();
        for (var i = 0; i < ranks; i++)
        {
            var rank = byLoad[i].Rank;
            expertOfSlot[(rank * perRank) + round] = replicas[i].Expert;
            rankLoad[rank] -= replicas[i].MinusShare;
        }

        var placed = state.Placed + sharing.Length;
        // What is left: its most loaded expert on all ranks at most, on top of the lightest one; and no rank ends below the mean.
        var rest = 0.0;
        for (var i = placed; i < order.Length; i++) rest += tokens[order[i]];
        var (max, sum, squares) = (0.0, rest, 0.0);
        foreach (var h in rankLoad)
        {
            max = Math.Max(max, h);
            sum += h;
            squares += h * h;
        }

        var largest = placed < order.Length ? LargestShare(tokens, order, placed, ranks * (perRank - round - 1)) + rankLoad.Min() : 0;
        return new State(placed, rankLoad, expertOfSlot, Math.Max(Math.Max(max, largest), sum / ranks), squares);
    }

    private static double LargestShare(long[] tokens, int[] order, int from, int slots)
    {
        // Spare slots of the remaining rounds to the first experts only: these are the most loaded, so this is near what greedy gives.
        var spare = slots - (order.Length - from);
        var count = 1;
        while (spare > 0 && from + 1 < order.Length && tokens[order[from]] > (long)count * tokens[order[from + 1]]) (count, spare) = (count + 1, spare - 1);
        return (double)tokens[order[from]] / count;
    }

    private sealed record State(int Placed, double[] RankLoad, int[] ExpertOfSlot, double Bound, double Squares);
}
