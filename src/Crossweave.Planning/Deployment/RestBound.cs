namespace Crossweave.Planning.Deployment;

/// <summary>
/// Least value that a load group reaches on some device, whatever permutation of the remaining ranks goes onto the remaining devices
/// (deployment spec 3.11, and one more). With several models in the sum every load below is of one model.
/// </summary>
/// <remarks>
/// <para>Sorted (one model): loads descending meet costs ascending. Slowest: the q slowest devices hold at least the q smallest loads of
/// every model, and T x sum 1/c is all they take in time T. Largest: the q devices that hold the q largest loads of one model hold at
/// least the q smallest of the others, and take at most what the q fastest do. Plus-min: the q-th largest load of one model and the
/// smallest of the others are on a device that is at best the q-th fastest.</para>
/// <para>Fractions are doubles lowered by 10^-12 before they are rounded up, so the bound holds and is the exact ceiling up to 10^11.</para>
/// </remarks>
internal sealed class RestBound
{
    private readonly long[] _costAscending;
    private readonly double[] _slowest; // 1 / (sum of 1 / c over the q slowest)
    private readonly double[] _fastest;

    /// <param name="costs">Costs of the remaining devices, any order.</param>
    public RestBound(IEnumerable<long> costs)
    {
        _costAscending = [.. costs.Order()];
        var count = _costAscending.Length;
        (_slowest, _fastest) = (new double[count], new double[count]);
        var (slow, fast) = (0.0, 0.0);
        for (var q = 0; q < count; q++)
        {
            slow += 1.0 / _costAscending[count - 1 - q];
            fast += 1.0 / _costAscending[q];
            (_slowest[q], _fastest[q]) = ((1 - 1e-12) / slow, (1 - 1e-12) / fast);
        }
    }

    /// <summary>Cost of the fastest remaining device; 0 when none remains.</summary>
    public long LeastCost => _costAscending.Length == 0 ? 0 : _costAscending[0];

    /// <summary>O(devices x models).</summary>
    public long Of(ReadOnlySpan<SortedLoads> models)
    {
        if (_costAscending.Length == 0) return 0;
        var bound = 0L;
        if (models.Length == 1)
        {
            for (var q = 0; q < _costAscending.Length; q++) bound = Math.Max(bound, models[0].Largest[q] * _costAscending[q]);
            return bound;
        }

        var (least, share) = (0L, 0.0);
        foreach (var model in models) least += model.Least;
        for (var q = 0; q < _costAscending.Length; q++)
        {
            var small = 0.0;
            foreach (var model in models) small += model.SmallestSum[q];
            share = Math.Max(share, small * _slowest[q]);
            foreach (var model in models)
            {
                share = Math.Max(share, (model.LargestSum[q] + small - model.SmallestSum[q]) * _fastest[q]);
                bound = Math.Max(bound, (model.Largest[q] + least - model.Least) * _costAscending[q]);
            }
        }

        return Math.Max(bound, (long)Math.Ceiling(share));
    }
}

/// <summary>Loads of the remaining ranks of one model, without one of them.</summary>
internal sealed class SortedLoads(int capacity)
{
    /// <summary>[q]: the (q+1)-th largest.</summary>
    public long[] Largest { get; } = new long[capacity];

    /// <summary>[q]: sum of the q+1 largest.</summary>
    public double[] LargestSum { get; } = new double[capacity];

    /// <summary>[q]: sum of the q+1 smallest.</summary>
    public double[] SmallestSum { get; } = new double[capacity];

    public long Least { get; private set; }

    /// <param name="ascending">All remaining loads.</param>
    /// <param name="without">Position of the one left out; -1 for none.</param>
    public void Set(ReadOnlySpan<long> ascending, int without)
    {
        var (count, sum) = (0, 0.0);
        for (var k = 0; k < ascending.Length; k++)
        {
            if (k == without) continue;
            SmallestSum[count++] = sum += ascending[k];
        }

        (count, sum) = (0, 0.0);
        for (var k = ascending.Length - 1; k >= 0; k--)
        {
            if (k == without) continue;
            Largest[count] = ascending[k];
            LargestSum[count++] = sum += ascending[k];
        }

        Least = count == 0 ? 0 : Largest[count - 1];
    }
}
