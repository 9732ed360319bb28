using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Bounds;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Hybrid decomposer (ours; scheduling spec 3.13): capped slices priced by how much each port still has to do, with a whole-entry tail after
/// the best prefix, beside as few slices as possible with entries of like size together; then ruin and recreate over the slices; on parallel switches spread by LPT, exchanges and Equalize. All other registered methods are
/// the floor: when one of them is shorter, its schedule is returned, so the result is never above any of them (above
/// 256 ranks: above greedy max-weight and shifted diagonals).
/// </summary>
/// <remarks>
/// <para>Problem: sum of step durations plus a reconfiguration per step, NP-hard. See <see cref="LoadAwareSlicing"/>,
/// <see cref="SlicePrefix"/>, <see cref="DegreeSlicing"/> and <see cref="SliceSearch"/> for the parts. Unequal ports are weighted (time per pair). The search stops
/// early when the floor already meets the lower bound.</para>
/// <para>Cost: all other schedulers, plus per exponent about 10 assignments per slice, plus a fixed number of rounds
/// (<see cref="HybridPreset"/>). Ties: fewer steps, then the own result, then registration order. Steps are executed longest first. Bad
/// when planning time counts, and without need where a single permutation fits all lines (dense, mild matrices). With partial
/// reconfiguration it still minimises the time with full reconfiguration and is only compared on the real one.</para>
/// </remarks>
public sealed class HybridScheduler : IScheduler
{
    /// <summary>Above this many ranks one slicing must do, and above <see cref="Portfolio.AllUpTo"/> there is none.</summary>
    private const int ThoroughUpTo = 128;

    private static readonly (int Power, int Linear)[] Alignments = [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (32, 1), (8, 4), (16, 4), (32, 4)];

    private readonly HybridPreset _preset;
    private readonly IReadOnlyList<IScheduler>? _floor;

    public HybridScheduler()
        : this(HybridPreset.Fast)
    {
    }

    /// <param name="preset">Effort.</param>
    /// <param name="floor">The methods it must not be above; all registered ones when null.</param>
    public HybridScheduler(HybridPreset preset, IReadOnlyList<IScheduler>? floor = null) => (_preset, _floor) = (preset, floor);

    public string Name => "hybrid";

    public string Summary => "load-aware slices with a whole-entry tail and a search, never above any other method";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng) =>
        Schedule(problem, Portfolio.Evaluate(_floor ?? Schedulers.All, problem, prng), prng);

    /// <summary>The best of what was already tried and of the own slices.</summary>
    internal Schedule Schedule(SchedulingProblem problem, IReadOnlyList<ScheduleCandidate> tried, Prng prng)
    {
        var floor = Portfolio.Best(tried);
        if (problem.Demand.RemoteTotal() == 0) return new Schedule(Name, []);
        if (floor is not null && floor.MakespanPs <= LowerBoundPs(problem)) return floor.Schedule with { Scheduler = Name };
        var own = Own(problem, tried, prng.Split(Name));
        if (floor is not null) own.Add(floor);
        var best = Portfolio.Best(own);
        return best is null ? throw new InvalidOperationException("no scheduler took part") : best.Schedule with { Scheduler = Name };
    }

    private static long LowerBoundPs(SchedulingProblem problem) =>
        new PortLines(problem.Demand, problem.Fabric, problem.TokenBytes).LongestPs();

    private List<ScheduleCandidate> Own(SchedulingProblem problem, IReadOnlyList<ScheduleCandidate> tried, Prng prng)
    {
        var work = new ExchangeWork(problem);
        var lists = new List<SliceList>();
        foreach (var candidate in tried)
            if (work.Slices(candidate.Schedule) is { } slices)
                lists.Add(slices);
        var thorough = work.Size <= ThoroughUpTo;
        if (work.Size <= Portfolio.AllUpTo)
        {
            var prefix = new SlicePrefix(work.Size, work.DelayUnits, work.Cost);
            if (!thorough) lists.Add(prefix.Build(work.Units, exponent: 6, starts: 1));
            else foreach (var exponent in _preset.Exponents) lists.Add(prefix.Build(work.Units, exponent, _preset.Starts));
        }

        // Two kinds of start lead the search to different places. Stable: equal costs keep their order.
        var search = new SliceSearch(work.Size, work.DelayUnits, work.Cost);
        var results = new List<ScheduleCandidate>();
        var chosen = Shortest(lists, work).Take(_preset.Improved).ToList();
        if (work.Size <= Portfolio.AllUpTo) chosen.Add(Shortest(Aligned(work), work).First());
        for (var k = 0; k < chosen.Count; k++)
        {
            search.Improve(chosen[k], _preset.RoundsAt(work.Size), prng.Split(k));
            results.Add(Portfolio.Time(new Schedule(Name, PlaneSpread.Over(work.Steps(chosen[k]), problem, mayCut: true, tightly: true)), problem));
        }

        return results;
    }

    private static IEnumerable<SliceList> Shortest(IEnumerable<SliceList> lists, ExchangeWork work) =>
        lists.OrderBy(l => l.Cost(work.DelayUnits)).ThenBy(l => l.Count);

    private static IEnumerable<SliceList> Aligned(ExchangeWork work)
    {
        var slicing = new DegreeSlicing(work.Size, work.Cost);
        foreach (var (power, linear) in Alignments) yield return slicing.Build(work.Units, power, linear);
    }
}
