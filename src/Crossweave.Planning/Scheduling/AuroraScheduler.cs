using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Algorithm 1 of Aurora (arXiv 2410.17043) in the two readings of deployment spec 3.5: single tokens in slots, at most one sent and one
/// received per rank and slot. Slots in which the same pairs are busy and which follow one another become one step.
/// </summary>
/// <remarks>
/// <para>First fit, the literal reading: the tokens of the bottleneck row or column (row on ties, lowest index) in random order, each in
/// the lowest slot free at both its ports; then rank by rank, by descending max(row, column) of what is left (ties by index), the
/// tokens of the rank's row and column. Row matching, the generous one: senders by descending row sum, their tokens matched to the slots
/// below b_max as far as possible, the rest first-fit behind.</para>
/// <para>A slot-by-slot order for packet networks: it is timed without delays between slots (circuits would pay delta per slot). Above
/// 2^17 tokens an item is a block of equally many tokens, the last one of a pair shorter, so memory and time stay bounded: O(items x
/// slots / 64) at worst, and for row matching up to n times that. Ports of unequal rate wait for the slowest pair of each slot.</para>
/// <para>Bad on balanced traffic: never optimal there, 1.12 to 1.20 times b_max on average for first fit (spec section 7).</para>
/// </remarks>
public sealed class AuroraScheduler : IScheduler
{
    public static readonly AuroraScheduler FirstFit = new("aurora1", "Aurora's Algorithm 1 to the letter: tokens first-fit into slots, rank by rank", matchesRows: false);

    public static readonly AuroraScheduler RowMatching = new("aurora1-rowmatch", "Aurora's Algorithm 1 with each sender's tokens matched to the slots below b_max", matchesRows: true);

    private const long MostItems = 1 << 17;

    private readonly bool _matchesRows;

    private AuroraScheduler(string name, string summary, bool matchesRows)
    {
        (Name, Summary) = (name, summary);
        _matchesRows = matchesRows;
    }

    public string Name { get; }

    public string Summary { get; }

    public bool KeepsEntriesWhole => false;

    public Fabric TimedOn(Fabric fabric) => FabricKinds.PacketTwin(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var demand = problem.Demand;
        var n = demand.RankCount;
        var block = Math.Max(1, (demand.RemoteTotal() + MostItems - 1) / MostItems);
        var items = new int[n * n];
        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
                if (source != target)
                    items[(source * n) + target] = (int)((demand[source, target] + block - 1) / block);
        var order = prng.Split("token order");
        var placed = _matchesRows ? SlotOrders.RowMatching(items, n, order) : SlotOrders.FirstFit(items, n, order);
        return new Schedule(Name, Steps(SlotOrders.Sort(placed), demand.Cells, n, block));
    }

    private static List<Step> Steps(ReadOnlySpan<SlotItem> placed, ReadOnlySpan<long> demand, int n, long block)
    {
        var left = demand.ToArray();
        var steps = new List<Step>();
        Transfer[] step = [];
        for (var first = 0; first < placed.Length;)
        {
            var end = first;
            while (end < placed.Length && placed[end].Slot == placed[first].Slot) end++;
            var slot = placed[first..end];
            first = end;
            if (!SamePairs(step, slot))
            {
                step = new Transfer[slot.Length];
                for (var k = 0; k < step.Length; k++) step[k] = new Transfer(slot[k].Source, slot[k].Target, 0);
                steps.Add(new Step(step));
            }

            for (var k = 0; k < step.Length; k++)
            {
                ref var rest = ref left[(slot[k].Source * n) + slot[k].Target];
                var tokens = Math.Min(block, rest);
                rest -= tokens;
                step[k] = step[k] with { Tokens = step[k].Tokens + tokens };
            }
        }

        return steps;
    }

    private static bool SamePairs(ReadOnlySpan<Transfer> step, ReadOnlySpan<SlotItem> slot)
    {
        if (step.Length != slot.Length) return false;
        for (var k = 0; k < step.Length; k++)
            if (step[k].Source != slot[k].Source || step[k].Target != slot[k].Target)
                return false;
        return true;
    }
}
