namespace Crossweave.Planning.Placement;

/// <summary>Sums of all sets of some replicas of a rank, heaviest first, and which they are; made when asked for.</summary>
internal sealed class BundleTable
{
    public BundleTable(int size, ReadOnlySpan<int> slotsOfRank)
    {
        Size = size;
        First = new int[slotsOfRank.Length + 1];
        for (var r = 0; r < slotsOfRank.Length; r++)
        {
            var k = slotsOfRank[r];
            First[r + 1] = First[r] + (size == 1 ? k : size == 2 ? k * (k - 1) / 2 : k * (k - 1) * (k - 2) / 6);
        }

        Sums = new double[First[^1]];
        Members = new int[First[^1]];
        Stale = new bool[slotsOfRank.Length];
    }

    public int Size { get; }

    /// <summary>First sum of each rank.</summary>
    public int[] First { get; }

    public double[] Sums { get; }

    /// <summary>Slots of a rank, <see cref="RankBalancer.MemberBits"/> bits each.</summary>
    public int[] Members { get; }

    public bool[] Stale { get; }
}
