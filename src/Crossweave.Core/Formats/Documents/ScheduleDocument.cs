using Crossweave.Core.Bounds;
using Crossweave.Core.IO;
using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>One step of a schedule document: transfers that overlap between <paramref name="StartPs"/> and <paramref name="EndPs"/>.</summary>
public sealed record TimedStep(long StartPs, long EndPs, IReadOnlyList<Transfer> Transfers);

/// <summary>
/// A timed schedule of one exchange, as <c>crossweave schedule --json</c> prints it and <c>crossweave verify</c> reads it. Holds
/// what the file says, true or not: <c>Verification.ScheduleVerifier</c> judges.
/// </summary>
public sealed record ScheduleDocument
{
    public required string Scheduler { get; init; }

    public required int RankCount { get; init; }

    /// <summary>Registered name of the kind of fabric.</summary>
    public required string FabricKind { get; init; }

    /// <summary>Bit/s of each rank's port, the same in both directions. Written as one number when all are equal.</summary>
    public required IReadOnlyList<long> BandwidthOfRank { get; init; }

    /// <summary>Picoseconds per reconfiguration; null on packet fabrics.</summary>
    public required long? ReconfigurationPs { get; init; }

    /// <summary>Bytes of one token on the wire.</summary>
    public required long TokenBytes { get; init; }

    public required long MakespanPs { get; init; }

    public required long CommunicationPs { get; init; }

    /// <summary>Name and picoseconds of each lower bound, in the order of the file.</summary>
    public required IReadOnlyList<(string Name, long Ps)> LowerBounds { get; init; }

    /// <summary>Makespan over the largest lower bound; 1 when the makespan is 0.</summary>
    public required double Gap { get; init; }

    public required IReadOnlyList<TimedStep> Steps { get; init; }

    /// <summary>The document of a schedule that runs alone from time 0; <paramref name="times"/> as <see cref="ScheduleTiming"/> gives them.</summary>
    /// <exception cref="ArgumentException">A rank sends and receives at different rates (the document has one number per rank).</exception>
    public static ScheduleDocument From(
        Schedule schedule, IReadOnlyList<StepTime> times, SchedulingProblem problem, IReadOnlyList<LowerBound> bounds)
    {
        var fabric = problem.Fabric;
        var bandwidth = new long[fabric.RankCount];
        for (var rank = 0; rank < bandwidth.Length; rank++)
        {
            bandwidth[rank] = fabric.SendRate(rank).BitsPerSecond;
            if (fabric.ReceiveRate(rank).BitsPerSecond != bandwidth[rank]) throw new ArgumentException($"rank {rank} has unequal directions");
        }

        var end = times.Count == 0 ? 0 : times.Max(t => t.EndPs);
        var best = bounds.Count == 0 ? 0 : bounds.Max(b => b.Value.Picoseconds);
        return new ScheduleDocument
        {
            Scheduler = schedule.Scheduler,
            RankCount = fabric.RankCount,
            FabricKind = fabric.Kind,
            BandwidthOfRank = bandwidth,
            ReconfigurationPs = fabric.ReconfigurationDelay?.Picoseconds,
            TokenBytes = problem.TokenBytes.Value,
            MakespanPs = end,
            CommunicationPs = end,
            LowerBounds = [.. bounds.Select(b => (b.Name, b.Value.Picoseconds))],
            Gap = end == 0 ? 1.0 : (double)end / Math.Max(1, best),
            Steps = [.. schedule.Steps.Select((step, m) => new TimedStep(times[m].StartPs, times[m].EndPs, step.Transfers))],
        };
    }

    public string ToJson()
    {
        var json = new JsonOutput().BeginObject();
        json.Key("scheduler").Value(Scheduler).Key("ranks").Value(RankCount);
        json.Key("fabric").BeginObject().Key("kind").Value(FabricKind).Key("bandwidth");
        if (BandwidthOfRank.Distinct().Take(2).Count() == 1) json.Value(BandwidthOfRank[0]);
        else json.Line([.. BandwidthOfRank]);
        json.Key("reconfigurationPs");
        if (ReconfigurationPs is { } delay) json.Value(delay);
        else json.Null();
        json.End().Key("tokenBytes").Value(TokenBytes);
        json.Key("makespanPs").Value(MakespanPs).Key("communicationPs").Value(CommunicationPs).Key("lowerBounds").BeginObject();
        foreach (var (name, ps) in LowerBounds) json.Key(name).Value(ps);
        json.End().Key("gap").Value(Gap).Key("steps").BeginArray();
        foreach (var step in Steps)
        {
            json.BeginObject().Key("startPs").Value(step.StartPs).Key("endPs").Value(step.EndPs).Key("transfers").BeginArray();
            foreach (var t in step.Transfers) json.Raw($"{{\"source\": {t.Source}, \"target\": {t.Target}, \"tokens\": {t.Tokens}}}");
            json.End().End();
        }

        return json.End().End().ToString();
    }

    public void Write(string path) => AtomicFile.WriteAllText(path, ToJson());

    /// <exception cref="InputException">Not JSON, a missing or unknown key, a value of the wrong type. What the numbers claim is not judged here.</exception>
    public static ScheduleDocument Read(string path)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        root.AllowOnly("scheduler", "ranks", "fabric", "tokenBytes", "makespanPs", "communicationPs", "lowerBounds", "gap", "steps");
        var fabric = root["fabric"];
        fabric.AllowOnly("kind", "bandwidth", "reconfigurationPs");
        var ranks = root["ranks"].Int32(1, 1 << 20);
        var bandwidth = fabric["bandwidth"];
        var perRank = bandwidth.IsArray ? bandwidth.Int64List() : [.. Enumerable.Repeat(bandwidth.Int64(1), ranks)];
        if (perRank.Length != ranks || perRank.Contains(0)) throw bandwidth.Wrong($"a positive number of bit/s for each of the {ranks} ranks");
        var delay = fabric["reconfigurationPs"];
        return new ScheduleDocument
        {
            Scheduler = root["scheduler"].Text(),
            RankCount = ranks,
            FabricKind = fabric["kind"].Text(),
            BandwidthOfRank = perRank,
            ReconfigurationPs = delay.IsNull ? null : delay.Int64(),
            TokenBytes = root["tokenBytes"].Int64(1, 1L << 40),
            MakespanPs = root["makespanPs"].Int64(),
            CommunicationPs = root["communicationPs"].Int64(),
            LowerBounds = [.. root["lowerBounds"].Members().Select(m => (m.Key, m.Value.Int64()))],
            Gap = root["gap"].Double(),
            Steps = [.. root["steps"].Items().Select(ReadStep)],
        };
    }

    private static TimedStep ReadStep(JsonInput step)
    {
        step.AllowOnly("startPs", "endPs", "transfers");
        var transfers = step["transfers"].Items().Select(t =>
        {
            t.AllowOnly("source", "target", "tokens");
            return new Transfer(t["source"].Int32(), t["target"].Int32(), t["tokens"].Int64());
        });
        return new TimedStep(step["startPs"].Int64(), step["endPs"].Int64(), [.. transfers]);
    }
}
