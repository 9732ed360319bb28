using Crossweave.Core.Scheduling;

namespace Crossweave.Core.Formats.Documents;

/// <summary>One step of a schedule document: transfers that overlap between <paramref name="StartPs"/> and <paramref name="EndPs"/>.</summary>
/// <param name="StartPs">First start; the reconfiguration, if any, lies before it.</param>
/// <param name="EndPs">Last arrival, or later where the step is held longer.</param>
/// <param name="Transfers">What is sent.</param>
/// <param name="Plane">Circuit switch that carries it.</param>
/// <param name="Times">
/// Start and arrival of each transfer. Null when they follow from the step: all start with it; a transfer that shares no port arrives
/// after its own time on the wire at the rate of the pair, in a step with shared ports all arrive at the end.
/// </param>
/// <param name="Nic">Two tiers: when the traffic between nodes passes the NICs: after balancing, before the hand-out. Null when there is none.</param>
/// <param name="Split">Two-way rings: which part of every transfer goes clockwise.</param>
public sealed record TimedStep(
    long StartPs, long EndPs, IReadOnlyList<Transfer> Transfers, int Plane = 0, IReadOnlyList<StepTime>? Times = null, StepTime? Nic = null, RingSplit? Split = null)
{
    /// <summary>Whether a port serves more than one transfer.</summary>
    public bool SharesPorts()
    {
        var sources = new HashSet<int>();
        var targets = new HashSet<int>();
        foreach (var t in Transfers)
            if (!sources.Add(t.Source) | !targets.Add(t.Target))
                return true;
        return false;
    }
}

/// <summary>Flow of one step on a two-way ring. A transfer of d tokens is d x <paramref name="PartsPerToken"/> parts.</summary>
/// <param name="PartsPerToken">How finely tokens are cut.</param>
/// <param name="Clockwise">Parts of each transfer that go from rank k to k + 1; the rest goes the other way.</param>
public sealed record RingSplit(long PartsPerToken, IReadOnlyList<long> Clockwise);

/// <summary>Rows of one home rank that a launch computes.</summary>
/// <param name="Source">The rank whose tokens need them; the computing rank itself for local rows.</param>
/// <param name="Tokens">How many.</param>
public readonly record struct LaunchChunk(int Source, long Tokens);

/// <summary>One expert computation on one rank.</summary>
/// <param name="Rank">Where.</param>
/// <param name="StartPs">Start.</param>
/// <param name="EndPs">End.</param>
/// <param name="Tokens">Rows, the sum of the chunks.</param>
/// <param name="Chunks">Whose rows; a pair's rows are computed in the order of their arrival.</param>
public sealed record TimedLaunch(int Rank, long StartPs, long EndPs, long Tokens, IReadOnlyList<LaunchChunk> Chunks);

/// <summary>What a schedule document holds beside the dispatch when it describes a whole layer.</summary>
/// <param name="Mode">Evaluator or layer planner that made it.</param>
/// <param name="Compute">Compute profile of every rank, as on the command line.</param>
/// <param name="IdealPs">Non-overlapped ideal, <see cref="Layers.IdealLayer"/>.</param>
/// <param name="MakespanOverIdeal">Makespan over it.</param>
/// <param name="Launches">By rank, then start.</param>
/// <param name="CombineSteps">The returns: the transposed matrix, of the tokens sent or of the rows.</param>
public sealed record LayerPart(
    string Mode, string Compute, long IdealPs, double MakespanOverIdeal, IReadOnlyList<TimedLaunch> Launches, IReadOnlyList<TimedStep> CombineSteps)
{
    /// <summary>All rows to compute when one token sent can stand for several (one copy per rank); null when every token is one row.</summary>
    public long? RowCount { get; init; }

    /// <summary>Whether every row is returned by itself; otherwise one token comes back for every token sent.</summary>
    public bool ReturnsRows { get; init; }

    /// <summary>Bytes of one returned token on the wire; null when as many as of one sent.</summary>
    public long? CombineTokenBytes { get; init; }
}
