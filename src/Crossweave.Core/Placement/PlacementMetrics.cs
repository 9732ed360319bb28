using Crossweave.Core.Routing;

namespace Crossweave.Core.Placement;

/// <summary>The three ways the serving systems state balance over all layers (balancing spec 2.1); a layer without load counts as balanced.</summary>
/// <param name="MeanOfRatios">Mean over layers of mean/max rank load (EPLB comparisons); 1 is perfect.</param>
/// <param name="RatioOfSums">Sum of the layers' mean loads over the sum of their maxima (vLLM); 1 is perfect.</param>
/// <param name="Excess">Mean over layers of (max - mean)/mean (TensorRT-LLM's imbalance ratio); 0 is perfect.</param>
public sealed record Balancedness(double MeanOfRatios, double RatioOfSums, double Excess);

/// <summary>
/// What a placement does to given loads when the tokens of an expert are split evenly over its replicas. Loads are tokens; rank
/// loads are doubles because a third of a token is possible. All methods are O(layers x slots).
/// </summary>
public static class PlacementMetrics
{
    /// <summary>H_r = sum over the slots of rank r of load / replicas, summed in slot order.</summary>
    public static double[] RankLoads(LayerPlacement layer, ReadOnlySpan<long> load)
    {
        if (load.Length != layer.ExpertCount) throw new ArgumentException("one load per expert");
        var loads = new double[layer.RankCount];
        var expertOfSlot = layer.ExpertOfSlot;
        var rankOfSlot = layer.RankOfSlot;
        for (var slot = 0; slot < expertOfSlot.Length; slot++)
            loads[rankOfSlot[slot]] += (double)load[expertOfSlot[slot]] / layer.ReplicaCount(expertOfSlot[slot]);
        return loads;
    }

    /// <summary>Mean rank load (exactly total / ranks) and largest rank load.</summary>
    public static (double Mean, double Max) MeanAndMax(LayerPlacement layer, ReadOnlySpan<long> load)
    {
        var max = 0.0;
        foreach (var h in RankLoads(layer, load)) max = Math.Max(max, h);
        var total = 0L;
        foreach (var tokens in load) total = checked(total + tokens);
        var mean = (double)total / layer.RankCount;
        return (mean, Math.Max(mean, max)); // rounding must not make the busiest rank lighter than the mean
    }

    /// <summary>max / mean per layer; 1 for a layer without load.</summary>
    public static double[] MaxOverMean(ExpertPlacement placement, ExpertLoad load)
    {
        RequireSameLayers(placement, load);
        var ratios = new double[placement.Layers.Count];
        for (var l = 0; l < ratios.Length; l++)
        {
            var (mean, max) = MeanAndMax(placement.Layers[l], load.Layer(l));
            ratios[l] = mean == 0 ? 1.0 : max / mean;
        }

        return ratios;
    }

    public static Balancedness Balancedness(ExpertPlacement placement, ExpertLoad load)
    {
        RequireSameLayers(placement, load);
        double ratios = 0, means = 0, maxima = 0, excess = 0;
        var layers = placement.Layers.Count;
        for (var l = 0; l < layers; l++)
        {
            var (mean, max) = MeanAndMax(placement.Layers[l], load.Layer(l));
            means += mean;
            maxima += max;
            ratios += mean == 0 ? 1.0 : mean / max;
            excess += mean == 0 ? 0.0 : (max - mean) / mean;
        }

        return new Balancedness(ratios / layers, maxima == 0 ? 1.0 : means / maxima, excess / layers);
    }

    /// <summary>SGLang's form: mean over layers of (mean + 1e-5) / (max + 1e-5).</summary>
    public static double SglangBalancedness(ExpertPlacement placement, ExpertLoad load)
    {
        RequireSameLayers(placement, load);
        var sum = 0.0;
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            var (mean, max) = MeanAndMax(placement.Layers[l], load.Layer(l));
            sum += (mean + 1e-5) / (max + 1e-5);
        }

        return sum / placement.Layers.Count;
    }

    /// <summary>Index of the layer with the largest max / mean (ties: the first) and that value.</summary>
    public static (int Layer, double MaxOverMean) WorstLayer(ExpertPlacement placement, ExpertLoad load)
    {
        var ratios = MaxOverMean(placement, load);
        var worst = 0;
        for (var l = 1; l < ratios.Length; l++)
            if (ratios[l] > ratios[worst])
                worst = l;
        return (worst, ratios[worst]);
    }

    /// <summary>Slots wasted on second and further copies of one expert on one rank.</summary>
    public static int DuplicateSlots(LayerPlacement layer)
    {
        var seenOnRank = new int[layer.ExpertCount];
        var wasted = 0;
        for (var slot = 0; slot < layer.SlotCount; slot++)
        {
            ref var seen = ref seenOnRank[layer.ExpertOfSlot[slot]];
            if (seen == layer.RankOfSlot[slot] + 1) wasted++;
            seen = layer.RankOfSlot[slot] + 1; // slots of a rank are consecutive, so the last rank seen is enough
        }

        return wasted;
    }

    /// <summary>Groups of neighbouring experts whose slots are on more than one node.</summary>
    public static int StraddlingGroups(LayerPlacement layer, int groupCount, int nodeCount)
    {
        var nodeOfGroup = new int[groupCount];
        Array.Fill(nodeOfGroup, -1);
        var straddles = new bool[groupCount];
        for (var slot = 0; slot < layer.SlotCount; slot++)
        {
            var group = layer.ExpertOfSlot[slot] / (layer.ExpertCount / groupCount);
            var node = layer.RankOfSlot[slot] / (layer.RankCount / nodeCount);
            if (nodeOfGroup[group] >= 0 && nodeOfGroup[group] != node) straddles[group] = true;
            nodeOfGroup[group] = node;
        }

        return straddles.Count(s => s);
    }

    /// <summary>
    /// Churn (balancing spec 2.2): over layers and ranks, the distinct experts of <paramref name="next"/> on a rank that were not
    /// on that rank in <paramref name="previous"/>. A second local copy costs nothing.
    /// </summary>
    /// <exception cref="ArgumentException">The placements have different layers, experts or ranks.</exception>
    public static long Fetched(ExpertPlacement previous, ExpertPlacement next) => FetchedByRank(previous, next).Sum();

    /// <summary>The same, by rank that fetches.</summary>
    /// <exception cref="ArgumentException">The placements have different layers, experts or ranks.</exception>
    public static long[] FetchedByRank(ExpertPlacement previous, ExpertPlacement next)
    {
        if (previous.Layers.Count != next.Layers.Count || previous.ExpertCount != next.ExpertCount || previous.RankCount != next.RankCount)
            throw new ArgumentException("both placements must have the same layers, experts and ranks");
        var fetched = new long[next.RankCount];
        for (var l = 0; l < next.Layers.Count; l++)
        {
            var layer = FetchedByRank(previous.Layers[l], next.Layers[l]);
            for (var rank = 0; rank < fetched.Length; rank++) fetched[rank] += layer[rank];
        }

        return fetched;
    }

    /// <summary>The same for one layer.</summary>
    public static long[] FetchedByRank(LayerPlacement previous, LayerPlacement next)
    {
        var held = new bool[next.ExpertCount];
        var fetched = new long[next.RankCount];
        for (var rank = 0; rank < next.RankCount; rank++)
        {
            Array.Clear(held);
            foreach (var expert in previous.ExpertsOnRank(rank)) held[expert] = true;
            foreach (var expert in next.ExpertsOnRank(rank))
            {
                if (!held[expert]) fetched[rank]++;
                held[expert] = true;
            }
        }

        return fetched;
    }

    private static void RequireSameLayers(ExpertPlacement placement, ExpertLoad load)
    {
        if (placement.Layers.Count != load.LayerCount || placement.ExpertCount != load.ExpertCount)
            throw new ArgumentException("placement and loads must have the same layers and experts");
    }
}
