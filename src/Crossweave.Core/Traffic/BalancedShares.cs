using Crossweave.Algorithms.Flow;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Traffic;

/// <summary>
/// Shares of the replicas of one batch with which the busiest rank is as light as the placement allows: the linear program of SGLang's LP
/// dispatch and of LPLB (balancing spec 3.5), solved exactly instead of by five interior-point steps. See <see cref="BottleneckSplit"/>.
/// </summary>
public static class BalancedShares
{
    /// <returns>Tokens of every slot; all of a rank's copies of an expert count on the first of them. Sums to <paramref name="tokens"/> by expert.</returns>
    public static double[] Of(LayerPlacement placement, ReadOnlySpan<long> tokens)
    {
        var share = new double[placement.SlotCount];
        var fixedLoad = new long[placement.RankCount];
        List<long> supply = [];
        List<int> first = [0];
        List<int> bins = [];
        List<int> slotOfArc = [];
        for (var e = 0; e < placement.ExpertCount; e++)
        {
            var from = bins.Count;
            foreach (var slot in placement.SlotsOfExpert(e))
            {
                if (bins.Count > from && bins[^1] == placement.RankOfSlot[slot]) continue; // slots ascend, so copies on one rank are neighbours
                bins.Add(placement.RankOfSlot[slot]);
                slotOfArc.Add(slot);
            }

            if (bins.Count == from + 1)
            {
                fixedLoad[bins[^1]] += tokens[e];
                share[slotOfArc[^1]] = tokens[e];
                bins.RemoveAt(from);
                slotOfArc.RemoveAt(from);
                continue;
            }

            supply.Add(tokens[e]);
            first.Add(bins.Count);
        }

        if (supply.Count == 0) return share;
        var split = new BottleneckSplit([.. supply], [.. first], [.. bins], fixedLoad);
        for (var arc = 0; arc < bins.Count; arc++) share[slotOfArc[arc]] = split.Share(arc);
        return share;
    }
}
