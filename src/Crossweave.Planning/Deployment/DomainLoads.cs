namespace Crossweave.Planning.Deployment;

/// <summary>
/// A load group (deployment spec 3.11) as the search over domains reads it: loads by position, where position p of a model is its p-th rank by
/// total load, so that a set of ranks is a word of bits.
/// </summary>
internal sealed class DomainGroup
{
    private readonly int _first;

    public DomainGroup(LoadGroup group, int[][] rankAt)
    {
        (_first, Cost, LeastCost) = (group.First, group.Cost, group.Cost.Min());
        Lists = [.. group.Loads.Select((load, k) => new DomainLoads(group.First + k, Array.ConvertAll(rankAt[group.First + k], rank => load[rank])))];
        Slowest = [.. Enumerable.Range(0, Cost.Length).OrderByDescending(g => Cost[g])];
        Speed = Array.ConvertAll(Cost, c => 1.0 / c);
        (Least, Limit) = (new long[Cost.Length], new long[Cost.Length]);
    }

    /// <summary>One per model of the sum.</summary>
    public DomainLoads[] Lists { get; }

    /// <summary>[device].</summary>
    public long[] Cost { get; }

    public long LeastCost { get; }

    /// <summary>[device]: tokens per time unit.</summary>
    public double[] Speed { get; }

    /// <summary>What some device takes at least, whatever it is.</summary>
    public long Share { get; set; }

    /// <summary>Devices, most costly first.</summary>
    public int[] Slowest { get; }

    /// <summary>[device]: tokens of the group at least.</summary>
    public long[] Least { get; }

    /// <summary>[device]: tokens of the group at most.</summary>
    public long[] Limit { get; }

    public bool Has(int model) => model >= _first && model < _first + Lists.Length;

    public DomainLoads Of(int model) => Lists[model - _first];
}

/// <summary>Loads of one model by position.</summary>
internal sealed class DomainLoads
{
    private readonly long[] _ascending;
    private readonly int[] _at; // positions by load, ascending
    private readonly ulong[] _smallest; // [k]: the k smallest
    private int _next;
    private ulong _skipped;

    public DomainLoads(int model, long[] load)
    {
        (Model, Load, _at) = (model, load, [.. Enumerable.Range(0, load.Length).OrderBy(p => load[p])]);
        _ascending = Array.ConvertAll(_at, p => load[p]);
        (_smallest, LeastOn) = (new ulong[load.Length + 1], new long[load.Length]);
        for (var k = 0; k < load.Length; k++) _smallest[k + 1] = _smallest[k] | (1UL << _at[k]);
    }

    public int Model { get; }

    /// <summary>[position].</summary>
    public long[] Load { get; }

    /// <summary>[device]: tokens of this model at least.</summary>
    public long[] LeastOn { get; }

    /// <summary>Smallest load of a set that is not empty.</summary>
    public long Smallest(ulong positions)
    {
        var k = 0;
        while ((positions >> _at[k] & 1) == 0) k++;
        return _ascending[k];
    }

    /// <summary>Positions whose load is at most the limit. O(log n).</summary>
    public ulong UpTo(long limit)
    {
        var (low, high) = (0, _ascending.Length);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_ascending[middle] <= limit) low = middle + 1;
            else high = middle;
        }

        return _smallest[low];
    }

    /// <summary>Starts a walk over the loads of all positions but some.</summary>
    public void Walk(ulong skipped, bool fromLargest) => (_skipped, _next) = (skipped, fromLargest ? _at.Length - 1 : 0);

    /// <summary>The next load of the walk, upwards.</summary>
    public long NextUp()
    {
        while ((_skipped >> _at[_next] & 1) != 0) _next++;
        return _ascending[_next++];
    }

    /// <summary>The next load of the walk, downwards.</summary>
    public long NextDown()
    {
        while ((_skipped >> _at[_next] & 1) != 0) _next--;
        return _ascending[_next--];
    }
}
