using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Core.Verification;
using Crossweave.Planning;
using Crossweave.Simulation.Layer;

namespace Crossweave.Cli.Tests;

/// <summary>Whatever <c>schedule</c> writes, <c>verify</c> accepts: every scheduler on every kind of fabric, for exchanges and whole layers.</summary>
public sealed class VerifyContractTests
{
    private static readonly string[] Kinds = ["random", "empty", "single-entry", "permutation", "skewed", "local"];

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var fabric in FabricKinds.All)
            foreach (var scheduler in Schedulers.All)
                data.Add(fabric.Name, scheduler.Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_schedule_writes_verify_accepts(string fabric, string scheduler)
    {
        using var folder = new Cli.Folder();
        foreach (var kind in Kinds)
            foreach (var layer in new[] { false, true })
            {
                var (matrix, document) = (folder.File($"{kind}.csv", Matrix(kind, fabric.Length + scheduler.Length)), folder.File("s.json"));
                string[] options =
                [
                    .. fabric == "two-tier" ? (string[])["--nodes", "3", "--scale-up-bandwidth", "3600Gbps"] : [],
                    .. fabric == "circuit-switch" ? (string[])["--delta", "10ns"] : [],
                    .. layer ? (string[])["--compute", "photonic-rtx-pro-6000", "--combine"] : [],
                ];
                var made = Cli.Run(["schedule", "--matrix", matrix, "--scheduler", scheduler, "--fabric", fabric, "--token-bytes", "12288", "--json", document, .. options]);
                Assert.True(made.Code == 0, $"{fabric} {scheduler} {kind} {layer}: {made.Error}");
                var (code, output, error) = Cli.Run("verify", document, "--matrix", matrix);
                Assert.True(code == 0, $"{fabric} {scheduler} {kind} {(layer ? "layer" : "exchange")}: {output}{error}");
            }
    }

    [Theory]
    [InlineData("ring")]
    [InlineData("ring-one-way")]
    [InlineData("two-tier")]
    public void Unequal_ports_are_certified_too(string fabric)
    {
        using var folder = new Cli.Folder();
        var cluster = folder.File("c.json", $$"""
            {"ranks": 6, "nodes": 3, "fabric": "{{fabric}}"{{(fabric == "two-tier" ? ", \"scaleUpBandwidth\": \"900Gbps\"" : "")}}, "bandwidthOfRank": ["400Gbps", "200Gbps", "100Gbps", "399Gbps", "50Gbps", "77Gbps"]}
            """);
        foreach (var scheduler in new[] { "fluid", "fast", "greedy-max-weight" })
            foreach (var layer in new[] { false, true })
            {
                var (matrix, document) = (folder.File("m.csv", Matrix("random", 3)), folder.File("s.json"));
                string[] options = layer ? ["--compute", "photonic-rtx-pro-6000", "--combine"] : [];
                Assert.Equal(0, Cli.Run(["schedule", "--matrix", matrix, "--scheduler", scheduler, "--cluster", cluster, "--json", document, .. options]).Code);
                var (code, output, _) = Cli.Run("verify", document, "--matrix", matrix);
                Assert.True(code == 0, $"{fabric} {scheduler} {layer}: {output}");
            }
    }

    public static TheoryData<string> Fabrics => [.. FabricKinds.All.Select(f => f.Name)];

    /// <summary>Launches that are planned, and phases that interleave in mixed steps, on every fabric.</summary>
    [Theory]
    [MemberData(nameof(Fabrics))]
    public void Planned_layers_are_certified_on_every_fabric(string kind)
    {
        var options = new FabricOptions(
            6, 3, new Bandwidth(400_000_000_000), kind == "circuit-switch" ? new SimTime(10_000) : null, ScaleUpBandwidth: kind == "two-tier" ? new Bandwidth(3_600_000_000_000) : null);
        var fabric = FabricKinds.Find(kind, "test").Build(options);
        var profile = ComputeProfiles.Parse("photonic-rtx-pro-6000", "test");
        foreach (var matrixKind in Kinds)
            foreach (var name in new[] { "greedy-max-weight", "fast", "fluid", "ring" })
                foreach (var planner in LayerPlanners.All)
                {
                    var there = TrafficMatrixFile.Parse(Matrix(matrixKind, 5), "test");
                    var scheduler = Schedulers.Find(name, "test");
                    var traffic = new LayerTraffic([new Exchange(there, there)], [new Exchange(there.Transpose(), there.Transpose())], new Bytes(12_288), new Bytes(12_288));
                    var problem = LayerSchedules.ProblemFor(scheduler, new LayerProblem(traffic, fabric, [.. Enumerable.Repeat(profile, 6)]));
                    var schedule = planner.Plan(problem, LayerSchedules.Build(scheduler, problem, new Prng(1)));
                    var outcome = new PlannedExecutor().Evaluate(problem, schedule);
                    var document = LayerScheduleDocument.From(problem, schedule, outcome, "photonic-rtx-pro-6000");
                    var findings = ScheduleVerifier.Verify(document, there).Findings;
                    Assert.True(findings.Count == 0, $"{kind} {matrixKind} {name} {planner.Name}: {string.Join(" | ", findings)}");
                }
    }

    private static string Matrix(string kind, int seed)
    {
        const int n = 6;
        var prng = new Prng(77).Split(kind).Split(seed);
        var cells = new long[n, n];
        var shift = 1 + prng.NextInt(n - 1);
        for (var s = 0; s < n; s++)
            for (var t = 0; t < n; t++)
                cells[s, t] = kind switch
                {
                    "random" => prng.NextInt(4) == 0 ? 0 : prng.NextInt(900),
                    "permutation" => t == (s + shift) % n ? 1 + prng.NextInt(500) : 0,
                    "skewed" => (long)Math.Exp(prng.NextDouble() * 8),
                    "local" => s == t ? 2000 + prng.NextInt(500) : prng.NextInt(9), // steps are held for local rows
                    _ => 0,
                };
        if (kind == "single-entry") cells[prng.NextInt(3), 3 + prng.NextInt(3)] = 12;
        return string.Concat(Enumerable.Range(0, n).Select(s => string.Join(',', Enumerable.Range(0, n).Select(t => cells[s, t])) + "\n"));
    }
}
