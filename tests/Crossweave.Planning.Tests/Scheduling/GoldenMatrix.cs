using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Testing;

namespace Crossweave.Planning.Tests.Scheduling;

/// <summary>The 8 x 8 traffic matrix printed in arXiv 2605.26845 (scheduling spec 5.1).</summary>
internal static class GoldenMatrix
{
    public static long[] Cells() => PublishedMatrix.Cells();

    /// <summary>1 Gbps and 125 bytes per token make a token one microsecond, so durations read as tokens.</summary>
    public static SchedulingProblem Problem(int n, long[] cells)
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(n, 1, new Bandwidth(1_000_000_000), SimTime.Zero));
        return new SchedulingProblem(new TrafficMatrix(n, cells), new Bytes(125), fabric);
    }

    /// <summary>Duration on <see cref="Problem"/> in tokens.</summary>
    public static long Tokens(Schedule schedule, SchedulingProblem problem)
    {
        var ps = ScheduleTiming.Time(schedule, problem.Fabric, problem.TokenBytes).LastOrDefault().EndPs;
        Assert.Equal(0, ps % 1_000_000);
        return ps / 1_000_000;
    }
}
