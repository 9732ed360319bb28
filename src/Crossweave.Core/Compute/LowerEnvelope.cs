namespace Crossweave.Core.Compute;

/// <summary>
/// The lower convex envelope of a table's curve (straight lines on log-log paper, constant before the first point, proportional behind the
/// last). A piece that is concave lies above its chord; a convex one lies above the tangents at <see cref="Cuts"/> + 1 of its points, so
/// the hull of those vertices is below the curve everywhere.
/// </summary>
internal sealed class LowerEnvelope
{
    private const int Cuts = 16;

    private readonly double[] _x;
    private readonly double[] _y;
    private readonly double _tail; // time per token behind the last point

    /// <param name="tokens">Ascending.</param>
    /// <param name="ps">Positive.</param>
    public LowerEnvelope(long[] tokens, long[] ps)
    {
        var vertices = new List<(double X, double Y)> { (Math.Min(1, tokens[0]), ps[0]) };
        for (var i = 0; i < tokens.Length; i++)
        {
            if (i > 0) Tangents(vertices, tokens[i - 1], ps[i - 1], tokens[i], ps[i]);
            vertices.Add((tokens[i], ps[i]));
        }

        _tail = (double)ps[^1] / tokens[^1];
        var hull = new List<(double X, double Y)>();
        foreach (var v in vertices) // ascending x; the last one wins at equal x only if it is lower
        {
            if (hull.Count > 0 && hull[^1].X >= v.X && hull[^1].Y <= v.Y) continue;
            while (hull.Count > 0 && (hull[^1].X >= v.X || (hull.Count > 1 && Slope(hull[^2], hull[^1]) >= Slope(hull[^2], v)))) hull.RemoveAt(hull.Count - 1);
            hull.Add(v);
        }

        while (hull.Count > 1 && Slope(hull[^2], hull[^1]) >= _tail) hull.RemoveAt(hull.Count - 1);
        _x = [.. hull.Select(v => v.X)];
        _y = [.. hull.Select(v => v.Y)];
    }

    /// <summary>min over k of 2 .. tokens of k x envelope(tokens / k): no cut into at least two launches costs less.</summary>
    public double LeastInParts(long tokens)
    {
        if (tokens < 2) return double.PositiveInfinity;
        long low = 2, high = tokens;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (InParts(tokens, middle) <= InParts(tokens, middle + 1)) high = middle;
            else low = middle + 1;
        }

        return InParts(tokens, low);
    }

    private double InParts(long tokens, long parts) => parts * At((double)tokens / parts);

    private double At(double x)
    {
        var at = Array.BinarySearch(_x, x);
        if (at >= 0) return _y[at];
        at = ~at;
        if (at == 0) return _y[0];
        return at == _x.Length ? _y[^1] + ((x - _x[^1]) * _tail) : _y[at - 1] + ((x - _x[at - 1]) * (_y[at] - _y[at - 1]) / (_x[at] - _x[at - 1]));
    }

    // Vertices below the convex power curve y = y0 (x / x0)^a, a > 1: where the tangents at neighbouring points cross.
    private static void Tangents(List<(double X, double Y)> vertices, double x0, double y0, double x1, double y1)
    {
        var a = Math.Log(y1 / y0) / Math.Log(x1 / x0);
        if (a <= 1) return;
        var (px, py) = (x0, y0);
        for (var c = 1; c <= Cuts; c++)
        {
            var x = c == Cuts ? x1 : x0 * Math.Pow(x1 / x0, (double)c / Cuts);
            var y = c == Cuts ? y1 : y0 * Math.Pow(x / x0, a);
            var (slope, next) = (a * py / px, a * y / x);
            var cross = ((y - (next * x)) - (py - (slope * px))) / (slope - next);
            if (cross > px && cross < x) vertices.Add((cross, py + (slope * (cross - px))));
            if (c < Cuts) vertices.Add((x, y));
            (px, py) = (x, y);
        }
    }

    private static double Slope((double X, double Y) a, (double X, double Y) b) => (b.Y - a.Y) / (b.X - a.X);
}
