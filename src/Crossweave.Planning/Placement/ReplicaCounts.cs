namespace Crossweave.Planning.Placement;

/// <summary>How many replicas every expert gets when each redundant slot goes to the expert with the largest load per replica.</summary>
internal static class ReplicaCounts
{
    /// <summary>Loads per replica are compared as exact fractions. Ties: lowest expert. O((slots - experts) x experts).</summary>
    /// <param name="load">Rows per expert.</param>
    /// <param name="slotCount">Slots to fill, at least the experts; some stay empty when every expert has <paramref name="most"/> replicas.</param>
    /// <param name="most">Largest number of replicas of one expert.</param>
    /// <param name="count">Result.</param>
    public static void Greedy(ReadOnlySpan<long> load, int slotCount, int most, Span<int> count)
    {
        count.Fill(1);
        for (var slot = load.Length; slot < slotCount; slot++)
        {
            var hottest = -1;
            for (var e = 0; e < load.Length; e++)
                if (count[e] < most && (hottest < 0 || (Int128)load[e] * count[hottest] > (Int128)load[hottest] * count[e]))
                    hottest = e;
            if (hottest < 0) return;
            count[hottest]++;
        }
    }
}
