// Long file: the sweep, its labels and what makes one beat another share one set of scratch arrays.
using System.Numerics;
using System.Runtime.InteropServices;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Numbers of replicas that obey the crowding rule of <see cref="CrowdingTable"/> for a load, the proof that there are none, and the smallest such load: with two
/// slots on every rank that of the best placement of a layer, with more a load that no placement gets below.
/// </summary>
/// <remarks>
/// For one load the rows are swept from the largest share down. A label is a choice of options for some experts, the others having their fewest replicas, with the slots it
/// spends and its small(s) of every row. At a row, labels are joined with the options that change this row and none above it. Then those go whose small(s) is
/// negative, or whose Lagrangian cost exceeds the slots; and at any time those that another label beats: it spends no more, is nowhere smaller (or larger than
/// all that the slots left can take away), and has taken no expert with options still to come that the other has not taken. Whatever completes the beaten label completes the other, so no solution is
/// lost. A few dozen labels are usual; beyond what the effort allows only the cheapest are kept, or the search gives up, and an empty end proves nothing.
/// Loads are bisected to less than a token. Ties: fewest replicas, lowest expert. Deterministic. Scratch is kept; not for concurrent use.
/// Source: labels with dominance as for the shortest path with resources; balancing spec 3.11.
/// </remarks>
internal sealed class CrowdingSearch
{
    private const double Token = 0.999; // so that a placement less than a token above the bound counts as proven
    private const double SmallToken = 1e-5; // of the load, where loads are so small that a token is more than that
    private const int MostClaims = 4;
    private const int Gone = int.MaxValue / 2; // slots spent by a label that has been dropped
    private const int MoreReplicas = 3; // beyond the fewest and a quarter of those, in a quick search
    private const double ProvableGap = 1; // slots between what the multipliers prove and what there is, beyond which labels get too many

    private static readonly Effort Quick = new(Steps: 12, MostLabels: 16, MostJoins: 1 << 12, IsExact: false);
    private static readonly Effort Exact = new(Steps: 300, MostLabels: 128, MostJoins: 1 << 13, IsExact: true);

    private readonly CrowdingTable _table;
    private readonly int _perRank;
    private readonly bool _isInRange;
    private readonly int[] _option; // of each expert, in the solution
    private readonly int[] _count;
    private readonly double[] _share; // of all replicas
    private readonly int[] _open; // options still to come of each expert
    private readonly int[] _highest; // rows that any of its options changes
    private readonly ulong[] _isOpen;
    private readonly int _words;
    private readonly ulong[] _taken; // [label, word]
    private readonly int[] _spent;
    private readonly double[] _cost;
    private readonly double[] _sorted = new double[Exact.MostLabels + 1];
    private readonly int[] _last; // node of the last choice
    private readonly int[] _before = new int[Exact.MostJoins + 1]; // node before
    private readonly int[] _chosen = new int[Exact.MostJoins + 1]; // option
    private int[] _item = []; // options by the highest row they change
    private int[] _expert = []; // of each option
    private int[] _firstItem = []; // by that row
    private short[] _small = [];
    private int _width;
    private int _live; // rows left to sweep
    private readonly int _claimed = Exact.MostLabels + 1; // place of a label that Beats makes up
    private int _labels;
    private bool _complete;
    private Effort _effort = Exact;
    private int _nodes;
    private int _spare;
    private double _limit;

    private enum Answer
    {
        Impossible,
        Found,
        Unknown,
    }

    /// <param name="Steps">Of the multipliers.</param>
    /// <param name="MostLabels">Beyond half of them only the cheapest quarter stays.</param>
    /// <param name="MostJoins">Labels made for one load.</param>
    /// <param name="IsExact">A label is beaten only if no solution is lost with it.</param>
    private sealed record Effort(int Steps, int MostLabels, int MostJoins, bool IsExact);

    /// <param name="expertCount">Experts.</param>
    /// <param name="perRank">Slots that every rank fills, at least 2.</param>
    /// <param name="ranks">Ranks.</param>
    public CrowdingSearch(int expertCount, int perRank, int ranks)
    {
        _perRank = perRank;
        _isInRange = perRank * perRank * ranks <= short.MaxValue; // larger sums would not fit
        var slots = perRank * ranks;
        _table = new CrowdingTable(expertCount);
        _option = new int[expertCount];
        _count = new int[expertCount];
        _share = new double[slots];
        _open = new int[expertCount];
        _highest = new int[expertCount];
        _words = (expertCount + 63) / 64;
        _isOpen = new ulong[_words];
        _taken = new ulong[(Exact.MostLabels + 1) * _words];
        _spent = new int[Exact.MostLabels + 1];
        _cost = new double[Exact.MostLabels + 1];
        _last = new int[Exact.MostLabels + 1];
    }

    /// <summary>Replicas of each expert in the best solution found by <see cref="Raise"/>, all slots filled.</summary>
    public ReadOnlySpan<int> Count => _count;

    /// <summary>The load of that solution; what was passed as high when none was found.</summary>
    public double Found { get; private set; }

    /// <summary>
    /// Looks for the smallest load with a solution between two: <see cref="Found"/> and <see cref="Count"/>. Fast: few labels, experts with a few replicas more than they need,
    /// labels beaten by any that is no worse so far. Without result <see cref="Found"/> is <paramref name="high"/>.
    /// </summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="low">A load that no busiest rank gets below.</param>
    /// <param name="high">The busiest rank of some placement.</param>
    public void Lower(ReadOnlySpan<double> weight, double low, double high)
    {
        (_effort, Found) = (Quick, high);
        _table.Forget();
        var token = Math.Min(Token, SmallToken * high);
        while (_isInRange && Found - low > token)
        {
            var tried = (low + Found) / 2;
            if (_table.Load(weight, _perRank, _share.Length, tried, MoreReplicas) && !_table.IsImpossible(_effort.Steps) && Decide() == Answer.Found)
            {
                TakeOver(weight);
                Found = _perRank == 2 ? Math.Min(tried, Fold(weight)) : tried;
            }
            else
            {
                low = tried;
            }
        }
    }

    /// <summary>The largest load found impossible, at least <paramref name="low"/>, in tokens.</summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="low">A load that no busiest rank gets below.</param>
    /// <param name="high">The busiest rank of some placement.</param>
    public double Raise(ReadOnlySpan<double> weight, double low, double high)
    {
        _effort = Exact;
        _table.Forget();
        var token = Math.Min(Token, SmallToken * high);
        for (var tried = high - token; _isInRange && tried > low && high - low > token; tried = (low + high) / 2)
        {
            if (IsImpossible(weight, tried)) low = tried;
            else high = tried;
        }

        return low;
    }

    private bool IsImpossible(ReadOnlySpan<double> weight, double load)
    {
        if (!_table.Load(weight, _perRank, _share.Length, load) || _table.IsImpossible(_effort.Steps)) return true;
        return _share.Length - _table.Needed < ProvableGap && Decide() == Answer.Impossible;
    }

    /// <summary>Whether the load in the table has a solution.</summary>
    private Answer Decide()
    {
        (_spare, _limit) = (_table.Spare, _share.Length - _table.Needed + 1e-6);
        CollectItems();
        Start();
        for (var row = _table.Rows - 1; ; row--)
        {
            _live = row + 1;
            for (var l = 0; l < _labels; l++)
            {
                if (!IsEnough(l)) continue;
                _table.First[..^1].CopyTo(_option);
                for (var node = _last[l]; node > 0; node = _before[node]) _option[_expert[_chosen[node]]] = _chosen[node];
                return Answer.Found;
            }

            if (row < 0 || _labels == 0) return _complete ? Answer.Impossible : Answer.Unknown;
            for (var i = _firstItem[row + 1]; i < _firstItem[row + 2]; i++)
                if (!Join(_item[i]))
                    return Answer.Unknown;
            Pass(row);
        }
    }

    /// <summary>Options that a solution can contain, by the number of rows they reach, and how many each expert has.</summary>
    private void CollectItems()
    {
        var rows = _table.Rows;
        var first = _table.First;
        var options = first[^1];
        if (_item.Length < options)
        {
            _item = new int[options];
            _expert = new int[options];
        }

        if (_firstItem.Length < rows + 3) _firstItem = new int[rows + 3];
        Array.Clear(_firstItem);
        Array.Clear(_open);
        Array.Clear(_isOpen);
        for (var e = 0; e < _open.Length; e++)
        {
            _highest[e] = 0;
            for (var o = first[e] + 1; o < first[e + 1]; o++)
            {
                _expert[o] = IsPossible(e, o) ? e : -1;
                if (_expert[o] < 0) continue;
                _firstItem[Top(o) + 2]++;
                _open[e]++;
                if (_table.Change[o] > 0) _highest[e] = Math.Max(_highest[e], _table.Row[o]);
            }

            if (_open[e] > 0) _isOpen[e / 64] |= 1UL << (e % 64);
        }

        for (var t = 1; t < rows + 3; t++) _firstItem[t] += _firstItem[t - 1];
        for (var e = 0; e < _open.Length; e++)
            for (var o = first[e] + 1; o < first[e + 1]; o++)
                if (_expert[o] >= 0)
                    _item[_firstItem[Top(o) + 1]++] = o;

        bool IsPossible(int expert, int option) => _table.Count[option] - _table.Count[_table.First[expert]] <= _spare && _table.Excess(expert, option) <= _limit;

        int Top(int option) => Math.Max(_table.Row[option], _table.Row[_table.First[_expert[option]]]);
    }

    /// <summary>One label: the fewest replicas of every expert.</summary>
    private void Start()
    {
        var rows = _table.Rows;
        var first = _table.First;
        var row = _table.Row;
        var change = _table.Change;
        _width = (rows + Vector<short>.Count - 1) / Vector<short>.Count * Vector<short>.Count;
        if (_small.Length < (Exact.MostLabels + 2) * _width) _small = new short[(Exact.MostLabels + 2) * _width];
        var small = Small(0);
        small.Clear();
        for (var e = 0; e < _option.Length; e++)
            if (row[first[e]] > 0)
                small[row[first[e]] - 1] += (short)change[first[e]];
        for (var i = rows - 1; i > 0; i--) small[i - 1] += small[i];
        _taken.AsSpan(0, _words).Clear();
        (_spent[0], _cost[0], _last[0], _labels, _nodes, _complete) = (0, 0, 0, 1, 1, true);
    }

    private Span<short> Small(int label) => _small.AsSpan(label * _width, _width);

    private Span<Vector<short>> Vectors(int label) => MemoryMarshal.Cast<short, Vector<short>>(Small(label));

    /// <summary>No row left to sweep is negative, when the slots left go to the lightest expert; those passed are zero.</summary>
    private bool IsEnough(int label)
    {
        var least = new Vector<short>((short)(_live > _table.LightestRows ? 0 : _spent[label] - _spare));
        foreach (var v in Vectors(label))
            if (!Vector.GreaterThanOrEqualAll(v, least))
                return false;
        return true;
    }

    /// <summary>Adds every label with this option that no other beats; false: too many.</summary>
    private bool Join(int option)
    {
        var expert = _expert[option];
        var fewest = _table.First[expert];
        var (slots, excess) = (_table.Count[option] - _table.Count[fewest], _table.Excess(expert, option));
        var (word, bit) = (expert / 64, 1UL << (expert % 64));
        if (_labels > _effort.MostLabels / 2) KeepCheapest();
        var (labels, beaten) = (_labels, false);
        for (var l = 0; l < labels; l++)
        {
            if (_spent[l] + slots > _spare || _cost[l] + excess > _limit || (_taken[(l * _words) + word] & bit) != 0) continue;
            if (_nodes > _effort.MostJoins) return false;
            var added = _labels;
            Small(l).CopyTo(Small(added));
            Add(added, _table.Row[fewest], -_table.Change[fewest]);
            Add(added, _table.Row[option], _table.Change[option]);
            _taken.AsSpan(l * _words, _words).CopyTo(_taken.AsSpan(added * _words));
            _taken[(added * _words) + word] |= bit;
            (_spent[added], _cost[added], _last[added]) = (_spent[l] + slots, _cost[l] + excess, _nodes);
            (_before[_nodes], _chosen[_nodes]) = (_last[l], option);
            var isBeaten = false;
            for (var other = 0; other < added && !isBeaten; other++) isBeaten = Beats(other, added);
            if (isBeaten) continue;
            for (var other = 0; other < added; other++)
            {
                if (!Beats(added, other)) continue;
                _spent[other] = Gone;
                beaten = true;
            }

            _labels++;
            _nodes++;
        }

        if (--_open[expert] == 0) _isOpen[word] &= ~bit;
        if (beaten) Compact();
        return true;
    }

    private void Add(int label, int rows, int change)
    {
        var small = Small(label)[..rows];
        var whole = MemoryMarshal.Cast<short, Vector<short>>(small);
        foreach (ref var v in whole) v += new Vector<short>((short)change);
        foreach (ref var s in small[(whole.Length * Vector<short>.Count)..]) s += (short)change;
    }

    private bool Beats(int label, int other)
    {
        if (_spent[label] > _spent[other] || _spent[other] == Gone || !IsNoSmaller(Vectors(label), Vectors(other), other)) return false;
        if (!_effort.IsExact) return true;
        var claims = 0;
        for (var w = 0; w < _words; w++)
        {
            for (var taken = _taken[(label * _words) + w] & ~_taken[(other * _words) + w] & _isOpen[w]; taken != 0; taken &= taken - 1)
            {
                if (++claims > MostClaims) return false;
                if (claims == 1) Small(other).CopyTo(Small(_claimed));
                Claim((w * 64) + BitOperations.TrailingZeroCount(taken));
            }
        }

        return claims == 0 || IsNoSmaller(Vectors(label), Vectors(_claimed), other);
    }

    private bool IsNoSmaller(ReadOnlySpan<Vector<short>> mine, ReadOnlySpan<Vector<short>> theirs, int other)
    {
        var enough = new Vector<short>((short)((_perRank - 1) * (_spare - _spent[other]))); // big replicas that become more
        for (var i = 0; i < mine.Length; i++)
            if (!Vector.GreaterThanOrEqualAll(mine[i], Vector.Min(theirs[i], enough)))
                return false;
        return true;
    }

    /// <summary>Adds what any option still to come gains at most, less as many replicas of the lightest expert as it costs.</summary>
    private void Claim(int expert)
    {
        var fewest = _table.First[expert];
        var most = _table.First[expert + 1] - 1;
        while (most > fewest && (_table.Row[most] > _live || _table.Change[most] < 0)) most--;
        if (most > fewest)
        {
            var (top, gain) = (_table.Row[most], _table.Change[fewest] > 0 ? 1 : _table.Count[fewest]);
            Add(_claimed, top, _table.Count[most]);
            Add(_claimed, Math.Min(top, _table.LightestRows), gain - _table.Count[most]);
            if (_table.Change[fewest] > 0) Add(_claimed, Math.Min(top, _table.Row[fewest]), -1);
        }

        if (_table.Change[fewest] < 0) Add(_claimed, Math.Min(_live, _table.Row[fewest]), -_table.Change[fewest]);
    }

    /// <summary>Drops labels that cannot be mended at a row whose options have all been joined.</summary>
    private void Pass(int row)
    {
        var multiplier = _table.Multiplier[row];
        for (var l = 0; l < _labels; l++)
        {
            ref var small = ref _small[(l * _width) + row];
            if (small < 0 && row < _table.LightestRows && _spent[l] - small <= _spare)
            {
                // Further replicas of the lightest expert; the rows passed have their share of the cost already.
                _spent[l] -= small;
                _cost[l] -= small * (Math.Max(1, _table.MultiplierSum[_table.LightestRows]) - _table.MultiplierSum[row + 1]);
                Add(l, Math.Min(row + 1, _table.LightestRows), -small);
            }

            _cost[l] += multiplier * small;
            if (small < 0 || _cost[l] > _limit) _spent[l] = Gone;
            small = 0;
        }

        if (_labels > _effort.MostLabels / 4)
        {
            for (var l = 0; l < _labels; l++)
                for (var other = 0; other < _labels && _spent[l] < Gone; other++)
                    if (other != l && Beats(l, other))
                        _spent[other] = Gone;
        }

        Compact();
    }

    /// <summary>Halves the labels.</summary>
    private void KeepCheapest()
    {
        _complete = false;
        var costs = _sorted.AsSpan(0, _labels);
        _cost.AsSpan(0, _labels).CopyTo(costs);
        costs.Sort();
        for (int l = 0, kept = 0; l < _labels; l++)
            if (_cost[l] > costs[(_effort.MostLabels / 4) - 1] || ++kept > _effort.MostLabels / 4)
                _spent[l] = Gone;
        Compact();
    }

    private void Compact()
    {
        var kept = 0;
        for (var l = 0; l < _labels; l++)
        {
            if (_spent[l] == Gone) continue;
            if (kept != l)
            {
                Small(l).CopyTo(Small(kept));
                _taken.AsSpan(l * _words, _words).CopyTo(_taken.AsSpan(kept * _words));
                (_spent[kept], _cost[kept], _last[kept]) = (_spent[l], _cost[l], _last[l]);
            }

            kept++;
        }

        _labels = kept;
    }

    /// <summary>Replicas of the solution; slots left over go to the lightest experts, which helps every row.</summary>
    private void TakeOver(ReadOnlySpan<double> weight)
    {
        var left = _share.Length;
        for (var e = 0; e < _count.Length; e++)
        {
            _count[e] = _table.Count[_option[e]];
            left -= _count[e];
        }

        var lightest = 0;
        for (var e = 1; e < _count.Length; e++)
            if (weight[e] < weight[lightest])
                lightest = e;
        _count[lightest] += left;
    }

    /// <summary>Busiest rank of two slots each when the heaviest replica sits with the lightest, the second with the second lightest and so on.</summary>
    private double Fold(ReadOnlySpan<double> weight)
    {
        var n = 0;
        for (var e = 0; e < _count.Length; e++)
        {
            _share.AsSpan(n, _count[e]).Fill(weight[e] / _count[e]);
            n += _count[e];
        }

        _share.AsSpan().Sort();
        var most = 0.0;
        for (var i = 0; i < n / 2; i++) most = Math.Max(most, _share[i] + _share[n - 1 - i]);
        return most;
    }
}
