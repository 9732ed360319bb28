using Crossweave.Algorithms;

namespace Crossweave.Core.Traffic;

/// <summary>A seeded kind of traffic matrix for studies and benchmarks; zero diagonal.</summary>
/// <param name="Name">Kebab-case.</param>
/// <param name="Summary">The rule.</param>
/// <param name="LeastRanks">Smallest n that the rule can make.</param>
/// <param name="Draw">One matrix of n ranks.</param>
public sealed record MatrixFamily(string Name, string Summary, int LeastRanks, Func<int, Prng, TrafficMatrix> Draw);

/// <summary>Every family; a new one is one line here.</summary>
public static class MatrixFamilies
{
    public static readonly IReadOnlyList<MatrixFamily> All =
    [
        new("mild", "dense, like the published 8 x 8 matrix of Mixtral: 1,750 x send x popularity x noise, log-normal 0.15, 0.3, 0.1", 2,
            (n, prng) => Popular(n, prng, 0.15, 0.3, 0.1)),
        new("popular", "dense, few popular targets: log-normal 0.6, 1.2, 0.36", 2, (n, prng) => Popular(n, prng, 0.6, 1.2, 0.36)),
        new("entry-skewed", "dense, every entry 1,000 x log-normal 1.2", 2, (n, prng) => Entries(n, prng, 0, 1.2)),
        new("half-empty", "half of the entries empty, the others 1,000 x log-normal 1.0", 2, (n, prng) => Entries(n, prng, 0.5, 1.0)),
        new("sparse", "80 % of the entries empty, the others 1,000 x log-normal 1.0", 2, (n, prng) => Entries(n, prng, 0.8, 1.0)),
        new("spectra", "benchmark of arXiv 2603.07373: 16 random derangements, 4 share 70 %, 12 share 30 %, noise 0.3 %; line sum 100,000", 8, Spectra),
        new("tight", "sum of 2n random derangements of weight 1 to 8: every line full (deployment spec 5.4)", 2, Tight),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static MatrixFamily Find(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");

    private static TrafficMatrix Popular(int n, Prng prng, double sendSpread, double targetSpread, double noise)
    {
        var send = new double[n];
        var popular = new double[n];
        for (var i = 0; i < n; i++) (send[i], popular[i]) = (Math.Exp(sendSpread * prng.NextNormal()), Math.Exp(targetSpread * prng.NextNormal()));
        return Fill(n, (s, t) => 1750 * send[s] * popular[t] * Math.Exp(noise * prng.NextNormal()));
    }

    private static TrafficMatrix Entries(int n, Prng prng, double emptyShare, double spread) =>
        Fill(n, (_, _) => prng.NextDouble() < emptyShare ? 0 : Math.Max(1, 1000 * Math.Exp(spread * prng.NextNormal())));

    private static TrafficMatrix Spectra(int n, Prng prng)
    {
        var weight = new double[n * n];
        var permutation = Enumerable.Range(0, n).ToArray();
        for (var k = 0; k < 16; k++)
        {
            Derange(permutation, prng); // the paper's ports have no diagonal; a dropped fixed point would leave a line short
            for (var s = 0; s < n; s++) weight[(s * n) + permutation[s]] += k < 4 ? 0.7 / 4 : 0.3 / 12;
        }

        // The noise perturbs flows that exist; an entry that it would take below zero is empty.
        return Fill(n, (s, t) => weight[(s * n) + t] is > 0 and var w ? Math.Max(0, 100_000 * (w + (0.003 * prng.NextNormal()))) : 0);
    }

    private static TrafficMatrix Tight(int n, Prng prng)
    {
        var cells = new long[n * n];
        var target = Enumerable.Range(0, n).ToArray();
        for (var k = 0; k < 2 * n; k++)
        {
            Derange(target, prng);
            var weight = 1 + prng.NextInt(8);
            for (var s = 0; s < n; s++) cells[(s * n) + target[s]] += weight;
        }

        return new TrafficMatrix(n, cells);
    }

    private static void Derange(int[] target, Prng prng)
    {
        do prng.Shuffle(target.AsSpan());
        while (HasFixedPoint(target));
    }

    private static bool HasFixedPoint(int[] target)
    {
        for (var s = 0; s < target.Length; s++)
            if (target[s] == s)
                return true;
        return false;
    }

    private static TrafficMatrix Fill(int n, Func<int, int, double> entry)
    {
        var cells = new long[n * n];
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
            {
                var value = (long)Math.Round(entry(s, t));
                if (s != t) cells[(s * n) + t] = value;
            }

        return new TrafficMatrix(n, cells);
    }
}
