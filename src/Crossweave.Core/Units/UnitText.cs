using System.Globalization;

namespace Crossweave.Core.Units;

internal static class UnitText
{
    /// <summary>Three significant digits in the largest unit that keeps the number at or above one.</summary>
    public static string Scaled(long value, double step, string[] units)
    {
        double scaled = value;
        var unit = 0;
        while (Math.Abs(scaled) >= step * 0.9995 && unit < units.Length - 1)
        {
            scaled /= step;
            unit++;
        }

        var text = Math.Abs(scaled) switch
        {
            >= 99.95 => scaled.ToString("0", CultureInfo.InvariantCulture),
            >= 9.995 => scaled.ToString("0.#", CultureInfo.InvariantCulture),
            _ => scaled.ToString("0.##", CultureInfo.InvariantCulture),
        };
        return $"{text} {units[unit]}";
    }
}
