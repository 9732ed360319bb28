using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>A division of experts into groups with what is known about the fewest copies.</summary>
/// <param name="RankOf">Rank of each expert.</param>
/// <param name="Copies">Sum over tokens of distinct ranks.</param>
/// <param name="Bound">No division that keeps the cap has fewer; 0 when nothing is known.</param>
internal sealed record GroupDivision(int[] RankOf, long Copies, long Bound);

/// <summary>
/// Equal groups of experts with the fewest copies, proven or at least bounded: column generation for set partitioning (execution spec 2.4 and 3.3; C. Barnhart et al., Operations Research 46,
/// 1998). <see cref="GroupPrices"/> prices experts for a pool of groups, <see cref="GroupPricing"/> adds the groups that are worth more until there are none, which bounds
/// every division, and <see cref="GroupBranching"/> searches those that can be part of a better division than the known one. With pairs as sets it is the largest weight inside groups.
/// </summary>
internal sealed class ExactGroups
{
    /// <summary>Possible groups that take milliseconds: 16 experts at any size, 24 of four.</summary>
    public const long Few = 1 << 14;

    /// <summary>Experts that can be named in a byte.</summary>
    public const int MostExperts = 256;

    private const int MostFound = 1 << 15; // groups added to the pool at once
    private const int MostPool = 1 << 21;
    private const int MostNear = 1 << 18; // groups to search for a better division
    private const int Tolerance = 20_000; // prices are good enough when one part of so many may be missing

    private readonly TokenSets _sets;
    private readonly long[] _load;
    private readonly int _ranks;
    private readonly int _size;
    private readonly long _cap;
    private readonly GroupPricing _pricing;
    private int[] _rankOf;
    private long _copies;
    private long[] _price = []; // [expert] no group costs less than its experts
    private long _unit;
    private Int128 _sum = Int128.MinValue; // of these prices
    private long _pricingWork;
    private long _searchWork;

    private ExactGroups(TokenSets sets, long[] load, int ranks, long cap, int[] start, long pricingWork, long searchWork)
    {
        (_sets, _load, _ranks, _size, _cap, _pricingWork, _searchWork) = (sets, load, ranks, load.Length / ranks, cap, pricingWork, searchWork);
        (_rankOf, _copies) = (start, sets.Copies(start, ranks));
        _pricing = new GroupPricing(sets, load, _size, cap);
    }

    /// <summary>Pairs of experts to look at for prices: some seconds.</summary>
    public const long PricingWork = 3_000_000_000;

    /// <summary>Groups to look at for a better division: some seconds.</summary>
    public const long SearchWork = 500_000_000;

    /// <summary>Ways to choose a group.</summary>
    public static double Possible(int experts, int ranks)
    {
        var groups = 1.0;
        for (var k = 1; k <= experts / ranks; k++) groups *= (double)(experts - (experts / ranks) + k) / k;
        return groups;
    }

    public static bool CanSolve(int experts, int ranks) => experts % ranks == 0 && experts <= MostExperts;

    /// <summary>
    /// The best division found, the start itself where no other is better, and the bound. Proves the optimum of 32 experts in groups of four in 0.1 s and of 64 in 0.5 s; groups of eight of 64
    /// experts, 4.4 billion, are bounded in seconds and some of them proven; groups of 16 are too many.
    /// </summary>
    /// <param name="sets">Tokens.</param>
    /// <param name="load">Rows per expert.</param>
    /// <param name="ranks">Ranks, see <see cref="CanSolve"/>.</param>
    /// <param name="cap">Most rows of a rank.</param>
    /// <param name="start">A division that keeps the cap; the better, the faster.</param>
    /// <param name="pricingWork">Pairs of experts to look at.</param>
    /// <param name="searchWork">Groups to look at.</param>
    public static GroupDivision Solve(TokenSets sets, long[] load, int ranks, long cap, int[] start, long pricingWork = PricingWork, long searchWork = SearchWork)
    {
        var search = new ExactGroups(sets, load, ranks, cap, start, pricingWork, searchWork);
        var bound = search.Run();
        return new GroupDivision(search._rankOf, search._copies, bound);
    }

    private long Bound => _sum == Int128.MinValue ? 0 : (long)((_sum + _unit - 1) / _unit);

    private long Run()
    {
        FindPrices();
        while (_sum > Int128.MinValue && Bound < _copies)
        {
            var before = _copies;
            if (SearchNear()) return _copies;
            if (_copies == before) break;
        }

        return Math.Min(Bound, _copies);
    }

    // Prices that hold for all groups under the cap.
    private void FindPrices()
    {
        var pool = Neighbours();
        var prices = new GroupPrices(pool, Shares(), _copies);
        _unit = prices.Unit;
        var below = -(_copies * _unit / _ranks / 50) - 1;
        while (true)
        {
            prices.Improve(_copies);
            var before = pool.Count;
            var isAll = _pricing.Find(prices.Price, _unit, below, pool, MostFound, ref _pricingWork);
            if (_pricingWork < 0 || pool.Count > MostPool) return;
            if (!isAll) continue; // more than enough groups to go on with

            // Lowered by every expert's share of its cheapest group, prices hold for the groups that were not found too.
            var lowered = new long[_load.Length];
            Int128 sum = 0;
            for (var e = 0; e < lowered.Length; e++)
            {
                lowered[e] = prices.Price[e] - ((-_pricing.Least[e] + _size - 1) / _size);
                sum += lowered[e];
            }

            if (sum > _sum) (_price, _sum) = (lowered, sum);
            if (Bound >= _copies || prices.Sum - _sum <= prices.Sum / Tolerance) return;
            if (pool.Count > before) continue;
            if (below == 0) return;
            below = below > -_unit / _ranks ? 0 : below / 4;
        }
    }

    // Looks for a better division among the groups that leave room for one; true when there is none, or the best was found.
    private bool SearchNear()
    {
        var room = (long)Int128.Min(long.MaxValue / 4, (_copies * (Int128)_unit) - _sum - _unit);
        var (near, isAll) = (new GroupColumns(_size), true);
        for (var part = room; !_pricing.Find(_price, _unit, part + 1, near, MostNear, ref _pricingWork); part /= 2)
        {
            if (_pricingWork < 0) return false;
            (near, isAll) = (new GroupColumns(_size), false);
        }

        var branching = new GroupBranching(_load.Length, _copies, _searchWork);
        var isDone = branching.Search(near, Array.ConvertAll(_price, p => (double)p / _unit));
        if (branching.Best is { } groups)
        {
            (_rankOf, _copies) = (new int[_load.Length], branching.Copies);
            for (var rank = 0; rank < _ranks; rank++)
                foreach (var e in groups[rank])
                    _rankOf[e] = rank;
        }

        return isAll && isDone;
    }

    // The groups of the division, and those with one expert exchanged.
    private GroupColumns Neighbours()
    {
        var pool = new GroupColumns(_size);
        var touched = new int[_sets.Count]; // last group, counted from 1, that the set touched
        for (var rank = 0; rank < _ranks; rank++)
        {
            byte[] group = [.. Enumerable.Range(0, _load.Length).Where(e => _rankOf[e] == rank).Select(e => (byte)e)];
            var rows = group.Sum(e => _load[e]);
            Add(group);
            for (var k = 0; k < _size; k++)
            {
                var leaving = group[k];
                for (var e = 0; e < _load.Length; e++)
                {
                    if (_rankOf[e] == rank || rows - _load[leaving] + _load[e] > _cap) continue;
                    group[k] = (byte)e;
                    Add(group);
                }

                group[k] = leaving;
            }
        }

        return pool;

        void Add(byte[] group)
        {
            var tokens = 0L;
            foreach (var e in group)
            {
                foreach (var s in _sets.SetsOf(e))
                {
                    if (touched[s] == pool.Count + 1) continue;
                    touched[s] = pool.Count + 1;
                    tokens += _sets.Weight(s);
                }
            }

            pool.Add(group, tokens);
        }
    }

    // Every copy divided among the token's experts on its rank.
    private double[] Shares()
    {
        var (share, here) = (new double[_load.Length], new int[_ranks]);
        for (var s = 0; s < _sets.Count; s++)
        {
            foreach (var e in _sets.Experts(s)) here[_rankOf[e]]++;
            foreach (var e in _sets.Experts(s)) share[e] += (double)_sets.Weight(s) / here[_rankOf[e]];
            foreach (var e in _sets.Experts(s)) here[_rankOf[e]] = 0;
        }

        return share;
    }
}
