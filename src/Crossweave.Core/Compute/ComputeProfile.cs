using Crossweave.Core.Units;

namespace Crossweave.Core.Compute;

/// <summary>Time of one launch (one expert computation on one rank) over a batch of (token, expert) rows.</summary>
public abstract class ComputeProfile
{
    /// <summary>As it would be written on the command line.</summary>
    public abstract string Description { get; }

    /// <summary>The same with everything that a model said, so that it can be read without one.</summary>
    public virtual string Text => Description;

    /// <summary>Picoseconds for <paramref name="tokens"/> rows; 0 for 0 rows; non-decreasing is not required.</summary>
    public abstract long LaunchPs(long tokens);

    public SimTime Launch(long tokens) => new(LaunchPs(tokens));

    /// <summary>
    /// A value that no way of splitting <paramref name="tokens"/> rows into launches can beat: min over partitions of the sum, or
    /// anything below it. Used by lower bounds only. Source: scheduling spec section 7.5.
    /// </summary>
    public abstract long CheapestSplitPs(long tokens);

    /// <summary>A value that no launch of at least one row can beat (lower bounds only).</summary>
    public abstract long SmallestLaunchPs { get; }
}
