using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Tests.Assignment;

public sealed class AssignmentSolverTests
{
    [Theory]
    [InlineData(1, 30)]
    [InlineData(3, 150)]
    [InlineData(5, 150)]
    [InlineData(6, 40)]
    [InlineData(7, 12)]
    public void Optimum_and_lexicographic_tie_match_all_permutations(int n, int cases)
    {
        var solver = new AssignmentSolver();
        for (var seed = 0; seed < cases; seed++)
        {
            var prng = new Prng(1000).Split(n).Split(seed);
            // Few distinct values, so that ties and zeros abound; every third case has negative weights, every fourth is wide.
            var values = 1 + prng.NextInt(5);
            var scale = seed % 4 == 3 ? 1L << 40 : 1L;
            var weights = new long[n * n];
            foreach (ref var w in weights.AsSpan()) w = (prng.NextInt(values + 1) - (seed % 3 == 2 ? 2 : 0)) * scale;
            foreach (var maximize in new[] { true, false })
            {
                var (total, best) = Enumerate(weights, n, maximize);
                var found = maximize ? solver.Maximize(weights, n, n) : solver.Minimize(weights, n, n);
                Assert.True(total == found, $"n {n} seed {seed}: {found} instead of {total}");
                Assert.True(solver.ColumnOfRow.SequenceEqual(best), $"n {n} seed {seed}: {Text(solver.ColumnOfRow)} instead of {Text(best)}");
            }
        }
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(5, 2)]
    [InlineData(4, 6)]
    [InlineData(6, 3)]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    public void Rectangular_optimum_matches_enumeration(int rows, int columns)
    {
        var solver = new AssignmentSolver();
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng(2000).Split((rows * 10) + columns).Split(seed);
            var weights = new long[rows * columns];
            foreach (ref var w in weights.AsSpan()) w = prng.NextInt(7) - 2;
            var side = Math.Max(rows, columns);
            var square = new long[side * side];
            for (var i = 0; i < rows; i++) weights.AsSpan(i * columns, columns).CopyTo(square.AsSpan(i * side));
            var (total, best) = Enumerate(square, side, maximize: true);
            Assert.Equal(total, solver.Maximize(weights, rows, columns));
            Assert.Equal(best.Take(rows).Select(c => c < columns ? c : -1), solver.ColumnOfRow.ToArray());
        }
    }

    [Theory]
    [InlineData(16, 1_000_000)]
    [InlineData(33, 100)]
    [InlineData(64, 3)]
    [InlineData(65, 2_000_000_000)]
    [InlineData(130, 5000)]
    [InlineData(200, 40)]
    public void Duals_prove_the_optimum(int n, int values)
    {
        var solver = new AssignmentSolver();
        for (var seed = 0; seed < 4; seed++)
        {
            var weights = Random(n, values, new Prng(3000).Split(n).Split(seed), seed % 2 == 0 ? 0.0 : 0.7);
            var total = solver.Maximize(weights, n, n);
            Certify(solver, weights, n, total);
        }
    }

    [Fact]
    public void Warm_start_gives_the_cold_result_while_entries_change()
    {
        foreach (var (n, values) in new[] { (5, 4), (24, 9), (70, 1000), (40, int.MaxValue) })
        {
            var prng = new Prng(4000).Split(n);
            var weights = Random(n, values, prng, 0.3);
            var warm = new AssignmentSolver();
            warm.Maximize(weights, n, n);
            for (var round = 0; round < 60; round++)
            {
                for (var k = prng.NextInt(2 * n); k >= 0; k--)
                    weights[prng.NextInt(n * n)] = prng.NextInt(3) == 0 ? 0 : prng.NextInt(values);
                var cold = new AssignmentSolver();
                var total = cold.Maximize(weights, n, n);
                Assert.Equal(total, warm.Resolve(weights));
                Assert.True(cold.ColumnOfRow.SequenceEqual(warm.ColumnOfRow), $"n {n} round {round}");
                Certify(warm, weights, n, total);
            }
        }
    }

    [Fact]
    public void Narrow_and_wide_arithmetic_agree()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            const int N = 37;
            var weights = Random(N, 6, new Prng(5000).Split(seed), 0.4);
            var solver = new AssignmentSolver();
            var total = solver.Maximize(weights, N, N);
            var narrow = solver.ColumnOfRow.ToArray();
            Assert.Equal(total << 34, solver.Maximize(Array.ConvertAll(weights, w => w << 34), N, N));
            Assert.Equal(narrow, solver.ColumnOfRow.ToArray());
        }
    }

    [Fact]
    public void Solving_again_allocates_nothing()
    {
        var weights = Random(48, 1000, new Prng(6000), 0.5);
        var solver = new AssignmentSolver();
        solver.Maximize(weights, 48, 48);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var k = 0; k < 10; k++) solver.Maximize(weights, 48, 48);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Weights_that_could_overflow_are_refused() =>
        Assert.Throws<ArgumentException>(() => new AssignmentSolver().Maximize([long.MaxValue / 2, 0, 0, 1], 2, 2));

    private static void Certify(AssignmentSolver solver, long[] weights, int n, long total)
    {
        var u = new long[n];
        var v = new long[n];
        solver.CopyDuals(u, v);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                Assert.True(u[i] + v[j] <= -weights[(i * n) + j], $"n {n}: dual infeasible at {i}, {j}");
        Assert.Equal(-total, u.Sum() + v.Sum());
        Assert.Equal(n, solver.ColumnOfRow.ToArray().Distinct().Count());
    }

    private static long[] Random(int n, int values, Prng prng, double zeros)
    {
        var weights = new long[n * n];
        foreach (ref var w in weights.AsSpan()) w = prng.NextDouble() < zeros ? 0 : prng.NextInt(values);
        return weights;
    }

    private static (long Total, int[] Best) Enumerate(long[] weights, int n, bool maximize)
    {
        var best = maximize ? long.MinValue : long.MaxValue;
        var vector = new int[n];
        var current = new int[n];
        Recurse(0, 0, 0);
        return (best, vector);

        void Recurse(int row, int used, long sum) // lexicographic order, so the first optimum met is the smallest
        {
            if (row == n)
            {
                if (maximize ? sum <= best : sum >= best) return;
                best = sum;
                current.CopyTo(vector, 0);
                return;
            }

            for (var j = 0; j < n; j++)
            {
                if ((used >> j & 1) != 0) continue;
                current[row] = j;
                Recurse(row + 1, used | 1 << j, sum + weights[(row * n) + j]);
            }
        }
    }

    private static string Text(ReadOnlySpan<int> v) => string.Join(' ', v.ToArray());
}
