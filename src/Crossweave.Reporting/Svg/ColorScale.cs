using System.Globalization;

namespace Crossweave.Reporting.Svg;

/// <summary>What a heat map's colours mean.</summary>
public enum ColorScaleKind
{
    /// <summary>From the page's own colour (least) to its opposite (most); lightness is monotone, hue goes with it.</summary>
    Sequential,

    /// <summary>Ratios: blue below 1, neutral at 1, orange above; equal steps in the logarithm.</summary>
    Diverging,
}

/// <summary>
/// Perceptual scales computed in OKLCh (Ottosson 2020): lightness changes in equal steps, so the order survives colour blindness
/// and grey printing. Light pages run light to dark, dark pages dark to light: the largest value always stands out most.
/// </summary>
internal static class ColorScale
{
    /// <summary>Colours per scale; the middle one of a diverging scale is neutral, hence odd.</summary>
    public const int LevelCount = 33;

    /// <summary>Index of the colour for a position in 0..1; outside values are clipped.</summary>
    public static int Level(double position) =>
        double.IsNaN(position) ? 0 : (int)Math.Round(Math.Clamp(position, 0, 1) * (LevelCount - 1), MidpointRounding.AwayFromZero);

    public static string ClassPrefix(ColorScaleKind kind) => kind == ColorScaleKind.Sequential ? "s" : "v";

    public static string Hex(ColorScaleKind kind, int level, bool isDark)
    {
        var x = (double)level / (LevelCount - 1);
        if (kind == ColorScaleKind.Sequential)
        {
            return isDark
                ? OkLch(0.27 + (0.68 * x), 0.04 + (0.085 * Math.Sin(Math.PI * x)), 275 - (165 * x))
                : OkLch(0.965 - (0.68 * x), 0.018 + (0.1 * Math.Sin(Math.PI * Math.Pow(x, 0.8))), 115 + (165 * x));
        }

        var side = Math.Abs((2 * x) - 1);
        var hue = x < 0.5 ? 250 : 50;
        return isDark ? OkLch(0.33 + (0.5 * side), 0.15 * side, hue) : OkLch(0.96 - (0.46 * side), 0.15 * side, hue);
    }

    private static string OkLch(double lightness, double chroma, double hueDegrees)
    {
        var a = chroma * Math.Cos(hueDegrees * Math.PI / 180);
        var b = chroma * Math.Sin(hueDegrees * Math.PI / 180);
        var l = Cube(lightness + (0.3963377774 * a) + (0.2158037573 * b));
        var m = Cube(lightness - (0.1055613458 * a) - (0.0638541728 * b));
        var s = Cube(lightness - (0.0894841775 * a) - (1.2914855480 * b));
        var red = (4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s);
        var green = (-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s);
        var blue = (-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s);
        return string.Create(CultureInfo.InvariantCulture, $"#{Channel(red):x2}{Channel(green):x2}{Channel(blue):x2}");
    }

    private static double Cube(double v) => v * v * v;

    private static int Channel(double linear)
    {
        var v = Math.Clamp(linear, 0, 1);
        var encoded = v <= 0.0031308 ? 12.92 * v : (1.055 * Math.Pow(v, 1 / 2.4)) - 0.055;
        return (int)Math.Round(encoded * 255, MidpointRounding.AwayFromZero);
    }
}
