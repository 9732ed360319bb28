using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Testing;

namespace Crossweave.Simulation.Tests;

/// <summary>
/// The 8 x 8 instance of arXiv 2605.26845 with its seven published matchings (scheduling spec 5.1 and 5.2). Scaling every entry by s is
/// the same as ports that are 1/s times as fast and a profile that is asked for s times the tokens.
/// </summary>
internal static class GoldenLayer
{
    private static readonly int[][] Matchings =
    [
        [2, 4, 6, 7, 1, 3, 5, 0], [4, 5, 1, 0, 2, 7, 3, 6], [1, 0, 3, 6, 7, 2, 4, 5], [5, 3, 0, 2, 6, 1, 7, 4],
        [6, 7, 4, 1, 5, 0, 2, 3], [7, 2, 5, 4, 3, 6, 0, 1], [3, 6, 7, 5, 0, 4, 1, 2],
    ];

    public static TrafficMatrix Matrix => new(8, PublishedMatrix.Cells());

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
