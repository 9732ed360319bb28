using Crossweave.Core;
using Crossweave.Core.Scheduling;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning;

/// <summary>Every scheduler; a new one is one file and one line here.</summary>
public static class Schedulers
{
    public static readonly IReadOnlyList<IScheduler> All =
    [
        FluidScheduler.Fluid,
        FluidScheduler.Ideal,
        FluidScheduler.Paced,
        new ShiftedScheduler(),
        new GreedyMaxWeightScheduler(),
        new BvnSinkhornScheduler(),
        new OpenShopScheduler(),
        SendOrderScheduler.ShortestFirst,
        SendOrderScheduler.Shuffled,
        AuroraScheduler.FirstFit,
        AuroraScheduler.RowMatching,
        new LanesScheduler(),
        BvnScheduler.Bottleneck,
        BvnScheduler.MaxWeight,
        BvnScheduler.BirkhoffPlus,
        new SolsticeScheduler(),
        new EclipseScheduler(),
        new FastScheduler(),
        new RingScheduler(),
        new OneWayRingScheduler(),
        new SpectraScheduler(masked: false),
        new SpectraScheduler(masked: true),
        new LessScheduler(),
        new HybridScheduler(),
        new AutoScheduler(),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static IScheduler Find(string name, string where) =>
        All.FirstOrDefault(s => s.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(s => s.Name))}");
}
