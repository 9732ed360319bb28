using Crossweave.Algorithms;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Shifted diagonals ("SpreadOut"): step k pairs rank i with rank (i + k) mod n, k = 1 .. n-1, whole entries. Needs no
/// knowledge of the traffic. O(n^2). Bad when entries on one diagonal differ much: every step lasts as long as its largest.
/// </summary>
public sealed class ShiftedScheduler : IScheduler
{
    public string Name => "shifted";

    public string Summary => "shifted diagonals: step k pairs i with (i + k) mod n (SpreadOut)";

    public bool KeepsEntriesWhole => true;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var demand = problem.Demand;
        var n = demand.RankCount;
        var steps = new List<Step>(n);
        var transfers = new List<Transfer>(n);
        for (var k = 1; k < n; k++)
        {
            transfers.Clear();
            for (var i = 0; i < n; i++)
            {
                var target = (i + k) % n;
                if (demand[i, target] > 0) transfers.Add(new Transfer(i, target, demand[i, target]));
            }

            if (transfers.Count > 0) steps.Add(new Step([.. transfers]));
        }

        return new Schedule(Name, PlaneSpread.Over(steps, problem, mayCut: false));
    }
}
