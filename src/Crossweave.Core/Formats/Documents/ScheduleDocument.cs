using Crossweave.Core.Bounds;
using Crossweave.Core.IO;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>
/// A timed schedule of one exchange, or of a whole layer, as <c>crossweave schedule --json</c> prints it and <c>crossweave verify</c>
/// reads it. Holds what the file says, true or not: <c>Verification.ScheduleVerifier</c> judges.
/// </summary>
public sealed record ScheduleDocument
{
    public required string Scheduler { get; init; }

    public required int RankCount { get; init; }

    /// <summary>Registered name of the kind of fabric.</summary>
    public required string FabricKind { get; init; }

    /// <summary>Bit/s of each rank's port (on each switch), the same in both directions. Written as one number when all are equal.</summary>
    public required IReadOnlyList<long> BandwidthOfRank { get; init; }

    /// <summary>Picoseconds per reconfiguration; null on packet fabrics.</summary>
    public required long? ReconfigurationPs { get; init; }

    /// <summary>Circuit switches in parallel.</summary>
    public int PlaneCount { get; init; } = 1;

    /// <summary>Only ports whose circuit changes wait for the delay.</summary>
    public bool ReconfiguresPartially { get; init; }

    /// <summary>Bytes of one token on the wire, in both phases.</summary>
    public required long TokenBytes { get; init; }

    /// <summary>Last end of anything.</summary>
    public required long MakespanPs { get; init; }

    /// <summary>Last end of a step, of either phase.</summary>
    public required long CommunicationPs { get; init; }

    /// <summary>Name and picoseconds of each lower bound, in the order of the file.</summary>
    public required IReadOnlyList<(string Name, long Ps)> LowerBounds { get; init; }

    /// <summary>Makespan over the largest lower bound; 1 when the makespan is 0.</summary>
    public required double Gap { get; init; }

    /// <summary>Whose steps these are when the scheduler chose among others; null otherwise.</summary>
    public string? Chosen { get; init; }

    /// <summary>Why this schedule, in one line; null when there was no choice.</summary>
    public string? Reason { get; init; }

    /// <summary>The dispatch.</summary>
    public required IReadOnlyList<TimedStep> Steps { get; init; }

    /// <summary>Launches and combine; null for the schedule of one exchange.</summary>
    public LayerPart? Layer { get; init; }

    /// <summary>The document of a schedule that runs alone from time 0; <paramref name="times"/> as <see cref="ScheduleTiming"/> gives them.</summary>
    /// <exception cref="ArgumentException">A rank sends and receives at different rates (the document has one number per rank).</exception>
    public static ScheduleDocument From(
        Schedule schedule, IReadOnlyList<StepTime> times, SchedulingProblem problem, IReadOnlyList<LowerBound> bounds)
    {
        var end = times.Count == 0 ? 0 : times.Max(t => t.EndPs);
        var clock = problem.Fabric.ReconfiguresPartially ? new StepClock(problem.Fabric, problem.TokenBytes) : null;
        return Empty(schedule.Scheduler, problem, bounds, end, end) with
        {
            Steps = [.. schedule.Steps.Select((step, m) => new TimedStep(times[m].StartPs, times[m].EndPs, step.Transfers, step.Plane, TransferTimes(clock, step)))],
        };
    }

    /// <summary>Everything but the steps.</summary>
    internal static ScheduleDocument Empty(string scheduler, SchedulingProblem problem, IReadOnlyList<LowerBound> bounds, long makespanPs, long communicationPs)
    {
        var fabric = problem.Fabric;
        var bandwidth = new long[fabric.RankCount];
        for (var rank = 0; rank < bandwidth.Length; rank++)
        {
            bandwidth[rank] = fabric.SendRate(rank).BitsPerSecond / fabric.PlaneCount;
            if (fabric.ReceiveRate(rank) != fabric.SendRate(rank))
                throw InputException.At($"rank {rank} of the {fabric.Kind}", $"{fabric.SendRate(rank)} out and {fabric.ReceiveRate(rank)} in", "the same rate both ways; a schedule document has one bandwidth per rank");
        }

        var best = bounds.Count == 0 ? 0 : bounds.Max(b => b.Value.Picoseconds);
        return new ScheduleDocument
        {
            Scheduler = scheduler,
            RankCount = fabric.RankCount,
            FabricKind = fabric.Kind,
            BandwidthOfRank = bandwidth,
            ReconfigurationPs = fabric.ReconfigurationDelay?.Picoseconds,
            PlaneCount = fabric.PlaneCount,
            ReconfiguresPartially = fabric.ReconfiguresPartially,
            TokenBytes = problem.TokenBytes.Value,
            MakespanPs = makespanPs,
            CommunicationPs = communicationPs,
            LowerBounds = [.. bounds.Select(b => (b.Name, b.Value.Picoseconds))],
            Gap = makespanPs == 0 ? 1.0 : (double)makespanPs / Math.Max(1, best),
            Steps = [],
        };
    }

    // With partial reconfiguration transfers of a step start one by one.
    private static StepTime[]? TransferTimes(StepClock? clock, Step step)
    {
        if (clock is null) return null;
        clock.Play(step);
        return clock.Transfers.ToArray();
    }

    public string ToJson() => ScheduleJson.Write(this);

    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <exception cref="InputException">Not JSON, a missing or unknown key, a value of the wrong type. What the numbers claim is not judged here.</exception>
    public static ScheduleDocument Read(string path)
    {
        using var file = JsonInput.Open(path);
        return ScheduleJson.Read(file.Root);
    }
}
