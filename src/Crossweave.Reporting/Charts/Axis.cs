using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>Named values along the x axis of a chart; NaN is a gap.</summary>
public sealed record ChartSeries(string Name, IReadOnlyList<double> Values);

/// <summary>A linear value axis with round ticks (1, 2 or 5 times a power of ten).</summary>
internal sealed class Axis
{
    private Axis(double from, double to, double[] ticks)
    {
        From = from;
        To = to;
        Ticks = ticks;
    }

    public double From { get; }

    public double To { get; }

    public double[] Ticks { get; }

    /// <summary>Covers from..to; the ends become ticks unless <paramref name="keepEnd"/> holds the upper end where it is.</summary>
    public static Axis Cover(double from, double to, int tickCount, bool keepEnd = false)
    {
        if (!double.IsFinite(from)) from = 0;
        if (!double.IsFinite(to) || to <= from) to = from + Math.Max(1, Math.Abs(from) * 1e-6);
        var raw = (to - from) / Math.Max(1, tickCount);
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * ((raw / power) switch { <= 1.0001 => 1, <= 2.0001 => 2, <= 5.0001 => 5, _ => 10 });
        var first = (long)Math.Floor((from / step) + 1e-9);
        var last = keepEnd ? (long)Math.Floor((to / step) + 1e-9) : (long)Math.Ceiling((to / step) - 1e-9);
        var ticks = new List<double>();
        for (var i = first; i <= last && ticks.Count < 100; i++) ticks.Add(i * step);
        return new Axis(ticks[0], keepEnd ? to : ticks[^1], [.. ticks]);
    }

    /// <summary>0 at the lower end, 1 at the upper.</summary>
    public double Position(double value) => To > From ? (value - From) / (To - From) : 0;

    /// <summary>Every how many labels one is drawn so that they stay <paramref name="spacing"/> pixels apart.</summary>
    public static int LabelStride(int count, double cell, double spacing)
    {
        var least = Math.Max(1, (int)Math.Ceiling(spacing / Math.Max(cell, 1e-6)));
        if (least == 1) return 1;
        foreach (var stride in new[] { 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000 })
            if (stride >= least)
                return stride;
        return Math.Max(least, count);
    }

    public static double WidestLabel(IEnumerable<string> labels)
    {
        var longest = 0;
        foreach (var label in labels) longest = Math.Max(longest, label.Length);
        return longest * SvgWriter.CharWidth;
    }
}
