using System.Numerics;
using System.Text.Json;
using Crossweave.Algorithms;
using Crossweave.Planning.Deployment;
using Crossweave.Testing;

namespace Crossweave.Planning.Tests.Deployment;

/// <summary>The public part of the deployment golden set (deployment spec 5.1).</summary>
internal static class GoldenDeployment
{
    public static string Path => SharedData.Require("deployment-golden.json");

    public static IEnumerable<(string Id, DeploymentProblem Problem, JsonElement Expected)> Instances(string kind)
    {
        foreach (var instance in Scheduling.Aurora.Instances(kind))
        {
            var id = instance.GetProperty("id").GetString()!;
            yield return (id, DeploymentInstance.Read(Path, id), instance);
        }
    }

    public static DeploymentPlan Solve(string method, string line, DeploymentProblem problem)
    {
        var time = TimeLines.Find(line, "test");
        return DeploymentMethods.Find(method, time.For(problem), "test").Solve(problem, time, new Prng(1));
    }

    /// <summary>All permutations of 0..n-1.</summary>
    public static List<int[]> Permutations(int n)
    {
        var all = new List<int[]>();
        Extend([]);
        return all;

        void Extend(List<int> start)
        {
            if (start.Count == n) all.Add([.. start]);
            for (var k = 0; k < n; k++)
            {
                if (start.Contains(k)) continue;
                start.Add(k);
                Extend(start);
                start.RemoveAt(start.Count - 1);
            }
        }
    }

    public static string Fraction(Int128 sum, long count)
    {
        var common = BigInteger.GreatestCommonDivisor((BigInteger)sum, count);
        return $"{(BigInteger)sum / common}/{count / common}";
    }
}
