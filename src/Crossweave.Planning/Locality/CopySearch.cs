using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>How long <see cref="CopySearch"/> looks. Counted in exchanges, so results do not depend on the machine.</summary>
/// <param name="Rounds">Exchanges from each start, improving or not.</param>
/// <param name="Patience">Exchanges without a better end before it goes back to the best.</param>
/// <param name="Kick">Random exchanges after going back.</param>
internal sealed record SearchEffort(int Rounds, int Patience, int Kick)
{
    public static readonly SearchEffort Default = new(500, 100, 8);
}

/// <summary>
/// Fewest copies under a cap on the load of ranks, by exchanges of two experts (execution spec 3.3 and 3.4). Tabu search (F. Glover, ORSA J. Computing 1,
/// 1989) with strategic oscillation about the cap: a row above it has a price, which rises while the search stays above and falls while it stays
/// below, so that it passes through overloaded assignments instead of being locked between exchanges of equal load. After a while without success
/// it goes back to the best and is kicked. O(experts x ranks + k x sets of two experts) and some pairs per exchange. Ties: smallest i, then lowest rank, then smallest j.
/// </summary>
/// <param name="sets">Tokens to plan on.</param>
/// <param name="load">Rows per expert.</param>
/// <param name="rankCount">Ranks.</param>
/// <param name="cap">Most rows of a rank.</param>
internal sealed class CopySearch(TokenSets sets, long[] load, int rankCount, long cap)
{
    private const long Unit = 1024; // prices are in copies per row times this
    private const long LeastPrice = Unit / 64;
    private const long LargestPrice = Unit * 32;
    private const int RoundsAbove = 5; // after which the price rises by a quarter
    private const int RoundsBelow = 3; // after which it falls by a quarter

    private readonly long[] _rankLoad = new long[rankCount];
    private readonly int[] _freeFrom = new int[load.Length];
    private readonly long[] _top = new long[rankCount * rankCount]; // [rank, other rank] most that one expert saves by moving there
    private readonly int[] _first = new int[rankCount];
    private readonly int[] _next = new int[load.Length];
    private int[] _best = [];
    private long _bestCopies = long.MaxValue;

    /// <param name="starts">The first one keeps the cap; all have the same number of experts on a rank.</param>
    /// <param name="effort">How long to look.</param>
    /// <param name="prng">Tenures and kicks.</param>
    /// <returns>Rank of each expert; no start that keeps the cap has fewer copies.</returns>
    public int[] Run(IReadOnlyList<int[]> starts, SearchEffort effort, Prng prng)
    {
        var table = new CopyTable(sets, rankCount, starts[0]);
        foreach (var start in starts)
        {
            Begin(table, start);
            Wander(table, effort, prng);
        }

        return _best;
    }

    private void Begin(CopyTable table, int[] start)
    {
        table.Reset(start);
        Weigh(table);
        Array.Clear(_freeFrom);
        if (Excess() == 0 && table.Copies < _bestCopies) Keep(table);
        if (_best.Length == 0) throw new ArgumentException("the first start does not keep the cap");
    }

    private void Wander(CopyTable table, SearchEffort effort, Prng prng)
    {
        var tenure = Math.Max(3, load.Length / 12);
        var (price, above, below, failed, least) = (Unit, 0, 0, 0, long.MaxValue);
        for (var round = 1; round <= effort.Rounds; round++)
        {
            var (i, j) = Best(table, round, price);
            if (i < 0) continue; // all blocked
            Exchange(table, i, j);
            _freeFrom[i] = round + tenure + prng.NextInt(tenure);
            _freeFrom[j] = round + tenure + prng.NextInt(tenure);
            (above, below) = Excess() > 0 ? (above + 1, 0) : (0, below + 1);
            failed++;
            if (below > 0 && table.Copies < least)
            {
                (least, failed) = (table.Copies, 0);
                if (least < _bestCopies) Keep(table);
            }

            if (above == RoundsAbove) (price, above) = (Math.Min(LargestPrice, price + (price / 4)), 0);
            if (below == RoundsBelow) (price, below) = (Math.Max(LeastPrice, price - (price / 4)), 0);
            if (failed < effort.Patience) continue;
            (failed, least) = (0, long.MaxValue);
            Array.Clear(_freeFrom);
            table.Reset(_best);
            for (var k = 0; k < effort.Kick; k++)
            {
                var (a, b) = (prng.NextInt(load.Length), prng.NextInt(load.Length));
                if (table.RankOf[a] != table.RankOf[b]) table.Exchange(a, b);
            }

            Weigh(table);
        }
    }

    // The exchange that saves most at this price; one with a blocked expert only when it leads to fewer copies than ever under the cap. Whole ranks
    // are passed over when even their best expert cannot save enough: experts that share tokens save less than both apart, never more.
    private (int I, int J) Best(CopyTable table, int round, long price)
    {
        var (gain, bestI, bestJ) = (long.MinValue, -1, -1);
        var rankOf = table.RankOf;
        var leave = table.Leave;
        var excess = Excess();
        Tabulate(table);
        for (var i = 0; i < load.Length; i++)
        {
            var a = rankOf[i];
            var enter = table.Enter(a);
            var overA = Math.Max(0, _rankLoad[a] - cap);
            for (var b = a + 1; b < rankCount && _first[b] >= 0; b++)
            {
                var alone = leave[i] - table.Enter(b)[i];
                var most = overA + Math.Max(0, _rankLoad[b] - cap);
                if ((Unit * (alone + _top[(b * rankCount) + a])) + (price * most) <= gain) continue;
                for (var j = _first[b]; j >= 0; j = _next[j])
                {
                    var saved = alone + leave[j] - enter[j];
                    if ((Unit * saved) + (price * most) <= gain) continue;
                    saved -= table.Shared(i, j);
                    var rows = load[i] - load[j];
                    var relief = most - Math.Max(0, _rankLoad[a] - rows - cap) - Math.Max(0, _rankLoad[b] + rows - cap);
                    var value = (Unit * saved) + (price * relief);
                    if (value <= gain) continue;
                    if ((_freeFrom[i] > round || _freeFrom[j] > round) && (relief < excess || table.Copies - saved >= _bestCopies)) continue;
                    (gain, bestI, bestJ) = (value, i, j);
                }
            }
        }

        return (bestI, bestJ);
    }

    // Members of every rank as lists, ascending, and the most that one of them saves by leaving for another rank.
    private void Tabulate(CopyTable table)
    {
        Array.Fill(_top, long.MinValue / 2 / Unit);
        Array.Fill(_first, -1);
        var leave = table.Leave;
        for (var j = load.Length - 1; j >= 0; j--)
        {
            var rank = table.RankOf[j];
            (_next[j], _first[rank]) = (_first[rank], j);
        }

        for (var a = 0; a < rankCount; a++)
        {
            var enter = table.Enter(a);
            for (var j = 0; j < load.Length; j++)
            {
                ref var top = ref _top[(table.RankOf[j] * rankCount) + a];
                top = Math.Max(top, leave[j] - enter[j]);
            }
        }
    }

    private void Exchange(CopyTable table, int i, int j)
    {
        var rows = load[i] - load[j];
        _rankLoad[table.RankOf[i]] -= rows;
        _rankLoad[table.RankOf[j]] += rows;
        table.Exchange(i, j);
    }

    private long Excess()
    {
        var excess = 0L;
        foreach (var rows in _rankLoad) excess += Math.Max(0, rows - cap);
        return excess;
    }

    private void Keep(CopyTable table)
    {
        _best = [.. table.RankOf];
        _bestCopies = table.Copies;
    }

    private void Weigh(CopyTable table)
    {
        Array.Clear(_rankLoad);
        for (var e = 0; e < load.Length; e++) _rankLoad[table.RankOf[e]] += load[e];
    }
}
