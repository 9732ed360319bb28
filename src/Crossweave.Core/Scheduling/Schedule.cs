namespace Crossweave.Core.Scheduling;

/// <summary>Planned tokens from one rank to another.</summary>
public readonly record struct Transfer(int Source, int Target, long Tokens);

/// <summary>
/// Transfers that overlap in time. On circuit fabrics they form a matching (every source and every target at most once);
/// on packet fabrics they may share ports and then proceed at paced rates.
/// </summary>
/// <param name="transfers">What is sent; the diagonal never is.</param>
/// <param name="held">
/// A local transfer (source = target) that the step waits for although it needs no port: decompositions that count the diagonal, as
/// the Birkhoff baseline of arXiv 2605.26845 does, keep their circuits up that long. Null for all others.
/// </param>
/// <param name="plane">The circuit switch that carries it, 0 .. <see cref="Fabrics.Fabric.PlaneCount"/> - 1; steps of different planes run side by side.</param>
public sealed class Step(Transfer[] transfers, Transfer? held = null, int plane = 0)
{
    public Transfer[] Transfers { get; } = transfers;

    public Transfer? Held { get; } = held;

    public int Plane { get; } = plane;
}

/// <summary>Ordered steps that together carry a traffic matrix exactly. Untimed: <see cref="ScheduleTiming"/> gives the times.</summary>
/// <param name="Scheduler">Registered name of the maker.</param>
/// <param name="Steps">In order of execution; the order matters within a plane only.</param>
public sealed record Schedule(string Scheduler, IReadOnlyList<Step> Steps);

/// <summary>Start and end of one step. The reconfiguration, if any, lies before <paramref name="StartPs"/>.</summary>
public readonly record struct StepTime(long StartPs, long EndPs);
