using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Tests;

/// <summary>
/// The 8 x 8 instance of arXiv 2605.26845 with its seven published matchings (scheduling spec 5.1 and 5.2). Scaling every entry by s is
/// the same as ports that are 1/s times as fast and a profile that is asked for s times the tokens.
/// </summary>
internal static class GoldenLayer
{
    private static readonly long[] Cells =
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

    private static readonly int[][] Matchings =
    [
        [2, 4, 6, 7, 1, 3, 5, 0], [4, 5, 1, 0, 2, 7, 3, 6], [1, 0, 3, 6, 7, 2, 4, 5], [5, 3, 0, 2, 6, 1, 7, 4],
        [6, 7, 4, 1, 5, 0, 2, 3], [7, 2, 5, 4, 3, 6, 0, 1], [3, 6, 7, 5, 0, 4, 1, 2],
    ];

    public static TrafficMatrix Matrix => new(8, [.. Cells]);

    public static Schedule Dispatch
    {
        get
        {
            var matrix = Matrix;
            return new Schedule("golden", [.. Matchings.Select(m => new Step([.. m.Select((target, source) => new Transfer(source, target, matrix[source, target]))]))]);
        }
    }

    public static LayerSchedule Schedule => new([Dispatch], [LayerSchedules.Transpose(Dispatch)]);

    /// <param name="scaleInThousandths">1000 = as published.</param>
    public static LayerProblem Problem(int scaleInThousandths)
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(8, 1, new Bandwidth(400_000_000_000L * 1000 / scaleInThousandths), new SimTime(10_000)));
        var exchange = new Exchange(Matrix, Matrix);
        var back = new Exchange(Matrix.Transpose(), Matrix.Transpose());
        ComputeProfile profile = new Scaled(scaleInThousandths / 1000.0);
        return new LayerProblem(
            new LayerTraffic([exchange], [back], new Bytes(12_288), new Bytes(12_288)), fabric, [.. Enumerable.Repeat(profile, 8)]);
    }

    private sealed class Scaled(double scale) : ComputeProfile
    {
        private static readonly TableProfile Table = PhotonicTable.Profile;

        public override string Description => "scaled";

        public override long SmallestLaunchPs => Table.SmallestLaunchPs;

        public override long LaunchPs(long tokens) => (long)Math.Ceiling(Table.Curve(tokens * scale));

        public override long CheapestSplitPs(long tokens) => Table.CheapestSplitPs((long)Math.Floor(tokens * scale));
    }
}
