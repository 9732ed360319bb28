namespace Crossweave.Core.Compute;

/// <summary>max(floor, slope x tokens): constant while weights dominate, linear afterwards. Subadditive, so one launch is cheapest.</summary>
public sealed class FloorProfile(string description, long floorPs, long psPerToken) : ComputeProfile
{
    public override string Description => description;

    public override long SmallestLaunchPs => Math.Max(floorPs, psPerToken);

    public override long LaunchPs(long tokens) => tokens <= 0 ? 0 : Math.Max(floorPs, checked(psPerToken * tokens));

    public override long CheapestSplitPs(long tokens) => LaunchPs(tokens);
}

/// <summary>start + slope x tokens: every launch pays a start. Subadditive, so one launch is cheapest. With start 0 it is the linear profile.</summary>
public sealed class AdditiveProfile(string description, long startPs, long psPerToken) : ComputeProfile
{
    public override string Description => description;

    public override long SmallestLaunchPs => startPs + psPerToken;

    public override long LaunchPs(long tokens) => tokens <= 0 ? 0 : checked(startPs + (psPerToken * tokens));

    public override long CheapestSplitPs(long tokens) => LaunchPs(tokens);
}
