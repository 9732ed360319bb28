namespace Crossweave.Simulation.Layer;

internal static class Proportion
{
    /// <summary>floor(total x part / whole) with a wide product; 0 when there is no whole.</summary>
    public static long Floor(long total, long part, long whole)
    {
        if (whole == 0) return 0;
        if (part == whole || total == whole) return part == whole ? total : part;
        var high = Math.BigMul((ulong)total, (ulong)part, out var low);
        return high == 0 ? (long)(low / (ulong)whole) : (long)(((UInt128)(ulong)total * (ulong)part) / (ulong)whole);
    }
}
