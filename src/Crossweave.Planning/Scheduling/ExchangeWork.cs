using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// An exchange in the integer units of time of <see cref="PairWork"/>, with conversions between permutations, slices and steps.
/// </summary>
internal sealed class ExchangeWork
{
    private readonly SchedulingProblem _problem;

    public ExchangeWork(SchedulingProblem problem)
    {
        _problem = problem;
        var pairs = new PairWork(problem);
        (Size, UnitPs, Cost, Units) = (pairs.Size, pairs.UnitPs, pairs.Cost, pairs.Matrix());
        DelayUnits = (problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0) / (double)UnitPs;
    }

    public int Size { get; }

    /// <summary>Units per token of each pair: all ones when the ports are equal.</summary>
    public long[] Cost { get; }

    /// <summary>Tokens x cost.</summary>
    public long[] Units { get; }

    public long UnitPs { get; }

    public double DelayUnits { get; }

    /// <summary>
    /// Steps that carry the exchange exactly, from permutations whose weights cover <see cref="Units"/>: every pair carries in each
    /// permutation, in order, what is left up to the weight. A token counts as sent in the permutation in which it begins, so a step may
    /// outlast its weight by less than one token of its slowest pair. Permutations that would carry nothing are left out.
    /// </summary>
    public List<Step> Cover(List<int[]> permutations, List<long> weights)
    {
        var pairs = new PairWork(_problem);
        var steps = new List<Step>(permutations.Count);
        for (var p = 0; p < permutations.Count; p++)
            if (pairs.Carry(permutations[p], weights[p]) is { } step)
                steps.Add(step);
        if (!pairs.IsDone) throw new InvalidOperationException("the permutations do not cover the exchange");
        return steps;
    }

    /// <summary>A schedule as slices in units; null when one of its steps is not a matching.</summary>
    public SliceList? Slices(Schedule schedule)
    {
        var slices = new SliceList(Size);
        var (columns, amounts, taken) = (new int[Size], new long[Size], new bool[Size]);
        foreach (var step in schedule.Steps)
        {
            Array.Clear(amounts);
            Array.Clear(taken);
            foreach (var t in step.Transfers)
            {
                if (amounts[t.Source] > 0 || taken[t.Target]) return null;
                (columns[t.Source], taken[t.Target]) = (t.Target, true);
                amounts[t.Source] = t.Tokens * Cost[(t.Source * Size) + t.Target];
            }

            slices.Add(columns, amounts);
        }

        return slices;
    }

    /// <summary>Steps of slices whose amounts are whole tokens, longest first; ties as in the list.</summary>
    public List<Step> Steps(SliceList slices)
    {
        var steps = new List<Step>(slices.Count);
        var tokens = new long[Size];
        foreach (var slice in Enumerable.Range(0, slices.Count).OrderByDescending(slices.Duration))
        {
            for (var source = 0; source < Size; source++)
            {
                var target = slices.Columns(slice)[source];
                tokens[source] = target < 0 ? 0 : slices.Amounts(slice)[source] / Cost[(source * Size) + target];
            }

            steps.Add(Matchings.StepOf(slices.Columns(slice), tokens));
        }

        return steps;
    }
}
