using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Planning.Deployment;

namespace Crossweave.Planning.Tests.Deployment;

/// <summary>Optima against external solvers of the exported program, two of them because no single status is to be trusted (deployment spec 3.12).</summary>
public sealed class DeploymentMilpTests
{
    [Theory]
    [InlineData("cbc", "coinor-cbc")]
    [InlineData("glpsol", "glpk-utils")]
    public void External_solvers_find_our_optima(string solver, string package)
    {
        Assert.SkipUnless(IsInstalled(solver), $"needs {solver} (Debian package {package})");
        foreach (var (name, problem) in Problems(solver == "cbc" ? 6 : 4))
        {
            foreach (var lineName in new[] { "t2", "pg" })
            {
                var line = TimeLines.Find(lineName, "test");
                var plan = OptimalMethod.Quality.Solve(problem, line, new Prng(1));
                Assert.True(plan.IsProven);
                Assert.Equal((name, lineName, plan.Value), (name, lineName, Minimum(solver, DeploymentMilp.Write(problem, line, "test"))));
            }
        }
    }

    [Fact]
    public void Only_for_the_colocated_time_lines()
    {
        var (_, problem) = Problems(4).First();
        Assert.Contains("--lp", Assert.Throws<InputException>(() => DeploymentMilp.Write(problem, TimeLines.Find("port", "test"), "--lp")).Message);
    }

    // Two models on the published devices, three on devices whose ports send and receive at different rates.
    private static IEnumerable<(string Name, DeploymentProblem Problem)> Problems(int largest)
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var prng = new Prng(31).Split(seed);
            var family = DeploymentFamilies.All[seed % DeploymentFamilies.All.Count];
            var (n, models) = (seed == 5 ? 3 : Math.Min(largest, 4 + (seed % 3)), seed == 5 ? 3 : 2);
            DeviceCost[] devices = seed < 4 ? DeploymentFamilies.Devices(n, seed % 2 == 1) : [.. Enumerable.Range(0, n).Select(_ => new DeviceCost(5 + prng.NextInt(15), 5 + prng.NextInt(15), prng.NextInt(12)))];
            yield return ($"{family.Name} {seed}", new DeploymentProblem(devices, [.. Enumerable.Range(0, models).Select(m => DeploymentFamilies.Model(family.Draw(n, prng.Split(m))))]));
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static long Minimum(string solver, string program)
    {
        var folder = Directory.CreateTempSubdirectory("crossweave-lp").FullName;
        try
        {
            var (model, solution) = (Path.Combine(folder, "model.lp"), Path.Combine(folder, "solution.txt"));
            File.WriteAllText(model, program);
            string[] arguments = solver == "cbc" ? [model, "ratioGap", "0", "solve", "solution", solution] : ["--lp", model, "--output", solution];
            using var process = Process.Start(new ProcessStartInfo(solver, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(120_000) && process.ExitCode == 0, output + errors.Result);
            var text = File.ReadAllText(solution);
            var found = Regex.Match(text, solver == "cbc" ? @"^Optimal - objective value\s+(\S+)" : @"Status:\s+INTEGER OPTIMAL\s+Objective:\s+obj = (\S+)", RegexOptions.Multiline, TimeSpan.FromSeconds(5));
            Assert.True(found.Success, text[..Math.Min(500, text.Length)]);
            return (long)Math.Round(double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
