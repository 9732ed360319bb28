using Crossweave.Core.Bounds;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Layers;

/// <summary>One MoE layer on one fabric: dispatch, expert compute, combine.</summary>
/// <param name="Traffic">Copies and work.</param>
/// <param name="Fabric">Ports and delay.</param>
/// <param name="ComputeOfRank">One profile per rank (equal devices share one instance).</param>
public sealed record LayerProblem(LayerTraffic Traffic, Fabric Fabric, IReadOnlyList<ComputeProfile> ComputeOfRank);

/// <summary>A schedule for every exchange of the layer, in the order of <see cref="LayerTraffic"/>.</summary>
/// <param name="Dispatch">Per dispatch exchange.</param>
/// <param name="Combine">Per combine exchange.</param>
/// <param name="Launches">What is computed together; null leaves it to the evaluator.</param>
/// <param name="NetworkOrder">
/// How the steps share the ports: every dispatch and every combine step once, each kind ascending (network mode b of scheduling spec 2.1). Null: all
/// dispatch exchanges one after another, then all combine exchanges (mode a).
/// </param>
public sealed record LayerSchedule(
    IReadOnlyList<Schedule> Dispatch,
    IReadOnlyList<Schedule> Combine,
    LaunchPlan? Launches = null,
    IReadOnlyList<NetworkSlot>? NetworkOrder = null);

/// <summary>What an interval of a timeline shows.</summary>
public enum ActivityKind
{
    Reconfigure,
    Dispatch,
    Launch,
    Combine,
}

/// <summary>One interval of a timeline.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Rank">Sending rank, computing rank, or -1 for the whole fabric.</param>
/// <param name="Peer">Receiving rank, or -1.</param>
/// <param name="StartPs">Start.</param>
/// <param name="EndPs">End.</param>
/// <param name="Tokens">Copies moved or rows computed.</param>
/// <param name="Step">Index of the step or launch it belongs to.</param>
/// <param name="Plane">Circuit switch that carries it or reconfigures.</param>
/// <param name="Via">Two tiers: the NIC it takes, <see cref="Transfer.Via"/>.</param>
/// <param name="Nic">Two tiers: when its step passes the NICs; null when nothing of it leaves a node.</param>
public readonly record struct Activity(
    ActivityKind Kind, int Rank, int Peer, long StartPs, long EndPs, long Tokens, int Step, int Plane = 0, int Via = -1, StepTime? Nic = null);

/// <summary>What a layer evaluator (simulator or real run) reports.</summary>
/// <param name="Evaluator">Registered name.</param>
/// <param name="Makespan">Last finish.</param>
/// <param name="DispatchEnd">Last byte of dispatch delivered.</param>
/// <param name="ComputeEnd">Last launch finished.</param>
/// <param name="Bounds">Every lower bound that applies to this evaluator's mode.</param>
/// <param name="Activities">The timeline, ordered by start, then rank.</param>
public sealed record LayerOutcome(
    string Evaluator,
    SimTime Makespan,
    SimTime DispatchEnd,
    SimTime ComputeEnd,
    IReadOnlyList<LowerBound> Bounds,
    IReadOnlyList<Activity> Activities)
{
    /// <summary>The largest bound; its Bottleneck names the port or rank.</summary>
    public LowerBound BestBound => Bounds.MaxBy(b => b.Value.Picoseconds) ?? new LowerBound("none", SimTime.Zero, "none");

    /// <summary>Makespan over the best bound; 1 when both are zero.</summary>
    public double Gap => Makespan.Picoseconds == 0 ? 1.0 : (double)Makespan.Picoseconds / Math.Max(1, BestBound.Value.Picoseconds);
}

/// <summary>Predicts or measures a layer. Simulators and the runtime implement it, so their numbers are columns of one table.</summary>
public interface ILayerEvaluator
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    LayerOutcome Evaluate(LayerProblem problem, LayerSchedule schedule);
}
