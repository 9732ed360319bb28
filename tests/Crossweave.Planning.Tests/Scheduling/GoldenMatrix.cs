using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Tests.Scheduling;

/// <summary>The 8 x 8 traffic matrix printed in arXiv 2605.26845 (scheduling spec 5.1).</summary>
internal static class GoldenMatrix
{
    public static long[] Cells() =>
    [
        1277, 3005, 1990, 861, 1753, 1447, 1771, 1692,
        1695, 2955, 1908, 1185, 1775, 1534, 1919, 2003,
        1750, 3196, 2145, 1343, 1840, 1624, 2263, 2083,
        1566, 2832, 1906, 1235, 1494, 1262, 1728, 2027,
        1687, 3527, 2235, 1285, 1776, 1521, 2032, 2321,
        1307, 2654, 1898, 1222, 1329, 1139, 1483, 1990,
        1103, 2005, 1524, 919, 1321, 1127, 1258, 1507,
        1367, 2408, 1592, 869, 1400, 1177, 1717, 1498,
    ];

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
