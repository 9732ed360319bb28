namespace Crossweave.Planning.Deployment;

/// <summary>Where everything runs and how long one layer takes.</summary>
/// <param name="DeviceOfRank">[model][rank] -> device.</param>
/// <param name="Value">Time of one layer of all models, in the problem's units.</param>
/// <param name="LowerBound">No placement with one rank of every model per device is faster under the time line.</param>
/// <param name="Evaluations">Placements that were timed.</param>
public sealed record DeploymentPlan(IReadOnlyList<int[]> DeviceOfRank, long Value, long LowerBound, long Evaluations = 1)
{
    /// <summary>The value is the optimum.</summary>
    public bool IsProven => Value == LowerBound;

    /// <summary>A plan from a placement; the bound is the general one.</summary>
    internal static DeploymentPlan From(LayerTime time, IReadOnlyList<int[]> rankOfDevice, long evaluations = 1, long lowerBound = 0) =>
        new([.. rankOfDevice.Select(Inverse)], time.Evaluate(rankOfDevice), Math.Max(lowerBound, DeploymentBounds.Lower(time)), evaluations);

    /// <summary>[rank] -> device from [device] -> rank, and back.</summary>
    public static int[] Inverse(int[] permutation)
    {
        var inverse = new int[permutation.Length];
        for (var k = 0; k < permutation.Length; k++) inverse[permutation[k]] = k;
        return inverse;
    }
}
