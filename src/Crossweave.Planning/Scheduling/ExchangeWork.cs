using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// An exchange in integer units of time: what decompositions work on. A unit is the largest common divisor of the times of one token over
/// all pairs, so on equal ports it is one token; on unequal ports each pair counts with its own time (PAIR of deployment spec 2.4).
/// </summary>
internal sealed class ExchangeWork
{
    public ExchangeWork(SchedulingProblem problem)
    {
        var (fabric, n) = (problem.Fabric, problem.Demand.RankCount);
        Size = n;
        Tokens = problem.Demand.Cells.ToArray();
        for (var i = 0; i < n; i++) Tokens[(i * n) + i] = 0;
        Cost = new long[n * n];
        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
            {
                var ps = Math.Max(1, fabric.PairRate(source, target).TransferPs(Math.Max(1, problem.TokenBytes.Value)));
                Cost[(source * n) + target] = ps;
                UnitPs = Gcd(UnitPs, ps);
            }

        for (var k = 0; k < Cost.Length; k++) Cost[k] /= UnitPs;
        Units = new long[n * n];
        for (var k = 0; k < Units.Length; k++) Units[k] = checked(Tokens[k] * Cost[k]);
        DelayUnits = (fabric.ReconfigurationDelay?.Picoseconds ?? 0) / (double)UnitPs;
    }

    public int Size { get; }

    /// <summary>Tokens per pair, the diagonal zero.</summary>
    public long[] Tokens { get; }

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
        var left = Tokens.ToArray();
        var served = new long[Units.Length]; // time given to each pair
        var steps = new List<Step>(permutations.Count);
        var tokens = new long[Size];
        for (var p = 0; p < permutations.Count; p++)
        {
            var any = false;
            for (var source = 0; source < Size; source++)
            {
                var pair = (source * Size) + permutations[p][source];
                var before = CeilDivide(served[pair], Cost[pair]);
                served[pair] += weights[p];
                tokens[source] = Math.Min(left[pair], CeilDivide(served[pair], Cost[pair]) - before);
                left[pair] -= tokens[source];
                any |= tokens[source] > 0;
            }

            if (any) steps.Add(Matchings.StepOf(permutations[p], tokens));
        }

        if (left.AsSpan().ContainsAnyExcept(0L)) throw new InvalidOperationException("the permutations do not cover the exchange");
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

    private static long CeilDivide(long value, long divisor) => (value + divisor - 1) / divisor;

    private static long Gcd(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
