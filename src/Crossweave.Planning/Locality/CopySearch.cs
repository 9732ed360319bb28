using Crossweave.Algorithms;
using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>How long <see cref="CopySearch"/> looks. Counted in exchanges, so results do not depend on the machine.</summary>
/// <param name="RandomStarts">Random assignments beside the given ones.</param>
/// <param name="Rounds">Exchanges after the first local optimum of the best start, improving or not.</param>
internal sealed record SearchEffort(int RandomStarts, int Rounds)
{
    public static readonly SearchEffort Default = new(4, 400);
}

/// <summary>
/// Fewest copies under a cap on the load of ranks, by exchanges of two experts (execution spec 3.3 and 3.4): steepest descent from
/// several starts, then tabu search from the best (F. Glover, ORSA J. Computing 1, 1989). Load above the cap is charged at more copies
/// than moving it could save, so the cap is kept wherever exchanges reach it. O(experts x ranks) per round and a few exact evaluations, at most O(experts^2). Ties: smallest i, then lowest rank, then smallest j.
/// </summary>
/// <param name="sets">Tokens to plan on.</param>
/// <param name="load">Rows per expert.</param>
/// <param name="rankCount">Ranks.</param>
/// <param name="cap">Rows a rank should not exceed.</param>
internal sealed class CopySearch(TokenSets sets, long[] load, int rankCount, long cap)
{
    public const long Charge = 16; // copies per row above the cap

    private readonly long[] _rankLoad = new long[rankCount];
    private readonly long[] _top = new long[rankCount * rankCount]; // [rank, other rank] most that one expert saves by moving there
    private readonly int[] _first = new int[rankCount];
    private readonly int[] _next = new int[load.Length];

    public int[] Run(IEnumerable<int[]> starts, SearchEffort effort, Prng prng)
    {
        int[]? best = null;
        var bestCost = long.MaxValue;
        CopyTable? table = null;
        foreach (var start in starts)
        {
            if (table is null) table = new CopyTable(sets, rankCount, start);
            else table.Reset(start);
            var cost = Descend(table);
            if (cost >= bestCost) continue;
            (best, bestCost) = ([.. table.RankOf], cost);
        }

        if (best is null) throw new ArgumentException("no start");
        table!.Reset(best);
        return Wander(table, best, bestCost, effort.Rounds, prng);
    }

    public long Cost(CopyTable table)
    {
        Weigh(table);
        var cost = table.Copies;
        foreach (var rows in _rankLoad) cost += Charge * Math.Max(0, rows - cap);
        return cost;
    }

    private long Descend(CopyTable table)
    {
        var cost = Cost(table);
        while (true)
        {
            var (gain, i, j) = Best(table, null, 0, 0);
            if (gain <= 0) return cost;
            Exchange(table, i, j);
            cost -= gain;
        }
    }

    private int[] Wander(CopyTable table, int[] best, long bestCost, int rounds, Prng prng)
    {
        var cost = Cost(table);
        var freeFrom = new int[load.Length];
        var tenure = Math.Max(3, load.Length / 8);
        for (var round = 1; round <= rounds; round++)
        {
            var (gain, i, j) = Best(table, freeFrom, round, cost - bestCost);
            if (i < 0) break;
            Exchange(table, i, j);
            cost -= gain;
            freeFrom[i] = round + tenure + prng.NextInt(tenure);
            freeFrom[j] = round + tenure + prng.NextInt(tenure);
            if (cost >= bestCost) continue;
            bestCost = cost;
            table.RankOf.CopyTo(best, 0);
        }

        return best;
    }

    // The exchange that saves most; one with a blocked expert only when it saves more than what is lacking to the best cost. Whole ranks
    // are passed over when even their best expert cannot save enough.
    private (long Gain, int I, int J) Best(CopyTable table, int[]? freeFrom, int round, long lacking)
    {
        var (gain, bestI, bestJ) = (long.MinValue, -1, -1);
        var rankOf = table.RankOf;
        Tabulate(table);
        for (var i = 0; i < load.Length; i++)
        {
            var a = rankOf[i];
            var blocked = freeFrom is not null && freeFrom[i] > round;
            for (var b = 0; b < rankCount; b++)
            {
                if (a == b || _top[(b * rankCount) + a] == long.MinValue) continue;
                var most = table.MoveGain(i, b) + _top[(b * rankCount) + a] + (Charge * (Math.Max(0, _rankLoad[a] - cap) + Math.Max(0, _rankLoad[b] - cap)));
                if (most <= gain) continue;
                for (var j = _first[b]; j >= 0; j = _next[j])
                {
                    if (j < i) continue;
                    var needed = blocked || (freeFrom is not null && freeFrom[j] > round) ? Math.Max(gain, lacking) : gain;
                    var relief = Relief(a, b, load[i] - load[j]);
                    if (table.GainBound(i, j) + relief <= needed) continue;
                    var exact = table.Gain(i, j) + relief;
                    if (exact > needed) (gain, bestI, bestJ) = (exact, i, j);
                }
            }
        }

        return (gain, bestI, bestJ);
    }

    // Members of every rank as lists, ascending, and the best that one of them saves by moving to another rank.
    private void Tabulate(CopyTable table)
    {
        Array.Fill(_top, long.MinValue);
        Array.Fill(_first, -1);
        for (var j = load.Length - 1; j >= 0; j--)
        {
            var rank = table.RankOf[j];
            (_next[j], _first[rank]) = (_first[rank], j);
            for (var a = 0; a < rankCount; a++)
            {
                if (a == rank) continue;
                ref var top = ref _top[(rank * rankCount) + a];
                top = Math.Max(top, table.MoveGain(j, a));
            }
        }
    }

    // What is no longer charged when rank a gives some rows to rank b.
    private long Relief(int a, int b, long rows) => Charge * (
        Math.Max(0, _rankLoad[a] - cap) + Math.Max(0, _rankLoad[b] - cap)
        - Math.Max(0, _rankLoad[a] - rows - cap) - Math.Max(0, _rankLoad[b] + rows - cap));

    private void Exchange(CopyTable table, int i, int j)
    {
        var rows = load[i] - load[j];
        _rankLoad[table.RankOf[i]] -= rows;
        _rankLoad[table.RankOf[j]] += rows;
        table.Exchange(i, j);
    }

    private void Weigh(CopyTable table)
    {
        Array.Clear(_rankLoad);
        for (var e = 0; e < load.Length; e++) _rankLoad[table.RankOf[e]] += load[e];
    }
}
