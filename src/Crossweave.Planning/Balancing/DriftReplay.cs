using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Balancing;

/// <summary>When and how a running placement is changed: (problem with the running placement and the last window's load) to the next placement.</summary>
/// <param name="Name">Name on the command line, kebab-case; a planner's alone means a new plan every window.</param>
/// <param name="Next">The next placement.</param>
public sealed record DriftPolicy(string Name, Func<PlacementProblem, ExpertPlacement> Next);

/// <summary>A policy over all windows.</summary>
/// <param name="ComputeSeconds">Busiest ranks' time, all layers and iterations.</param>
/// <param name="MigrationSeconds">Exposed rearrangements between windows.</param>
/// <param name="TransferSeconds">Exposed weight transfers inside batches.</param>
/// <param name="Rearrangements">Times the placement changed.</param>
/// <param name="Fetched">Experts fetched by rearrangements.</param>
/// <param name="TransfersPerBatch">Weight transfers per layer and batch.</param>
/// <param name="Balance">Mean over windows and layers of mean/max rank load.</param>
/// <param name="Windows">What happened in every window after the first.</param>
public sealed record DriftOutcome(
    double ComputeSeconds, double MigrationSeconds, double TransferSeconds, int Rearrangements, long Fetched, double TransfersPerBatch, double Balance,
    IReadOnlyList<DriftWindow> Windows)
{
    public double TotalSeconds => ComputeSeconds + MigrationSeconds + TransferSeconds;
}

/// <summary>One window of a replay.</summary>
/// <param name="Balance">Mean over layers of mean/max rank load.</param>
/// <param name="Fetched">Experts fetched before it.</param>
/// <param name="Seconds">Computing and moving.</param>
public readonly record struct DriftWindow(double Balance, long Fetched, double Seconds);

/// <summary>
/// Replays traffic in windows. A policy sees an estimate from the windows that have passed and decides the placement of the next, which is judged on the
/// tokens it did not see. The first window only plans: every policy starts from the same placement, EPLB's of that window.
/// </summary>
/// <param name="Windows">Tokens of one iteration in each window.</param>
/// <param name="SlotCount">Slots per layer.</param>
/// <param name="RankCount">Ranks.</param>
/// <param name="IterationsPerWindow">Iterations between two decisions.</param>
/// <param name="Costs">What computing and moving cost.</param>
/// <param name="Memory">Weight of the estimate so far against the window that has just passed, in [0, 1); 0 knows that window only.</param>
public sealed record DriftReplay(IReadOnlyList<ExpertLoad> Windows, int SlotCount, int RankCount, int IterationsPerWindow, BalanceCosts Costs, double Memory = 0)
{
    /// <summary>Never, every window from scratch, and what this project proposes.</summary>
    /// <param name="trigger">Its horizon should be the iterations of a window or more.</param>
    public static IReadOnlyList<DriftPolicy> Policies(MigrationTrigger trigger) =>
    [
        new("never", problem => problem.Previous!),
        new("eplb", problem => new EplbPlanner().Plan(problem, new Prng(1))),
        new("refined", problem => new RefinedPlanner(allowDuplicates: true).Plan(problem, new Prng(1))),
        new("eplb-when-it-pays", problem =>
        {
            var planned = new EplbPlanner().Plan(problem, new Prng(1));
            return trigger.Decide(problem.Previous!, planned, problem.Load).Act ? planned : problem.Previous!;
        }),
        new("incremental", problem => new IncrementalPlanner().Plan(problem, new Prng(1))),
        new("incremental-when-it-pays", problem => trigger.Choose(problem).Placement),
    ];

    public DriftOutcome Run(DriftPolicy policy, IBatchDispatch dispatch, Prng prng)
    {
        var running = new EplbPlanner().Plan(new PlacementProblem(Windows[0], SlotCount, RankCount), prng);
        var (compute, migration, transfer, balance) = (0.0, 0.0, 0.0, 0.0);
        var (rearrangements, fetched, transfers, judged) = (0, 0L, 0L, 0);
        var expected = Windows[0];
        var windows = new DriftWindow[Windows.Count - 1];
        for (var w = 1; w < Windows.Count; w++)
        {
            if (w > 1) expected = Blend(expected, Windows[w - 1]);
            var next = policy.Next(new PlacementProblem(expected, SlotCount, RankCount) { Previous = running });
            var moved = PlacementMetrics.Fetched(running, next);
            var (secondsBefore, balanceBefore) = (compute + migration + transfer, balance);
            if (moved > 0)
            {
                rearrangements++;
                fetched += moved;
                migration += Costs.Moving.Rearrange(running, next);
            }

            running = next;
            for (var l = 0; l < running.Layers.Count; l++, judged++)
            {
                var tokens = Windows[w].Layer(l);
                var outcome = dispatch.Split(running.Layers[l], tokens, prng.Split(w).Split(l));
                var max = outcome.RankLoad.Max();
                compute += max * Costs.SecondsPerToken * IterationsPerWindow;
                balance += max == 0 ? 1 : outcome.RankLoad.Sum() / RankCount / max;
                transfers += outcome.Transfers.Count;
                transfer += Costs.Moving.Fetch(outcome.Transfers.GroupBy(t => t.Target).Select(g => g.LongCount()).DefaultIfEmpty(0).Max()) * IterationsPerWindow;
            }

            windows[w - 1] = new DriftWindow((balance - balanceBefore) / running.Layers.Count, moved, compute + migration + transfer - secondsBefore);
        }

        return new DriftOutcome(compute, migration, transfer, rearrangements, fetched, (double)transfers / judged, balance / judged, windows);
    }

    private ExpertLoad Blend(ExpertLoad before, ExpertLoad last)
    {
        var tokens = new long[last.LayerCount * last.ExpertCount];
        for (var l = 0; l < last.LayerCount; l++)
            for (var e = 0; e < last.ExpertCount; e++)
                tokens[(l * last.ExpertCount) + e] = (long)Math.Round((Memory * before.Layer(l)[e]) + ((1 - Memory) * last.Layer(l)[e]), MidpointRounding.AwayFromZero);
        return new ExpertLoad(last.LayerCount, last.ExpertCount, tokens, last.LayerIds);
    }

    /// <summary>Seconds that no placement and no dispatch gets below: every rank at the mean in every layer, nothing moved.</summary>
    public double PerfectSeconds()
    {
        var tokens = 0.0;
        for (var w = 1; w < Windows.Count; w++)
            for (var l = 0; l < Windows[w].LayerCount; l++)
                foreach (var t in Windows[w].Layer(l))
                    tokens += t;
        return tokens / RankCount * Costs.SecondsPerToken * IterationsPerWindow;
    }
}
