namespace Crossweave.Planning.Placement;

/// <summary>
/// For ranks that fill k slots each and a load L that none shall exceed: what every possible number of replicas of every expert does to the crowding rule, and a
/// test that no numbers satisfy it.
/// </summary>
/// <remarks>
/// The rule. Replicas with a share above L / 2 (big) sit on different ranks, and beside one of share s there are k - 1 replicas of share L - s or less. So for every s
/// above L / 2: small(s) = replicas of share at most L - s, minus (k - 1) times the big ones of share s or more, is not negative. With two slots per rank
/// that is also enough: the heaviest with the lightest, the second with the second lightest and so on keeps every rank at or below L.
/// A row is a share s that some number of replicas can make; an option is a number of replicas, which adds its change to the first so many rows (in ascending order of s).
/// Numbers that cover no more rows than a smaller one are left out where a further replica of the lightest expert does as much, on the first <see cref="LightestRows"/> rows.
/// The test. For multipliers m >= 0 of the rows every solution needs at least sum over experts of min over options (replicas - sum of m over the rows times
/// change) slots, because sum m small(s) >= 0. Polyak's subgradient steps raise that (a dual feasible function in the sense of bin packing, found by Lagrangian relaxation).
/// O(iterations x options). Comparisons lean to the possible side by 1e-9, more than rounding. Not for concurrent use.
/// Sources: balancing spec 3.11; Clautiaux, Alves, Valerio de Carvalho, "A survey of dual-feasible and superadditive functions", 2010; Polyak 1969.
/// </remarks>
internal sealed class CrowdingTable(int expertCount)
{
    private const double Slack = 1 + 1e-9;
    private const double Overshoot = 0.1; // of a slot: how far above the slots there are the steps aim
    private const int StepsToJudge = 50;
    private const double StalledGap = 0.9; // of what was missing so many steps before: more is no progress
    private const int Many = 1 << 24; // more replicas than slots

    private readonly int[] _first = new int[expertCount + 1];
    private readonly double[] _best = new double[expertCount];
    private int[] _count = new int[8 * expertCount];
    private int[] _row = new int[8 * expertCount];
    private int[] _change = new int[8 * expertCount];
    private double[] _share = new double[expertCount];
    private double[] _lastShare = new double[expertCount];
    private double[] _multiplier = new double[expertCount];
    private double[] _bestMultiplier = new double[expertCount];
    private double[] _sum = new double[expertCount + 1];
    private int[] _small = new int[expertCount + 1];
    private double _load;
    private int _slots;

    /// <summary>Rows, shares ascending.</summary>
    public int Rows { get; private set; }

    /// <summary>Slots beyond the fewest that the experts need.</summary>
    public int Spare { get; private set; }

    /// <summary>Rows to which a further replica of the lightest expert adds one; 0 when it is big.</summary>
    public int LightestRows { get; private set; }

    /// <summary>Slots that every solution needs at least.</summary>
    public double Needed { get; private set; }

    /// <summary>First option of each expert, its fewest replicas; options in ascending order of replicas.</summary>
    public ReadOnlySpan<int> First => _first;

    /// <summary>Replicas.</summary>
    public ReadOnlySpan<int> Count => _count;

    /// <summary>Rows the option changes, from row 0.</summary>
    public ReadOnlySpan<int> Row => _row;

    /// <summary>What it adds to small(s) there.</summary>
    public ReadOnlySpan<int> Change => _change;

    /// <summary>Multipliers behind <see cref="Needed"/>.</summary>
    public ReadOnlySpan<double> Multiplier => _multiplier;

    /// <summary>Sum of the multipliers of the first so many rows.</summary>
    public ReadOnlySpan<double> MultiplierSum => _sum;

    /// <summary>Slots by which <see cref="Needed"/> grows when the expert takes this option.</summary>
    public double Excess(int expert, int option) => Price(option) - _best[expert];

    /// <summary>Forgets the multipliers of the loads before, which are the start for the next.</summary>
    public void Forget() => Rows = 0;

    /// <summary>False: the experts need more slots than there are.</summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="perRank">Slots that every rank fills, at least 2.</param>
    /// <param name="slots">All slots.</param>
    /// <param name="load">Load that no rank shall exceed, above 0.</param>
    /// <param name="more">Replicas beyond the fewest, and a quarter of those, that an expert may have; fewer than the slots allow prove nothing.</param>
    public bool Load(ReadOnlySpan<double> weight, int perRank, int slots, double load, int more = Many)
    {
        (_slots, Spare) = (slots, slots);
        var lightest = 0;
        for (var e = 0; e < weight.Length; e++)
        {
            Spare -= Replicas(weight[e], load);
            if (weight[e] < weight[lightest]) lightest = e;
        }

        if (Spare < 0) return false;
        var lastRows = Rows;
        CollectRows(weight, load, more);
        KeepMultipliers(lastRows, load / _load);
        _load = load;
        LightestRows = weight[lightest] <= load / 2 ? Below((load * Slack) - weight[lightest]) : 0;
        var options = 0;
        for (var e = 0; e < weight.Length; e++)
        {
            _first[e] = options;
            var least = Replicas(weight[e], load);
            for (int c = least, covered = -1; c <= least + Math.Min(Spare, more + (least / 4)); c++)
            {
                var share = weight[e] / c;
                var big = share > load / 2 * Slack;
                var rows = Below(big ? share : (load * Slack) - share);
                if (rows == covered && rows <= LightestRows) continue;
                if (options == _count.Length) Grow();
                (_count[options], _row[options], _change[options++]) = (c, rows, big ? (1 - perRank) * c : c);
                if (!big) covered = rows;
            }
        }

        _first[^1] = options;
        return true;
    }

    /// <summary>True: no numbers of replicas obey the rule. Otherwise <see cref="Needed"/> is what the steps have reached.</summary>
    public bool IsImpossible(int steps)
    {
        Needed = 0;
        var gap = double.MaxValue;
        for (var step = 0; step < steps; step++)
        {
            var needed = Evaluate();
            if (needed > Needed)
            {
                Needed = needed;
                _multiplier.AsSpan(0, Rows).CopyTo(_bestMultiplier);
            }

            if (needed > _slots + 1e-6) return true;
            if (step % StepsToJudge == 0)
            {
                if (_slots - Needed > StalledGap * gap) break;
                gap = _slots - Needed;
            }

            var norm = 0.0;
            for (var i = 0; i < Rows; i++)
                if (_small[i] < 0 || _multiplier[i] > 0)
                    norm += (double)_small[i] * _small[i];
            if (norm == 0) break;
            var length = (_slots + Overshoot - needed) / norm;
            for (var i = 0; i < Rows; i++) _multiplier[i] = Math.Max(0, _multiplier[i] - (length * _small[i]));
        }

        _bestMultiplier.AsSpan(0, Rows).CopyTo(_multiplier);
        Evaluate();
        return false;
    }

    /// <summary>Slots needed for the multipliers at hand; notes the rows of the cheapest options.</summary>
    private double Evaluate()
    {
        for (var i = 0; i < Rows; i++) _sum[i + 1] = _sum[i] + _multiplier[i];
        Array.Clear(_small, 0, Rows + 1);
        var needed = 0.0;
        for (var e = 0; e < expertCount; e++)
        {
            var option = _first[e];
            var price = Price(option);
            for (var other = option + 1; other < _first[e + 1]; other++)
            {
                var tried = Price(other);
                if (tried < price - 1e-12) (option, price) = (other, tried);
            }

            _best[e] = price;
            needed += price;
            _small[_row[option]] += _change[option];
        }

        var gain = _sum[LightestRows] - 1; // of one more replica of the lightest expert
        if (gain > 0)
        {
            needed -= gain * Spare;
            _small[LightestRows] += Spare;
        }

        for (var i = Rows; i > 1; i--) _small[i - 1] += _small[i];
        for (var i = 0; i < Rows; i++) _small[i] = _small[i + 1]; // an option that covers i + 1 rows or more covers row i
        return needed;
    }

    private double Price(int option) => _count[option] - (_change[option] * _sum[_row[option]]);

    /// <summary>Fewest replicas with at most this share.</summary>
    private static int Replicas(double weight, double share) => weight <= share * Slack ? 1 : (int)Math.Min(Many, Math.Ceiling(weight / (share * Slack)));

    private void CollectRows(ReadOnlySpan<double> weight, double load, int more)
    {
        (_share, _lastShare, Rows) = (_lastShare, _share, 0);
        foreach (var w in weight)
        {
            var least = Replicas(w, load);
            for (var c = least; c <= least + Math.Min(Spare, more + (least / 4)) && w / c > load / 2 * Slack; c++)
            {
                if (Rows == _share.Length) Array.Resize(ref _share, 2 * Rows);
                _share[Rows++] = w / c;
            }
        }

        _share.AsSpan(0, Rows).Sort();
    }

    /// <summary>Every multiplier goes to the row of about the same share relative to the load.</summary>
    private void KeepMultipliers(int lastRows, double scale)
    {
        if (_bestMultiplier.Length < _share.Length)
        {
            Array.Resize(ref _multiplier, _share.Length);
            Array.Resize(ref _bestMultiplier, _share.Length);
            Array.Resize(ref _sum, _share.Length + 1);
            Array.Resize(ref _small, _share.Length + 1);
        }

        _multiplier.AsSpan(0, Rows).Clear();
        for (int i = 0, row = 0; i < lastRows && Rows > 0; i++)
        {
            while (row + 1 < Rows && _share[row + 1] <= _lastShare[i] * scale * (1 + 1e-6)) row++;
            _multiplier[row] += _bestMultiplier[i];
        }
    }

    private int Below(double share)
    {
        var (low, high) = (0, Rows);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_share[middle] <= share) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void Grow()
    {
        Array.Resize(ref _count, 2 * _count.Length);
        Array.Resize(ref _row, _count.Length);
        Array.Resize(ref _change, _count.Length);
    }
}
