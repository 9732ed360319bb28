using Crossweave.Algorithms;

namespace Crossweave.Core.Routing.Synthetic;

/// <summary>Seeded expert loads of the families that balance results are stated for (balancing spec 2.3); every (layer, expert) independent.</summary>
public static class LoadFamilies
{
    /// <summary>Names and generators in the order of the tables: layers, experts, random stream.</summary>
    public static readonly IReadOnlyList<(string Name, Func<int, int, Prng, ExpertLoad> Draw)> All =
    [
        ("log-normal 0.6", (layers, experts, prng) => LogNormal(layers, experts, 0.6, prng)),
        ("log-normal 1.0", (layers, experts, prng) => LogNormal(layers, experts, 1.0, prng)),
        ("zipf 0.8", (layers, experts, prng) => Zipf(layers, experts, 0.8, prng)),
        ("zipf 1.2", (layers, experts, prng) => Zipf(layers, experts, 1.2, prng)),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static Func<int, int, Prng, ExpertLoad> Find(string name, string where)
    {
        foreach (var family in All)
            if (family.Name == name)
                return family.Draw;
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");
    }

    /// <summary>max(1, round(10000 exp(sigma g))) tokens, g standard normal.</summary>
    public static ExpertLoad LogNormal(int layers, int experts, double sigma, Prng prng)
    {
        var tokens = new long[layers * experts];
        foreach (ref var t in tokens.AsSpan()) t = Math.Max(1, (long)Math.Round(10_000 * Math.Exp(sigma * prng.NextNormal())));
        return new ExpertLoad(layers, experts, tokens);
    }

    /// <summary>rank^-s exp(0.25 g), permuted per layer, scaled to four million tokens a layer, rounded, at least 1.</summary>
    public static ExpertLoad Zipf(int layers, int experts, double s, Prng prng)
    {
        var tokens = new long[layers * experts];
        var row = new double[experts];
        for (var layer = 0; layer < layers; layer++)
        {
            for (var rank = 0; rank < experts; rank++) row[rank] = Math.Pow(rank + 1, -s) * Math.Exp(0.25 * prng.NextNormal());
            prng.Shuffle(row.AsSpan());
            var scale = 4_000_000 / row.Sum();
            for (var e = 0; e < experts; e++) tokens[(layer * experts) + e] = Math.Max(1, (long)Math.Round(row[e] * scale));
        }

        return new ExpertLoad(layers, experts, tokens);
    }

    /// <summary>Every load times exp(sigma g), rounded, at least 1: traffic that has drifted (balancing spec 6.4).</summary>
    public static ExpertLoad Jitter(ExpertLoad load, double sigma, Prng prng)
    {
        var tokens = new long[load.LayerCount * load.ExpertCount];
        for (var l = 0; l < load.LayerCount; l++)
            for (var e = 0; e < load.ExpertCount; e++)
                tokens[(l * load.ExpertCount) + e] = Math.Max(1, (long)Math.Round(load.Layer(l)[e] * Math.Exp(sigma * prng.NextNormal())));
        return new ExpertLoad(load.LayerCount, load.ExpertCount, tokens, load.LayerIds);
    }
}
