using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Tests.Layers;

/// <summary>Layers of one exchange and its transpose, rows = copies: what a layer document can hold.</summary>
internal static class SquareLayer
{
    private static readonly string[] Kinds = ["random", "skewed", "sparse", "empty", "single entry", "permutation", "one row", "local only"];
    private static readonly string[] Profiles = ["photonic-rtx-pro-6000", "floor:270us,1.05us", "linear:1.05us", "additive:20us,2us"];

    public static string ProfileText(int seed) => Profiles[(seed / 3) % Profiles.Length];

    /// <summary>Two to nine ranks; every third seed on packets, every fourth with unequal ports.</summary>
    public static (LayerProblem Problem, string Kind) Random(int seed, bool equalPorts = false)
    {
        var prng = new Prng(77).Split(seed);
        var n = 2 + prng.NextInt(8);
        var kind = Kinds[seed % Kinds.Length];
        var matrix = new TrafficMatrix(n, Cells(kind, n, prng));
        var rates = Enumerable.Range(0, n).Select(_ => new Bandwidth(prng.NextInt(2) == 0 ? 400_000_000_000 : 1_000_000_000L * (50 + prng.NextInt(350)))).ToArray();
        var options = new FabricOptions(n, 1, rates[0], BandwidthOfRank: !equalPorts && seed % 4 == 3 ? rates : null);
        var fabric = seed % 3 == 2
            ? new IdealSwitch().Build(options)
            : new CircuitSwitch().Build(options with { ReconfigurationDelay = new SimTime(prng.NextInt(3) switch { 0 => 0, 1 => 10_000, _ => 1_000_000 }) });
        return (new LayerProblem(Traffic(matrix, 1 + prng.NextInt(20_000)), fabric, [.. Enumerable.Repeat(Profile(seed), n)]), kind);
    }

    public static LayerProblem Problem(TrafficMatrix matrix, SimTime delay, ComputeProfile profile)
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(matrix.RankCount, 1, new Bandwidth(400_000_000_000), delay));
        return new LayerProblem(Traffic(matrix, 12_288), fabric, [.. Enumerable.Repeat(profile, matrix.RankCount)]);
    }

    public static LayerTraffic Traffic(TrafficMatrix matrix, long tokenBytes) =>
        new([new Exchange(matrix, matrix)], [new Exchange(matrix.Transpose(), matrix.Transpose())], new Bytes(tokenBytes), new Bytes(tokenBytes));

    private static ComputeProfile Profile(int seed) => ComputeProfiles.Parse(ProfileText(seed), "test");

    private static long[] Cells(string kind, int n, Prng prng)
    {
        var cells = new long[n * n];
        if (kind == "empty") return cells;
        if (kind == "single entry") cells[prng.NextInt(n * n)] = 1 + prng.NextInt(500);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
            {
                ref var cell = ref cells[(i * n) + j];
                if (kind == "random") cell = prng.NextInt(600);
                if (kind == "skewed") cell = (long)Math.Exp(prng.NextDouble() * 9);
                if (kind == "sparse" && prng.NextInt(4) == 0) cell = 1 + prng.NextInt(2000);
                if (kind == "permutation" && j == (i + 1) % n) cell = 1 + prng.NextInt(300);
                if (kind == "one row" && i == 0) cell = prng.NextInt(300);
                if (kind == "local only" && i == j) cell = prng.NextInt(300);
            }

        return cells;
    }
}
