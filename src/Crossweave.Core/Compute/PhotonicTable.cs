namespace Crossweave.Core.Compute;

/// <summary>
/// The 21 points read off figure 1 of arXiv 2605.26845 (RTX PRO 6000; about 1 %; whose expert it is, is not stated there).
/// Scheduling spec 6.1.
/// </summary>
public static class PhotonicTable
{
    public const string ProfileName = "photonic-rtx-pro-6000";

    private const long Us = 1_000_000; // picoseconds

    public static TableProfile Profile { get; } = new(
        ProfileName,
        [
            (1, 214 * Us), (2, 268 * Us), (16, 271 * Us), (32, 287 * Us), (64, 299 * Us), (128, 312 * Us), (256, 373 * Us),
            (512, 607 * Us), (1024, 1120 * Us), (2048, 2030 * Us), (4096, 4060 * Us), (8192, 7900 * Us), (16384, 16_900 * Us),
            (32768, 34_400 * Us), (65536, 68_800 * Us), (131072, 138_000 * Us), (262144, 275_000 * Us), (524288, 551_000 * Us),
            (1048576, 1_102_000 * Us),
        ]);
}
