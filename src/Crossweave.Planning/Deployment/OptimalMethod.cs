using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// The optimum: two thresholds where that is exact, else branch and bound (deployment spec 3.12) from the swap search, and again from kicked
/// swaps when a first look proves nothing. Past a fixed amount of work it stops with the best plan and the bound proven so far; work counts
/// operations, not time, so the result never depends on the machine. The two presets differ in that amount alone.
/// </summary>
public sealed class OptimalMethod : IDeploymentMethod
{
    /// <summary>Proof up to about 20 devices; some seconds at most.</summary>
    public static readonly OptimalMethod Quality = new("optimal", "two-threshold matching where it is exact, else branch and bound with proof (deployment spec 3.12)", 250_000_000);

    /// <summary>Milliseconds up to 16 devices, below a second at 64.</summary>
    public static readonly OptimalMethod Fast = new("fast", "as optimal with a small fixed budget: swaps, then branch and bound; proven up to about 12 devices", 1_000_000);

    /// <summary>Work of the first branch and bound; most problems of up to 12 devices end here.</summary>
    private const long FirstLook = 300_000;

    /// <summary>Up to so many devices a better start saves less than it costs.</summary>
    private const int ProvenAnyway = 8;

    /// <summary>Placements timed in the search for a better start, when the first look proved nothing.</summary>
    private const long Kicks = 200_000;

    private readonly long _work;

    private OptimalMethod(string name, string summary, long work) => (Name, Summary, _work) = (name, summary, work);

    public string Name { get; }

    public string Summary { get; }

    public string Kinds => "any";

    public bool AppliesTo(LayerTime time) => true;

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng)
    {
        var time = line.For(problem);
        if (TwoThresholdMethod.CanSolve(time)) return TwoThresholdMethod.Solve(time);
        var plan = SwapMethod.Solve(problem, line);
        var fits = BranchAndBound.Fits(time);
        if (!plan.IsProven && fits) plan = new BranchAndBound(time, plan, FirstLook).Run();
        if (!plan.IsProven && (!fits || problem.DeviceCount > ProvenAnyway)) plan = SwapMethod.Kick(time, plan, Kicks, prng.Split("kicks"));
        return plan.IsProven || !fits ? plan : new BranchAndBound(time, plan, _work).Run();
    }
}
