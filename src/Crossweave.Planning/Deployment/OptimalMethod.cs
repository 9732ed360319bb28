using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// The optimum: two thresholds where that is exact, else from the swap search: the bound without placing anything (<see cref="DomainDivision"/>), a short
/// search over domains, which ends most problems of up to 20 devices; tabu search for a better placement, the bound again with ranges divided, dives for
/// placements just above the bound and half-way to the value, then the search for a proof. Past a fixed amount of work it stops with the best plan and
/// the bound proven so far; work counts operations, not time, so the result never depends on the machine. The two presets differ in that amount alone.
/// Beyond 64 devices swap and tabu search only, with the general bound.
/// </summary>
public sealed class OptimalMethod : IDeploymentMethod
{
    /// <summary>Proof of most problems up to about 24 devices; some seconds at most.</summary>
    public static readonly OptimalMethod Quality = new("optimal", "two-threshold matching where it is exact, else a search with proof (deployment spec 3.12)", 30_000_000);

    /// <summary>Milliseconds up to 16 devices, well below a second at 64.</summary>
    public static readonly OptimalMethod Fast = new("fast", "as optimal with a small fixed budget: the heuristic to use; mostly proven, also at 64 devices", 300_000);

    /// <summary>Work of the first proof, at least: enough at 8 devices, little at 64.</summary>
    private const long FirstProof = 1_000_000;

    /// <summary>Targets that the tabu search tries, at least.</summary>
    private const int Tries = 8;

    /// <summary>Dives below targets between bound and value.</summary>
    private const int Dives = 4;

    /// <summary>Placements timed beyond 64 devices under PAIR, which neither search takes.</summary>
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
        var tabu = TabuSearch.Fits(time) ? new TabuSearch(time, plan, prng.Split("tabu")) : null;
        if (!DomainSearch.Fits(time))
        {
            if (tabu is null) return SwapMethod.Kick(time, plan, Kicks, prng.Split("kicks"));
            tabu.Improve(plan.LowerBound, _workPerDevice * problem.DeviceCount, Tries);
            return DeploymentPlan.From(time, tabu.RankOfDevice, plan.Evaluations + tabu.Work);
        }

        var (search, work) = (new DomainSearch(time, plan), _workPerDevice * problem.DeviceCount);
        search.RaiseBound();
        if (!search.IsProven) search.Below(search.Value, Math.Max(FirstProof, work / 16));
        if (!search.IsProven && tabu is not null)
        {
            tabu.Improve(search.LowerBound, work / 4, Tries);
            search.Take(tabu.RankOfDevice, tabu.Value);
        }

        if (!search.IsProven) search.ClimbBound(work / 4);
        for (var (target, tries) = (search.LowerBound + 1, 0); tries < Dives && target < search.Value; tries++)
        {
            var before = search.Value;
            search.Below(target, (work - search.Work) / 2);
            var floor = search.Value < before ? search.LowerBound : Math.Max(search.LowerBound, target);
            target = floor + ((search.Value - floor + 1) / 2);
        }

        if (!search.IsProven) search.Below(search.Value, work - search.Work);
        return search.Plan();
    }
}
