using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// The optimum: two thresholds where that is exact, else the search over domains from the swap search: first for a proof, then for placements
/// half-way to the bound and closer, then for a proof again. Past a fixed amount of work it stops with the best plan and the bound proven
/// so far; work counts operations, not time, so the result never depends on the machine. The two presets differ in that amount alone.
/// </summary>
public sealed class OptimalMethod : IDeploymentMethod
{
    /// <summary>Proof of most problems up to about 24 devices; some seconds at most.</summary>
    public static readonly OptimalMethod Quality = new("optimal", "two-threshold matching where it is exact, else a search with proof (deployment spec 3.12)", 15_000_000);

    /// <summary>Milliseconds up to 16 devices, below a second at 64.</summary>
    public static readonly OptimalMethod Fast = new("fast", "as optimal with a small fixed budget: the heuristic to use; proven up to about 12 devices", 250_000);

    /// <summary>Targets tried between bound and value; no more when they are within a thousandth.</summary>
    private const int Tries = 8;

    /// <summary>Placements timed beyond 64 devices, which the search does not take.</summary>
    private const long Kicks = 200_000;

    private readonly long _workPerDevice;

    private OptimalMethod(string name, string summary, long workPerDevice) => (Name, Summary, _workPerDevice) = (name, summary, workPerDevice);

    public string Name { get; }

    public string Summary { get; }

    public string Kinds => "any";

    public bool AppliesTo(LayerTime time) => true;

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng)
    {
        var time = line.For(problem);
        if (TwoThresholdMethod.CanSolve(time)) return TwoThresholdMethod.Solve(time);
        var plan = SwapMethod.Solve(problem, line);
        if (plan.IsProven) return plan;
        if (!DomainSearch.Fits(time)) return SwapMethod.Kick(time, plan, Kicks, prng.Split("kicks"));
        var (search, work) = (new DomainSearch(time, plan), _workPerDevice * problem.DeviceCount);
        search.RaiseBound();
        if (!search.IsProven) search.Below(search.Value, work / 8);
        for (var (floor, tries) = (search.LowerBound, 0); tries < Tries && (search.Value - floor) * 1000 > search.Value; tries++)
        {
            var (before, target) = (search.Value, floor + ((search.Value - floor) / 2));
            search.Below(target, work / 2 / Tries);
            floor = Math.Max(search.LowerBound, search.Value == before ? target : floor);
        }

        if (!search.IsProven) search.Below(search.Value, work - search.Work);
        return search.Plan();
    }
}
