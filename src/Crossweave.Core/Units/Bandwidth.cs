namespace Crossweave.Core.Units;

/// <summary>A positive data rate in bit/s.</summary>
public readonly record struct Bandwidth(long BitsPerSecond) : IComparable<Bandwidth>
{
    private const long PicosecondsTimesBits = 8_000_000_000_000; // 8 bit per byte x 10^12 ps per s

    public int CompareTo(Bandwidth other) => BitsPerSecond.CompareTo(other.BitsPerSecond);

    /// <summary>
    /// Time for <paramref name="bytes"/> bytes, rounded up to a whole picosecond. Computed from bytes x 8*10^12 / rate with a
    /// 128-bit intermediate: a stored "picoseconds per byte" would truncate (11 % too fast at 3.6 Tb/s).
    /// </summary>
    public long TransferPs(long bytes)
    {
        if (bytes < 4_000_000_000_000L / 8 && bytes <= long.MaxValue / PicosecondsTimesBits)
            return ((bytes * PicosecondsTimesBits) + BitsPerSecond - 1) / BitsPerSecond;
        var product = ((UInt128)(ulong)bytes * (ulong)PicosecondsTimesBits) + (ulong)(BitsPerSecond - 1);
        return checked((long)(product / (ulong)BitsPerSecond));
    }

    /// <summary>Human text with a decimal unit, for example "400 Gbps".</summary>
    public override string ToString() => UnitText.Scaled(BitsPerSecond, 1000, ["bps", "kbps", "Mbps", "Gbps", "Tbps", "Pbps"]);
}
