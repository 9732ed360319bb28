namespace Crossweave.Simulation.Layer;

/// <summary>When launches start and end: [step, rank] for rows that arrived, [rank] for local rows that have a launch of their own.</summary>
internal sealed class LaunchTimes(int stepCount, int rankCount)
{
    /// <summary>End of the launch that computes the rows arriving at (step, rank); undefined where none arrive.</summary>
    public long[] EndPs { get; } = new long[stepCount * rankCount];

    /// <summary>Last launch finished.</summary>
    public long LastEndPs { get; private set; }

    /// <summary>Every launch, in the order they were placed.</summary>
    public List<(int Rank, int Step, long Rows, long StartPs, long EndPs)> Launches { get; } = [];

    public void Add(int rank, int step, long rows, long startPs, long endPs)
    {
        Launches.Add((rank, step, rows, startPs, endPs));
        LastEndPs = Math.Max(LastEndPs, endPs);
    }
}
