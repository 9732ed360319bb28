namespace Crossweave.Core.Bounds;

/// <summary>
/// Bounds for a fixed list of jobs (dispatch a, compute b, combine c) in any order on three machines (scheduling spec 7.8). The first
/// job in line must pass the machines before, the last one the machines after. They hold for that list only: another grouping of
/// launches changes b. They are therefore no <see cref="LowerBound"/>: they never enter a gap, and a document that claims one is refused.
/// </summary>
/// <param name="Dispatch">Sum a + min (b + c).</param>
/// <param name="Compute">min a + sum b + min c.</param>
/// <param name="Combine">min (a + b) + sum c.</param>
/// <param name="SharedNetwork">
/// max(sum a + sum c, longest a + b + c), when dispatch and combine use one network. Not sum a + sum c + min b, as scheduling spec 7.8 has it:
/// with two jobs of a = c = 5, b = 1 each launch hides behind the other job's transfer, and the network never waits.
/// </param>
public readonly record struct FlowShopBounds(long Dispatch, long Compute, long Combine, long SharedNetwork)
{
    /// <summary>O(jobs). At least one job; all three spans equally long.</summary>
    public static FlowShopBounds Of(ReadOnlySpan<long> a, ReadOnlySpan<long> b, ReadOnlySpan<long> c)
    {
        if (a.Length == 0 || a.Length != b.Length || a.Length != c.Length) throw new ArgumentException("one a, b and c per job");
        var (sumA, sumB, sumC) = (0L, 0L, 0L);
        var (minA, minC, minAb, minBc, longest) = (long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, 0L);
        for (var i = 0; i < a.Length; i++)
        {
            sumA += a[i];
            sumB += b[i];
            sumC += c[i];
            minA = Math.Min(minA, a[i]);
            minC = Math.Min(minC, c[i]);
            minAb = Math.Min(minAb, a[i] + b[i]);
            minBc = Math.Min(minBc, b[i] + c[i]);
            longest = Math.Max(longest, a[i] + b[i] + c[i]);
        }

        return new FlowShopBounds(sumA + minBc, minA + sumB + minC, minAb + sumC, Math.Max(sumA + sumC, longest));
    }
}
