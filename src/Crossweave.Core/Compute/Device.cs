using Crossweave.Core.Units;

namespace Crossweave.Core.Compute;

/// <summary>What a roofline needs to know of an accelerator.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="FlopRate">Dense bf16 FLOP/s with fp32 accumulation, as the vendor states it.</param>
/// <param name="MemoryBandwidth">Of the device memory, as the vendor states it.</param>
public sealed record Device(string Name, double FlopRate, Bandwidth MemoryBandwidth)
{
    /// <summary>Vendor data sheets: A100 80 GB SXM, H100 SXM, H200 SXM, B200 (one GPU of an HGX board), RTX PRO 6000 Blackwell.</summary>
    public static readonly IReadOnlyList<Device> All =
    [
        new("a100", 312e12, new Bandwidth(8 * 2_039_000_000_000)),
        new("h100", 989e12, new Bandwidth(8 * 3_350_000_000_000)),
        new("h200", 989e12, new Bandwidth(8 * 4_800_000_000_000)),
        new("b200", 2250e12, new Bandwidth(8 * 8_000_000_000_000)),
        new("rtx-pro-6000", 504e12, new Bandwidth(8 * 1_792_000_000_000)),
    ];
}
