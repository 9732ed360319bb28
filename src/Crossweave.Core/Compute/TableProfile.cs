namespace Crossweave.Core.Compute;

/// <summary>
/// Measured points with straight lines between them on log-log paper. Below the first point its value holds, above the last one time
/// grows in proportion (scheduling spec 6.1). Between points the value is rounded up to a whole picosecond.
/// Not subadditive in general: two launches may cost less than one.
/// </summary>
public sealed class TableProfile : ComputeProfile
{
    private readonly long[] _tokens;
    private readonly long[] _ps;
    private readonly double[] _logTokens;
    private readonly double[] _logPs;
    private readonly LowerEnvelope _envelope;

    /// <param name="description">As on the command line.</param>
    /// <param name="points">Ascending tokens (at least 1), positive picoseconds; at least one point.</param>
    public TableProfile(string description, IReadOnlyList<(long Tokens, long Ps)> points)
    {
        if (points.Count == 0) throw new ArgumentException("a table needs at least one point");
        for (var i = 0; i < points.Count; i++)
            if (points[i].Tokens < 1 || points[i].Ps < 1 || (i > 0 && points[i].Tokens <= points[i - 1].Tokens))
                throw new ArgumentException($"point {i}: tokens must ascend from 1 and times be positive");
        Description = description;
        _tokens = [.. points.Select(p => p.Tokens)];
        _ps = [.. points.Select(p => p.Ps)];
        _logTokens = Array.ConvertAll(_tokens, t => Math.Log(t));
        _logPs = Array.ConvertAll(_ps, t => Math.Log(t));
        SmallestLaunchPs = _ps.Min();
        _envelope = new LowerEnvelope(_tokens, _ps);
    }

    public override string Description { get; }

    public override long SmallestLaunchPs { get; }

    public override long LaunchPs(long tokens)
    {
        if (tokens <= 0) return 0;
        var at = Array.BinarySearch(_tokens, tokens);
        return at >= 0 ? _ps[at] : checked((long)Math.Ceiling(Interpolate(tokens, ~at)));
    }

    /// <summary>The continuous curve in picoseconds, for fractional tokens; 0 at 0.</summary>
    public double Curve(double tokens)
    {
        if (tokens <= 0) return 0;
        var above = 0;
        while (above < _tokens.Length && _tokens[above] < tokens) above++;
        return Interpolate(tokens, above);
    }

    /// <summary>
    /// The larger of two values that no partition beats. One: tokens x the least time per token of any launch that is not larger (between
    /// points t -> f(t) / t is monotone, so the least lies at a point or at <paramref name="tokens"/> itself). Two: one launch costs f, and
    /// k launches cost at least k x the curve's lower convex envelope at their mean size, which is convex in k. The second is close to exact:
    /// on the golden rank 21.795 ms, where the best partition known takes 21.843 ms. One part in 10^12 is given away to floating point.
    /// O(points + log^2 tokens).
    /// </summary>
    public override long CheapestSplitPs(long tokens)
    {
        if (tokens <= 0) return 0;
        var whole = LaunchPs(tokens);
        var least = (double)whole / tokens;
        for (var i = 0; i < _tokens.Length && _tokens[i] <= tokens; i++) least = Math.Min(least, (double)_ps[i] / _tokens[i]);
        var split = Math.Max(tokens * least, Math.Min(whole, _envelope.LeastInParts(tokens)));
        return split >= whole ? whole : (long)(split * (1 - 1e-12));
    }

    private double Interpolate(double tokens, int above)
    {
        if (above == 0) return _ps[0];
        if (above == _tokens.Length) return _ps[^1] * (tokens / _tokens[^1]);
        var share = (Math.Log(tokens) - _logTokens[above - 1]) / (_logTokens[above] - _logTokens[above - 1]);
        return Math.Exp(_logPs[above - 1] + (share * (_logPs[above] - _logPs[above - 1])));
    }
}
