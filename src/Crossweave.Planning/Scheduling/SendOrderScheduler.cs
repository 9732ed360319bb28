using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Send orders as steps: whole flows in a given order, each in the first step in which its sender and its receiver are both free. So
/// every sender serves its own flows in that order, skips one only while its receiver is taken, and two senders of one receiver are
/// told apart by the same order. Steps are matchings, valid on circuits.
/// </summary>
/// <remarks>
/// <para>SJF takes flows by size ascending, RCS in random order (baselines of Aurora, arXiv 2410.17043; deployment spec section 4). There,
/// without circuits, colliding senders share the receiver instead of waiting for the next step; that fluid run belongs to a flow
/// simulator and is not what these steps are timed as.</para>
/// <para>At most 2 D - 1 steps for D non-zeros per line (each earlier step blocks a flow at one of its ports). O(n^2 log n). Ties of SJF:
/// source, then target. SJF puts flows of like size together, but leaves the longest to the end, where few overlap. Bad in general:
/// no look at the busiest port, entries whole; 1.3 to 1.9 times the port bound.</para>
/// </remarks>
public sealed class SendOrderScheduler : IScheduler
{
    public static readonly SendOrderScheduler ShortestFirst = new("sjf", "every sender its shortest flow first; a taken receiver is skipped", shuffled: false);

    public static readonly SendOrderScheduler Shuffled = new("random", "every sender its flows in random order (seeded); a taken receiver is skipped", shuffled: true);

    private readonly bool _shuffled;

    private SendOrderScheduler(string name, string summary, bool shuffled)
    {
        (Name, Summary) = (name, summary);
        _shuffled = shuffled;
    }

    public string Name { get; }

    public string Summary { get; }

    public bool KeepsEntriesWhole => true;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var n = problem.Demand.RankCount;
        var flows = Transfers.Of(problem.Demand);
        if (_shuffled) prng.Split("send order").Shuffle<Transfer>(flows);
        else Array.Sort(flows, (a, b) => a.Tokens != b.Tokens ? a.Tokens.CompareTo(b.Tokens) : ((a.Source * n) + a.Target).CompareTo((b.Source * n) + b.Target));
        var calendar = new FirstFitSlots(n);
        var steps = new List<List<Transfer>>();
        foreach (var flow in flows)
        {
            var slot = calendar.Place(flow.Source, flow.Target);
            if (slot == steps.Count) steps.Add([]);
            steps[slot].Add(flow);
        }

        foreach (var step in steps) step.Sort((a, b) => a.Source.CompareTo(b.Source));
        return new Schedule(Name, PlaneSpread.Over([.. steps.Select(s => new Step([.. s]))], problem, mayCut: false));
    }
}
