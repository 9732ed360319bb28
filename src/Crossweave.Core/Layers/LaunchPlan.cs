namespace Crossweave.Core.Layers;

/// <summary>
/// One launch of one rank: all rows that dispatch steps <paramref name="FirstStep"/>..<paramref name="LastStep"/> bring to it, and its
/// local rows if they join. Steps are counted over all dispatch exchanges. An empty range (last before first) is a launch of the local
/// rows alone.
/// </summary>
/// <param name="FirstStep">First dispatch step whose rows it computes.</param>
/// <param name="LastStep">Last one; the launch waits for the rows of this step.</param>
/// <param name="TakesLocalRows">Whether the rows that stay on the rank are computed with it.</param>
public readonly record struct PlannedLaunch(int FirstStep, int LastStep, bool TakesLocalRows = false)
{
    /// <summary>A launch of the local rows alone, before or after launches of arrived rows.</summary>
    public static readonly PlannedLaunch LocalRowsAlone = new(0, -1, true);

    public bool HasSteps => FirstStep <= LastStep;
}

/// <summary>
/// Which arrived rows every rank computes together, independent of the matchings (scheduling spec 2.1 and 3.14). A rank's launches are in
/// order of execution, their step ranges ascend without overlap and cover every step that brings the rank rows; its local rows are in
/// exactly one launch.
/// </summary>
/// <param name="LaunchesOfRank">Per rank, in order.</param>
/// <param name="InLockstep">
/// All ranks have the same list and compute launch g together: it starts when its last step and launch g - 1 of every rank are over, and
/// its results are free when its slowest rank is done (mode d). Otherwise every rank runs on its own (mode c).
/// </param>
public sealed record LaunchPlan(IReadOnlyList<IReadOnlyList<PlannedLaunch>> LaunchesOfRank, bool InLockstep = false);

/// <summary>
/// One position in the order of the network: a dispatch step, a combine step, or one of both on disjoint ports that share one
/// configuration and start together (a mixed matching). -1 = none.
/// </summary>
/// <param name="DispatchStep">Index over all dispatch exchanges.</param>
/// <param name="CombineStep">Index over all combine exchanges.</param>
public readonly record struct NetworkSlot(int DispatchStep, int CombineStep);
