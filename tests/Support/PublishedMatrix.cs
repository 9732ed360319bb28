namespace Crossweave.Testing;

/// <summary>The 8 x 8 traffic matrix printed in arXiv 2605.26845 (scheduling spec 5.1), which ships as a sample.</summary>
internal static class PublishedMatrix
{
    public static string File { get; } = Path.Combine(SharedData.RepositoryRoot, "samples", "mixtral-8x22b.csv");

    /// <summary>[source, target] tokens, row-major.</summary>
    public static long[] Cells() =>
        [.. System.IO.File.ReadLines(File).Where(line => !line.StartsWith('#')).SelectMany(line => line.Split(',')).Select(long.Parse)];
}
