using Crossweave.Algorithms;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>
/// Draws k different experts, each with probability proportional to its weight among those not yet drawn (Plackett-Luce).
/// Without groups: inversion of the cumulative weights, a repeated expert is rejected, and after many rejections in a row the rest
/// is drawn from what is left. With groups: every weight is divided by an exponential variable (the same distribution), groups are
/// ranked by their two largest sigmoid scores, and the k largest of the best groups are taken.
/// </summary>
internal sealed class ExpertSampler(SyntheticParameters p)
{
    private const int MaxRejections = 24;

    private readonly double[] _noisy = new double[p.Groups > 1 ? p.Experts : 0];
    private readonly bool[] _open = new bool[p.Groups];
    private readonly double[] _groupScores = new double[p.Groups];

    public void Draw(ReadOnlySpan<double> weights, ReadOnlySpan<double> cumulative, Span<ushort> chosen, Prng prng)
    {
        if (p.Groups > 1) DrawLimited(weights, cumulative[^1] / weights.Length, chosen, prng);
        else DrawFree(weights, cumulative, chosen, prng);
    }

    private static void DrawFree(ReadOnlySpan<double> weights, ReadOnlySpan<double> cumulative, Span<ushort> chosen, Prng prng)
    {
        var rejections = 0;
        for (var i = 0; i < chosen.Length;)
        {
            var expert = (ushort)Find(cumulative, prng.NextDouble() * cumulative[^1]);
            if (!chosen[..i].Contains(expert))
            {
                chosen[i++] = expert;
                rejections = 0;
            }
            else if (++rejections == MaxRejections)
            {
                chosen[i] = (ushort)DrawRest(weights, chosen[..i], prng);
                i++;
                rejections = 0;
            }
        }
    }

    private static int DrawRest(ReadOnlySpan<double> weights, ReadOnlySpan<ushort> taken, Prng prng)
    {
        var total = 0.0;
        for (var e = 0; e < weights.Length; e++)
            if (!taken.Contains((ushort)e))
                total += weights[e];
        var target = prng.NextDouble() * total;
        var last = -1;
        for (var e = 0; e < weights.Length; e++)
        {
            if (taken.Contains((ushort)e)) continue;
            last = e;
            target -= weights[e];
            if (target < 0) break;
        }

        return last;
    }

    private void DrawLimited(ReadOnlySpan<double> weights, double mean, Span<ushort> chosen, Prng prng)
    {
        var size = p.Experts / p.Groups;
        for (var g = 0; g < p.Groups; g++)
        {
            var (first, second) = (0.0, 0.0);
            for (var e = g * size; e < (g + 1) * size; e++)
            {
                var noisy = _noisy[e] = weights[e] / mean / -Math.Log(1 - prng.NextDouble());
                if (noisy > first) (first, second) = (noisy, first);
                else if (noisy > second) second = noisy;
            }

            _groupScores[g] = (first / (1 + first)) + (second / (1 + second));
            _open[g] = false;
        }

        for (var i = 0; i < p.GroupTopK; i++)
        {
            var best = -1;
            for (var g = 0; g < p.Groups; g++)
                if (!_open[g] && (best < 0 || _groupScores[g] > _groupScores[best]))
                    best = g;
            _open[best] = true;
        }

        for (var i = 0; i < chosen.Length; i++)
        {
            var best = -1;
            for (var e = 0; e < p.Experts; e++)
                if (_open[e / size] && (best < 0 || _noisy[e] > _noisy[best]))
                    best = e;
            chosen[i] = (ushort)best;
            _noisy[best] = -1;
        }
    }

    private static int Find(ReadOnlySpan<double> cumulative, double target)
    {
        var (low, high) = (0, cumulative.Length - 1);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (cumulative[middle] > target) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
