using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>In which order the stages of a two-tier schedule run.</summary>
public enum StageOrder
{
    /// <summary>Smallest first, as FAST does: what a stage delivered is handed out under a longer one.</summary>
    Ascending,

    /// <summary>Largest first: much work arrives early.</summary>
    Descending,
}

/// <summary>How stages become steps.</summary>
/// <param name="Order">Order of the stages.</param>
/// <param name="StepLimit">At most so many steps: neighbouring stages are merged into steps of about equal length; 0 = one step per stage.</param>
public sealed record FastOptions(StageOrder Order = StageOrder.Ascending, int StepLimit = 0);

/// <summary>
/// FAST's two tiers (arXiv 2505.09764, NSDI 2026; scheduling spec 3.9): per pair of nodes the tokens are spread evenly over the NICs of
/// the sending node (sender balance), rank g there sends to rank g here (merged peer transfers), the node matrix (tile / ranks per node)
/// is embedded into equal line sums and cut into matchings of nodes by Birkhoff, and the receiving rank g hands the tokens out.
/// Stages run in ascending order; traffic inside nodes, hand-outs and balancing overlap them.
/// </summary>
/// <remarks>
/// <para>At most N^2 - 2N + 2 stages for N nodes of M ranks. Differences to the paper, for the better: balancing is not finished before
/// the first stage but runs ahead of each; stages are cut into pieces of at most 1/(4N) of the work, without which neither the first
/// balancing nor the last hand-out is hidden by anything (a permutation of nodes has one stage); traffic inside nodes waits until it fits.
/// With it the published guarantee T at most T* (1 + (B2/B1)(M + M/N)) holds for every matrix (up to one token per NIC and stage) while
/// (M - 1) B2 is at most B1: when NICs wait, the scale-up network has been busy from the start, with at most (M - 1) B2 / B1 of the
/// NICs' time for balancing and the same for handing out. Traffic inside nodes may add its own time.</para>
/// <para>Tokens stay on their rank's own NIC while there is room, take the NIC of their target's index where possible, and those that
/// need no hand-out go last. Ties: lowest rank, then target. On a flat fabric every rank is its own node: Birkhoff on the embedding.
/// Cost: Birkhoff over N nodes plus O(transfers). Ignores compute; see <see cref="FastOptions"/> and TwoTierPlanner.</para>
/// </remarks>
public sealed class FastScheduler(FastOptions? options = null) : IScheduler
{
    private const int PiecesPerNode = 4;

    private readonly FastOptions _options = options ?? new FastOptions();

    public string Name => "fast";

    public string Summary => "FAST's two tiers: balanced senders, merged peer transfers, Birkhoff over nodes, hand-out in the shadow";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var fabric = problem.Fabric;
        var (nodes, perNode) = (fabric.NodeCount, fabric.RanksPerNode);
        var tiles = new NodeTiles(problem.Demand, nodes);
        var stages = NodeStages.Cut(tiles.PerNic, nodes).OrderBy(s => s.Length).ToList(); // stable: then the order of extraction
        if (perNode > 1) stages = Pieces(stages, nodes);
        if (_options.Order == StageOrder.Descending) stages.Reverse();
        var steps = Steps(stages, tiles);
        if (perNode == 1) return new Schedule(Name, steps);
        AddInside(steps, tiles.Inside(), problem);
        return new Schedule(Name, steps);
    }

    // Balancing before a stage and the hand-out after it are hidden only by other stages, so none may be long.
    private static List<NodeStage> Pieces(List<NodeStage> stages, int nodes)
    {
        var total = stages.Sum(s => s.Length);
        var all = new List<NodeStage>();
        foreach (var stage in stages)
        {
            var pieces = (long)Int128.Min(stage.Length, ((Int128)stage.Length * PiecesPerNode * nodes + total - 1) / total);
            for (var k = 0L; k < pieces; k++)
            {
                var amounts = Array.ConvertAll(stage.Amounts, a => Part(a, k + 1) - Part(a, k));
                all.Add(new NodeStage(stage.TargetOfNode, amounts, amounts.Max()));
            }

            long Part(long amount, long count) => (long)((Int128)amount * count / pieces);
        }

        return all;
    }

    // Traffic inside nodes goes with the first step by whose end it fits twice beside the NICs' work; earlier it would hold up balancing.
    private static void AddInside(List<Step> steps, List<Transfer> inside, SchedulingProblem problem)
    {
        if (inside.Count == 0) return;
        if (steps.Count == 0)
        {
            steps.Add(new Step([.. inside]));
            return;
        }

        var fabric = problem.Fabric;
        var (up, down) = (new long[fabric.RankCount], new long[fabric.RankCount]);
        foreach (var t in inside)
        {
            up[t.Source] += t.Tokens;
            down[t.Target] += t.Tokens;
        }

        var nicTokens = 2.0 * Math.Max(up.Max(), down.Max()) * fabric.ScaleOutSendRate(0).BitsPerSecond / fabric.ScaleUpSendRate(0).BitsPerSecond;
        var (at, done) = (0, 0L);
        for (; at < steps.Count - 1; at++)
        {
            Array.Clear(up);
            foreach (var t in steps[at].Transfers) up[(fabric.NodeOf(t.Source) * fabric.RanksPerNode) + t.Via] += t.Tokens;
            done += up.Max();
            if (done >= nicTokens) break;
        }

        steps[at] = new Step([.. inside, .. steps[at].Transfers]);
    }

    private List<Step> Steps(List<NodeStage> stages, NodeTiles tiles)
    {
        var steps = new List<Step>(stages.Count);
        var total = stages.Sum(s => s.Length);
        var transfers = new List<Transfer>();
        var (done, next) = (0L, 1);
        for (var k = 0; k < stages.Count; k++)
        {
            var stage = stages[k];
            for (var node = 0; node < stage.Amounts.Length; node++)
                if (stage.Amounts[node] > 0)
                    tiles.Take(node, stage.TargetOfNode[node], stage.Amounts[node], transfers);
            done += stage.Length;
            if (_options.StepLimit > 0 && k < stages.Count - 1 && (Int128)done * _options.StepLimit < (Int128)total * next) continue;
            while (_options.StepLimit > 0 && (Int128)done * _options.StepLimit >= (Int128)total * next) next++;
            if (transfers.Count > 0) steps.Add(new Step([.. transfers]));
            transfers.Clear();
        }

        return steps;
    }
}

/// <summary>One matching of nodes.</summary>
/// <param name="TargetOfNode">Whom each node sends to.</param>
/// <param name="Amounts">Real tokens per NIC and sending node; 0 = dummy.</param>
/// <param name="Length">The largest of them.</param>
internal sealed record NodeStage(int[] TargetOfNode, long[] Amounts, long Length);

/// <summary>Birkhoff on the embedded node matrix; stages that carry dummies only are dropped, the others cut down to their real traffic.</summary>
internal static class NodeStages
{
    public static List<NodeStage> Cut(ReadOnlySpan<long> matrix, int nodes)
    {
        var left = matrix.ToArray();
        var stuffed = matrix.ToArray();
        LineSums.StuffFast(stuffed, nodes);
        var decomposition = new BirkhoffDecomposition(nodes);
        decomposition.Start(stuffed, MatchingRule.HeavyFirst);
        var stages = new List<NodeStage>();
        var targets = new int[nodes];
        while (decomposition.Next(targets) is > 0 and var weight)
        {
            var (amounts, longest) = (new long[nodes], 0L);
            for (var node = 0; node < nodes; node++)
            {
                ref var rest = ref left[(node * nodes) + targets[node]];
                amounts[node] = Math.Min(rest, weight);
                rest -= amounts[node];
                longest = Math.Max(longest, amounts[node]);
            }

            if (longest > 0) stages.Add(new NodeStage([.. targets], amounts, longest));
        }

        return stages;
    }
}
