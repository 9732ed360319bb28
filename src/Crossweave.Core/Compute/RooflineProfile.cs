using Crossweave.Core.Units;

namespace Crossweave.Core.Compute;

/// <summary>
/// One grouped launch over all experts of a rank: the longer of reading the weights and of doing the arithmetic,
/// max(min(rows, experts) x expert bytes / memory bandwidth, rows x FLOP per row / (FLOP rate x efficiency)).
/// A launch of few rows cannot touch more experts than it has rows. Activations, launch overhead and tile rounding are left out, so
/// it is optimistic for small batches. Subadditive (each part is), so one launch is cheapest.
/// </summary>
public sealed class RooflineProfile : ComputeProfile
{
    private readonly Bandwidth _memory;
    private readonly long _expertBytes;
    private readonly int _experts;
    private readonly double _psPerRow;

    /// <param name="device">Arithmetic and memory rates.</param>
    /// <param name="flopPerRow">Operations of one expert for one token.</param>
    /// <param name="expertBytes">Weight bytes of one expert.</param>
    /// <param name="expertsPerRank">Experts (slots) that one launch covers.</param>
    /// <param name="efficiency">Share of the FLOP rate that the kernels reach, in (0, 1].</param>
    public RooflineProfile(Device device, long flopPerRow, Bytes expertBytes, int expertsPerRank, double efficiency)
    {
        if (efficiency is not (> 0 and <= 1)) throw new ArgumentException("efficiency must lie in (0, 1]");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(expertsPerRank);
        _memory = device.MemoryBandwidth;
        _expertBytes = expertBytes.Value;
        _experts = expertsPerRank;
        _psPerRow = flopPerRow / (device.FlopRate * efficiency) * 1e12;
        Description = FormattableString.Invariant($"roofline:{device.Name},{efficiency:0.###}");
        Text = FormattableString.Invariant($"roofline:{device.Name},{efficiency:R},{flopPerRow},{expertBytes.Value}B,{expertsPerRank}");
        SmallestLaunchPs = LaunchPs(1);
    }

    public override string Description { get; }

    public override string Text { get; }

    public override long SmallestLaunchPs { get; }

    public override long LaunchPs(long tokens)
    {
        if (tokens <= 0) return 0;
        var read = _memory.TransferPs(checked(_expertBytes * Math.Min(tokens, _experts)));
        return Math.Max(read, checked((long)Math.Ceiling(tokens * _psPerRow)));
    }

    // One picosecond per million guards the bound against floating-point rounding of the sum.
    public override long CheapestSplitPs(long tokens) => (long)(LaunchPs(tokens) * (1 - 1e-12));
}
