using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Spectra's Decompose and Refine (arXiv 2603.07373; scheduling spec 3.8): covers a non-negative matrix D with exactly as many weighted
/// permutations as its fullest line has non-zeros, sum of weight x permutation >= D entry by entry.
/// </summary>
/// <remarks>
/// <para>While the support S has entries: of all permutations that meet every line with the most entries of S on an entry of S (they
/// exist by König's line colouring) take the one of largest weight under the rest R; its weight is the smallest R on it; subtract it and
/// remove its pairs from S. Then raise the weights, in order, until nothing is uncovered. The condition is a bonus of more than n x max R
/// per such line on the entries of S, so each permutation is one assignment: O(degree x n^3).</para>
/// <para>As printed the weights of pairs that left S still count; a line that is not critical then may choose a pair again that no longer
/// needs it, and on sparse matrices whose lines differ the sum of weights grows far beyond the load. <em>Masked</em> (ours) lets only
/// entries of S count. Ties: the lexicographically smallest permutation (<see cref="AssignmentSolver"/>).</para>
/// </remarks>
public static class SpectraDecomposition
{
    /// <param name="cells">D, row-major n x n.</param>
    /// <param name="size">n.</param>
    /// <param name="masked">Pairs outside S weigh nothing.</param>
    /// <returns>Column of each row, and the weight, per permutation. A weight can be 0 as printed.</returns>
    public static (List<int[]> Permutations, List<long> Weights) Decompose(ReadOnlySpan<long> cells, int size, bool masked)
    {
        var rest = cells.ToArray();
        var open = new bool[rest.Length]; // S
        var (rowDegree, columnDegree) = (new int[size], new int[size]);
        for (var k = 0; k < rest.Length; k++)
        {
            if (rest[k] < 0) throw new ArgumentException("cells must not be negative");
            if (rest[k] == 0) continue;
            open[k] = true;
            rowDegree[k / size]++;
            columnDegree[k % size]++;
        }

        var (permutations, weights) = (new List<int[]>(), new List<long>());
        var (solver, benefit) = (new AssignmentSolver(), new long[rest.Length]);
        while (Math.Max(Largest(rowDegree), Largest(columnDegree)) is > 0 and var degree)
        {
            Benefits(rest, open, rowDegree, columnDegree, degree, masked, benefit);
            solver.Maximize(benefit, size, size);
            var permutation = solver.ColumnOfRow.ToArray();
            var weight = long.MaxValue;
            for (var i = 0; i < size; i++) weight = Math.Min(weight, rest[(i * size) + permutation[i]]);
            for (var i = 0; i < size; i++)
            {
                var cell = (i * size) + permutation[i];
                rest[cell] -= weight;
                if (!open[cell]) continue;
                open[cell] = false;
                rowDegree[i]--;
                columnDegree[permutation[i]]--;
            }

            permutations.Add(permutation);
            weights.Add(weight);
        }

        Refine(cells, size, permutations, weights);
        return (permutations, weights);
    }

    private static void Benefits(
        ReadOnlySpan<long> rest, ReadOnlySpan<bool> open, ReadOnlySpan<int> rowDegree, ReadOnlySpan<int> columnDegree, int degree, bool masked, Span<long> benefit)
    {
        var n = rowDegree.Length;
        var largest = 0L;
        foreach (var r in rest) largest = Math.Max(largest, r);
        // 4 n x (2 bonuses and a rest) must stay in the range of the solver; larger values lose low bits, the bonus never does.
        var shift = 0;
        while ((largest >> shift) > long.MaxValue / 64 / (16L * (n + 1) * (n + 1))) shift++;
        var bonus = ((n + 1) * (largest >> shift)) + 1;
        for (var k = 0; k < benefit.Length; k++)
        {
            benefit[k] = masked && !open[k] ? 0 : rest[k] >> shift;
            if (!open[k]) continue;
            if (rowDegree[k / n] == degree) benefit[k] += bonus;
            if (columnDegree[k % n] == degree) benefit[k] += bonus;
        }
    }

    private static void Refine(ReadOnlySpan<long> cells, int size, List<int[]> permutations, List<long> weights)
    {
        var rest = cells.ToArray();
        for (var p = 0; p < permutations.Count; p++) Cover(rest, size, permutations[p], weights[p]);
        for (var p = 0; p < permutations.Count; p++)
        {
            var missing = 0L;
            for (var i = 0; i < size; i++) missing = Math.Max(missing, rest[(i * size) + permutations[p][i]]);
            weights[p] += missing;
            Cover(rest, size, permutations[p], missing);
        }
    }

    private static void Cover(Span<long> rest, int size, ReadOnlySpan<int> permutation, long weight)
    {
        for (var i = 0; i < size; i++)
        {
            ref var r = ref rest[(i * size) + permutation[i]];
            r = Math.Max(0, r - weight);
        }
    }

    private static int Largest(ReadOnlySpan<int> values)
    {
        var largest = 0;
        foreach (var v in values) largest = Math.Max(largest, v);
        return largest;
    }
}
