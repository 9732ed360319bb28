using System.Globalization;
using Crossweave.Core.Units;

namespace Crossweave.Reporting;

/// <summary>Numbers as people read them; used by every table and figure so that one value looks the same everywhere.</summary>
public static class ReportText
{
    private static readonly (double Factor, string Suffix)[] Steps = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    /// <summary>Three significant digits with a unit, for example "12.3 µs".</summary>
    public static string Time(long picoseconds) => new SimTime(picoseconds).ToString().Replace(" us", " µs");

    /// <summary>Decimal bytes, for example "1.23 MB".</summary>
    public static string Size(long bytes) => new Bytes(bytes).ToString();

    /// <summary>Thousands grouped by a comma.</summary>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Fixed decimals; a dash when there is no value.</summary>
    public static string Fixed(double value, int decimals = 2) =>
        double.IsFinite(value) ? value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : "–";

    /// <summary>A factor, for example "1.83×".</summary>
    public static string Times(double value, int decimals = 2) => double.IsFinite(value) ? Fixed(value, decimals) + "×" : "–";

    /// <summary>A share, for example "42.1 %".</summary>
    public static string Percent(double share, int decimals = 1) => double.IsFinite(share) ? Fixed(share * 100, decimals) + " %" : "–";

    /// <summary>Axis label: at most three significant digits, SI suffix from 10,000 on.</summary>
    public static string Short(double value)
    {
        if (!double.IsFinite(value)) return "–";
        var size = Math.Abs(value);
        if (size >= 9_999.5)
        {
            foreach (var (factor, suffix) in Steps)
                if (size >= factor * 0.9995)
                    return Digits(value / factor) + suffix;
        }

        return size >= 999.5 ? Count((long)Math.Round(value)) : Digits(value);
    }

    private static string Digits(double value) => Math.Abs(value) switch
    {
        >= 99.95 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.0995 or 0 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
