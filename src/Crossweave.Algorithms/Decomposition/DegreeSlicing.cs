using Crossweave.Algorithms.Assignment;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// One slice of a matrix at a time so that as many slices as the fullest line has entries are enough, with entries of like size together.
/// Problem: cover a matrix with the fewest matchings, so that each line's t-th largest entry meets the other lines' t-th largest.
/// </summary>
/// <remarks>
/// <para>Method (ours; the condition on full lines is that of Spectra, arXiv 2603.07373): lines with the most entries are critical and must
/// finish one in this slice (possible by König's line colouring), so the largest entry of a critical line sets the duration; what is longer
/// on the other lines is cut there. Among such matchings the largest sum of linear x s + s^power with
/// s = min(entry, duration) / duration is taken: a high power looks at the longest entries only, the linear part keeps long entries out of
/// later, short slices when a few sizes are far apart. Duration and matching are found in turns.</para>
/// <para>Slices: at most the degree, exactly it for whole amounts. Amounts are whole multiples of the grain of their pair. Cost: at most three
/// assignments per slice, O(n^3) each. Ties: <see cref="AssignmentSolver"/>. Bad when long and short entries share a line (dense skewed
/// matrices), where more slices than the degree are shorter.</para>
/// <para>A workspace for matrices of one size.</para>
/// </remarks>
public sealed class DegreeSlicing
{
    private const int Turns = 3;
    private readonly int _size;
    private readonly long[] _grain;
    private readonly AssignmentSolver _solver = new();
    private readonly long[] _benefits;
    private readonly int[] _rowDegree;
    private readonly int[] _columnDegree;
    private readonly long _levels;

    /// <param name="size">n.</param>
    /// <param name="grain">n x n, each at least 1: amounts on a pair are multiples of it.</param>
    public DegreeSlicing(int size, ReadOnlySpan<long> grain)
    {
        (_size, _grain) = (size, grain.ToArray());
        _benefits = new long[size * size];
        (_rowDegree, _columnDegree) = (new int[size], new int[size]);
        _levels = (1L << 40) / (size + 1);
    }

    /// <summary>All slices of a matrix.</summary>
    /// <param name="cells">n x n.</param>
    /// <param name="power">See <see cref="Next"/>.</param>
    /// <param name="linear">See <see cref="Next"/>.</param>
    public SliceList Build(ReadOnlySpan<long> cells, int power, int linear)
    {
        var slices = new SliceList(_size);
        var rest = cells.ToArray();
        var (columnOfRow, amounts) = (new int[_size], new long[_size]);
        while (Next(rest, power, linear, columnOfRow, amounts)) slices.Add(columnOfRow, amounts);
        return slices;
    }

    /// <summary>Chooses the next slice and takes it off the matrix.</summary>
    /// <param name="rest">n x n; amounts are multiples of the grain; lowered by the slice.</param>
    /// <param name="power">At least 1: how much more the longest entries count.</param>
    /// <param name="linear">At least 0: how much min(entry, duration) itself counts beside its power.</param>
    /// <param name="columnOfRow">n values out.</param>
    /// <param name="amounts">n values out, 0 for idle rows.</param>
    /// <returns>False when the matrix is empty.</returns>
    public bool Next(Span<long> rest, int power, int linear, Span<int> columnOfRow, Span<long> amounts)
    {
        var (degree, duration) = Measure(rest);
        if (degree == 0) return false;
        for (var turn = 0; turn < Turns; turn++)
        {
            SetBenefits(rest, degree, duration, power, linear);
            _solver.Maximize(_benefits, _size, _size);
            _solver.ColumnOfRow.CopyTo(columnOfRow);
            var longest = 0L;
            for (var i = 0; i < _size; i++)
                if (_rowDegree[i] == degree || _columnDegree[columnOfRow[i]] == degree)
                    longest = Math.Max(longest, rest[(i * _size) + columnOfRow[i]]);
            if (longest == duration) break;
            duration = longest;
        }

        SliceList.Cut(rest, _grain, columnOfRow, duration, amounts);
        return true;
    }

    private (int Degree, long Largest) Measure(ReadOnlySpan<long> rest)
    {
        Array.Clear(_rowDegree);
        Array.Clear(_columnDegree);
        var (degree, largest) = (0, 0L);
        for (var i = 0; i < _size; i++)
            for (var j = 0; j < _size; j++)
            {
                if (rest[(i * _size) + j] is not (> 0 and var r)) continue;
                largest = Math.Max(largest, r);
                degree = Math.Max(degree, Math.Max(++_rowDegree[i], ++_columnDegree[j]));
            }

        return (degree, largest);
    }

    // A bonus of more than all levels together for every critical line makes the matching meet all of them.
    private void SetBenefits(ReadOnlySpan<long> rest, int degree, long duration, int power, int linear)
    {
        var bonus = (_levels + 1) * (_size + 1);
        for (var i = 0; i < _size; i++)
            for (var j = 0; j < _size; j++)
            {
                ref var benefit = ref _benefits[(i * _size) + j];
                benefit = 0;
                if (rest[(i * _size) + j] is not (> 0 and var r)) continue;
                var share = Math.Min(1, (double)r / duration);
                benefit = 1 + (long)(_levels * ((linear * share) + Power(share, power)) / (linear + 1));
                if (_rowDegree[i] == degree) benefit += bonus;
                if (_columnDegree[j] == degree) benefit += bonus;
            }
    }

    // By multiplication: the same on every machine.
    private static double Power(double x, int exponent)
    {
        var result = 1.0;
        for (; exponent > 0; exponent >>= 1, x *= x)
            if ((exponent & 1) != 0)
                result *= x;
        return result;
    }
}
