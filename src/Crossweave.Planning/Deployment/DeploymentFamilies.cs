using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Deployment;

/// <summary>A seeded kind of rank traffic for studies and benchmarks; local tokens on the diagonal.</summary>
/// <param name="Name">Kebab-case.</param>
/// <param name="Summary">The rule.</param>
/// <param name="Draw">One matrix of n ranks.</param>
public sealed record DeploymentFamily(string Name, string Summary, Func<int, Prng, TrafficMatrix> Draw);

/// <summary>Generators of deployment spec 5.4 and the clusters they run on.</summary>
public static class DeploymentFamilies
{
    private static readonly double[] Exponents = [0.6, 1.0, 1.3];
    private static readonly double[] MildExponents = [0.3];
    private static readonly long[] Wire = [8, 10, 16, 20];
    private static readonly long[] Proportional = [4, 5, 8, 10];
    private static readonly long[] Steep = [2, 4, 8, 16];

    public static readonly IReadOnlyList<DeploymentFamily> All =
    [
        new("dp-skew", "120 tokens a source, targets by 1 / rank^z with z of every position from 0.6, 1.0, 1.3", (n, prng) => Popular(n, prng, Exponents)),
        new("dp-mild", "the same with z = 0.3", (n, prng) => Popular(n, prng, MildExponents)),
        new("uniform", "every entry 0 to 60", (n, prng) => Fill(n, (_, _) => prng.NextInt(61))),
        new("heavy", "30 % empty, else min(400, floor(exp(normal(2.5, 1.2))))", (n, prng) => Fill(n, (_, _) => prng.NextDouble() < 0.3 ? 0 : Math.Min(400, (long)Math.Floor(Math.Exp(2.5 + (1.2 * prng.NextNormal())))))),
        new("symmetric", "entries 0 to 60, as much back as out", Symmetric),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static DeploymentFamily Find(string name, string where) =>
        All.FirstOrDefault(f => f.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(f => f.Name))}");

    /// <summary>The published cluster: four types of 100, 80, 50 and 40 Gbps in equal shares (the faster ones get the rest), fastest first; compute in proportion or twice as slow from type to type.</summary>
    public static DeviceCost[] Devices(int n, bool steep = false)
    {
        var devices = new DeviceCost[n];
        for (var (type, g) = (0, 0); g < n; type++)
        {
            var last = g + (n / 4) + (type < n % 4 ? 1 : 0);
            for (; g < last; g++) devices[g] = new DeviceCost(Wire[type], Wire[type], (steep ? Steep : Proportional)[type]);
        }

        return devices;
    }

    /// <summary>A model with gate and aggregation work of a tenth of a rank's mean load (spec 5.4).</summary>
    public static DeployedModel Model(TrafficMatrix demand)
    {
        var tokens = Math.Max(1, demand.Total() / (10 * demand.RankCount));
        return new DeployedModel(demand, tokens, tokens);
    }

    private static TrafficMatrix Popular(int n, Prng prng, double[] exponents)
    {
        var cumulative = new double[n];
        var sum = 0.0;
        for (var q = 0; q < n; q++) cumulative[q] = sum += Math.Pow(q + 1, -exponents[prng.NextInt(exponents.Length)]);
        var target = Enumerable.Range(0, n).ToArray();
        prng.Shuffle(target.AsSpan());
        var cells = new long[n * n];
        for (var source = 0; source < n; source++)
        {
            for (var token = 0; token < 120; token++)
            {
                var at = Array.BinarySearch(cumulative, prng.NextDouble() * sum);
                cells[(source * n) + target[Math.Min(n - 1, at < 0 ? ~at : at)]]++;
            }
        }

        return new TrafficMatrix(n, cells);
    }

    private static TrafficMatrix Symmetric(int n, Prng prng)
    {
        var cells = new long[n * n];
        for (var i = 0; i < n; i++)
            for (var j = i; j < n; j++)
                cells[(i * n) + j] = cells[(j * n) + i] = prng.NextInt(61);
        return new TrafficMatrix(n, cells);
    }

    private static TrafficMatrix Fill(int n, Func<int, int, long> entry)
    {
        var cells = new long[n * n];
        for (var k = 0; k < cells.Length; k++) cells[k] = entry(k / n, k % n);
        return new TrafficMatrix(n, cells);
    }
}
