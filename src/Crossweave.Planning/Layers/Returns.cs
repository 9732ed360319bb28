namespace Crossweave.Planning.Layers;

/// <summary>Rows and copies of one pair are matched in proportion, rounded down, as everywhere in the model.</summary>
internal static class Returns
{
    /// <summary>Rows that the first <paramref name="carried"/> of all copies bring.</summary>
    public static long Rows(long work, long carried, long copies) =>
        copies == 0 ? 0 : work == copies ? carried : (long)((Int128)work * carried / copies);

    /// <summary>Most returned copies that need no more than the first <paramref name="rows"/> computed rows.</summary>
    public static long Released(long rows, long work, long copies) =>
        rows >= work ? copies : work == copies ? rows : (long)Int128.Min(copies, (((Int128)(rows + 1) * copies) - 1) / work);
}
