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

    /// <summary>
    /// Bit/s of each rank's port (on each switch), the same in both directions; on two tiers of its NIC, on rings of its outgoing links
    /// together. Written as one number when all are equal.
    /// </summary>
    public required IReadOnlyList<long> BandwidthOfRank { get; init; }

    /// <summary>Picoseconds per reconfiguration; null on packet fabrics.</summary>
    public required long? ReconfigurationPs { get; init; }

    /// <summary>Circuit switches in parallel.</summary>
    public int PlaneCount { get; init; } = 1;

    /// <summary>Only ports whose circuit changes wait for the delay.</summary>
    public bool ReconfiguresPartially { get; init; }

    /// <summary>Two tiers: servers of equally many ranks; 0 on all other fabrics.</summary>
    public int NodeCount { get; init; }

    /// <summary>Two tiers: bit/s of each rank inside its node, the same in both directions.</summary>
    public IReadOnlyList<long>? ScaleUpOfRank { get; init; }

    /// <summary>Rings: bit/s of the links in the order of <see cref="Fabrics.RingRates"/>.</summary>
    public IReadOnlyList<long>? RateOfLink { get; init; }

    /// <summary>Bytes of one token on the wire, in the dispatch; also in the combine unless <see cref="LayerPart.CombineTokenBytes"/> says otherwise.</summary>
    public required long TokenBytes { get; init; }

    /// <summary>Last end of anything.</summary>
    public required long MakespanPs { get; init; }

    /// <summary>Last end of a step, of either phase.</summary>
    public required long CommunicationPs { get; init; }

    /// <summary>Name and picoseconds of each lower bound, in the order of the file.</summary>
    public required IReadOnlyList<(string Name, long Ps)> LowerBounds { get; init; }

    /// <summary>Rings: prices of the links that prove the bound "ring" by weak duality.</summary>
    public IReadOnlyList<long>? RingPrices { get; init; }

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
        var clock = problem.Fabric.ReconfiguresPartially || problem.Fabric.HasTwoTiers ? new StepClock(problem.Fabric, problem.TokenBytes) : null;
        var steps = new TimedStep[schedule.Steps.Count];
        for (var m = 0; m < steps.Length; m++)
        {
            var step = schedule.Steps[m];
            steps[m] = new TimedStep(times[m].StartPs, times[m].EndPs, step.Transfers, step.Plane);
            if (clock is null) continue;
            clock.Play(step); // transfers of a step start one by one
            steps[m] = steps[m] with { Times = clock.Transfers.ToArray(), Nic = clock.Nic };
        }

        RingShares.AddTo(problem.Fabric, (steps, problem.TokenBytes));
        return Empty(schedule.Scheduler, problem, bounds, end, end) with { Steps = steps };
    }

    /// <summary>Bytes of one token of a phase.</summary>
    public long TokenBytesOf(bool isCombine) => isCombine && Layer?.CombineTokenBytes is { } bytes ? bytes : TokenBytes;

    /// <summary>The steps without their times, for a planner.</summary>
    public Schedule ToSchedule() => new(Scheduler, [.. Steps.Select(s => new Step([.. s.Transfers], plane: s.Plane))]);

    /// <summary>Whether transfers without times of their own arrive at the end of their step: on a ring always, else when it shares ports.</summary>
    public bool ArriveTogether(TimedStep step) => RateOfLink is not null || step.SharesPorts();

    /// <summary>Everything but the steps.</summary>
    internal static ScheduleDocument Empty(string scheduler, SchedulingProblem problem, IReadOnlyList<LowerBound> bounds, long makespanPs, long communicationPs)
    {
        var fabric = problem.Fabric;
        var bandwidth = new long[fabric.RankCount];
        for (var rank = 0; rank < bandwidth.Length; rank++)
        {
            bandwidth[rank] = fabric.ScaleOutSendRate(rank).BitsPerSecond / fabric.PlaneCount;
            if (fabric.Ring is null && (fabric.ScaleOutReceiveRate(rank) != fabric.ScaleOutSendRate(rank) || fabric.ScaleUpReceiveRate(rank) != fabric.ScaleUpSendRate(rank)))
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
            NodeCount = fabric.HasTwoTiers ? fabric.NodeCount : 0,
            ScaleUpOfRank = fabric.HasTwoTiers ? [.. Enumerable.Range(0, fabric.RankCount).Select(rank => fabric.ScaleUpSendRate(rank).BitsPerSecond)] : null,
            RateOfLink = fabric.Ring?.OfLink,
            TokenBytes = problem.TokenBytes.Value,
            MakespanPs = makespanPs,
            CommunicationPs = communicationPs,
            LowerBounds = [.. bounds.Select(b => (b.Name, b.Value.Picoseconds))],
            RingPrices = bounds.FirstOrDefault(b => b.LinkPrices is not null)?.LinkPrices,
            Gap = makespanPs == 0 ? 1.0 : (double)makespanPs / Math.Max(1, best),
            Steps = [],
        };
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
