using System.Text.Json;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Testing;

namespace Crossweave.Planning.Tests.Scheduling;

/// <summary>Problems in the units of the deployment spec: cost c per token is a port of 800 / c Gbps, one time unit is 81.92 ns at 8192 bytes.</summary>
internal static class Aurora
{
    private const long UnitPs = 81_920;

    public static SchedulingProblem Problem(int n, long[] cells, int[] costs)
    {
        var rates = costs.Select(c => new Bandwidth(800_000_000_000 / c)).ToArray();
        return new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(8192), new IdealSwitch().Build(new FabricOptions(n, 1, rates[0], null, rates)));
    }

    /// <summary>Length in time units. Every token takes a whole number of them at these rates, so nothing is rounded.</summary>
    public static long Units(Schedule schedule, SchedulingProblem problem)
    {
        var end = ScheduleTiming.Time(schedule, problem.Fabric, problem.TokenBytes).LastOrDefault().EndPs;
        Assert.Equal(0, end % UnitPs);
        return end / UnitPs;
    }

    public static JsonElement[] Instances(string kind)
    {
        using var stream = File.OpenRead(SharedData.Require("deployment-golden.json"));
        return [.. JsonDocument.Parse(stream).RootElement.GetProperty("instances").GetProperty(kind).EnumerateArray()];
    }

    public static long[] Cells(JsonElement instance) =>
        [.. instance.GetProperty("D").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(c => c.GetInt64()))];

    public static int[] Integers(JsonElement instance, string key) => [.. instance.GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
}
