using System.Globalization;

namespace Crossweave.Core.Units;

/// <summary>
/// The one place where quantities with units are read from files and flags. A bare number is an error, decimal prefixes are not
/// binary ones, and the result must be a whole number of the base unit (byte, bit/s, picosecond, FLOP/s).
/// </summary>
public static class UnitParser
{
    private static readonly (string Suffix, decimal Factor)[] ByteUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1e3m), ("KB", 1e3m), ("MB", 1e6m), ("GB", 1e9m), ("TB", 1e12m), ("B", 1m),
    ];

    private static readonly (string Suffix, decimal Factor)[] BandwidthUnits =
    [
        ("kbps", 1e3m), ("Mbps", 1e6m), ("Gbps", 1e9m), ("Tbps", 1e12m), ("bps", 1m),
        ("KiB/s", 8m * (1L << 10)), ("MiB/s", 8m * (1L << 20)), ("GiB/s", 8m * (1L << 30)), ("TiB/s", 8m * (1L << 40)),
        ("kB/s", 8e3m), ("MB/s", 8e6m), ("GB/s", 8e9m), ("TB/s", 8e12m), ("B/s", 8m),
    ];

    private static readonly (string Suffix, decimal Factor)[] TimeUnits =
        [("ps", 1m), ("ns", 1e3m), ("us", 1e6m), ("µs", 1e6m), ("ms", 1e9m), ("s", 1e12m)];

    private static readonly (string Suffix, decimal Factor)[] RateUnits =
        [("GFLOPS", 1e9m), ("TFLOPS", 1e12m), ("PFLOPS", 1e15m)];

    /// <param name="text">For example "64MiB"; decimal and binary prefixes differ.</param>
    /// <param name="where">Flag or file key, named in the error.</param>
    /// <exception cref="InputException">No unit, an unknown unit, negative, not whole, or out of range.</exception>
    public static Bytes Bytes(string text, string where) => new(Parse(text, where, ByteUnits, "64MiB", allowZero: true));

    /// <summary>Such as "400Gbps" or "50GB/s" (= 400 Gbps).</summary>
    public static Bandwidth Bandwidth(string text, string where) => new(Parse(text, where, BandwidthUnits, "400Gbps", allowZero: false));

    /// <summary>Such as "10ns".</summary>
    public static SimTime Time(string text, string where) => new(Parse(text, where, TimeUnits, "500ns", allowZero: true));

    /// <summary>Floating-point operations per second, such as "989TFLOPS".</summary>
    public static double FlopRate(string text, string where) => Parse(text, where, RateUnits, "989TFLOPS", allowZero: false);

    private static long Parse(string text, string where, (string Suffix, decimal Factor)[] units, string example, bool allowZero)
    {
        var trimmed = text.Trim();
        var split = trimmed.Length;
        while (split > 0 && !char.IsAsciiDigit(trimmed[split - 1]) && trimmed[split - 1] != '.') split--;
        var number = trimmed[..split];
        var suffix = trimmed[split..].Trim();
        var known = string.Join(", ", units.Select(u => u.Suffix).Distinct());
        if (suffix.Length == 0) throw InputException.At(where, $"'{text}' without a unit", $"a number with a unit ({known}), for example {example}");
        var unit = Array.FindIndex(units, u => u.Suffix == suffix);
        if (unit < 0) throw InputException.At(where, $"'{text}' with the unknown unit '{suffix}'", $"one of {known}, for example {example}");
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value))
            throw InputException.At(where, $"'{text}'", $"a non-negative number with a unit, for example {example}");
        decimal scaled;
        try
        {
            scaled = value * units[unit].Factor;
        }
        catch (OverflowException)
        {
            throw InputException.At(where, $"'{text}'", "a smaller quantity");
        }

        if (scaled != decimal.Truncate(scaled)) throw InputException.At(where, $"'{text}'", $"a whole number of {BaseUnit(units)}");
        if (scaled > long.MaxValue) throw InputException.At(where, $"'{text}'", "a smaller quantity");
        if (!allowZero && scaled == 0) throw InputException.At(where, $"'{text}'", "a quantity above zero");
        return (long)scaled;
    }

    private static string BaseUnit((string Suffix, decimal Factor)[] units) =>
        units == ByteUnits ? "bytes" : units == BandwidthUnits ? "bits per second" : units == TimeUnits ? "picoseconds" : "FLOP/s";
}
