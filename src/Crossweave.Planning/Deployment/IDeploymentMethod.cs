using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>A way to place ranks on devices. Methods hold no state.</summary>
public interface IDeploymentMethod
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>One line for --list and the docs.</summary>
    string Summary { get; }

    /// <summary>Problems it is for, in words, for example "two models".</summary>
    string Kinds { get; }

    /// <summary>Whether it can place this problem under this time line.</summary>
    bool AppliesTo(LayerTime time);

    /// <param name="problem">What to place.</param>
    /// <param name="line">How it is timed.</param>
    /// <param name="prng">Used by random methods only.</param>
    DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng);
}
