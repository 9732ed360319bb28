namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Improves slices of a matrix by ruin and recreate: take a few slices out, put what they carried into idle ports and idle time of the
/// others, slice the rest anew, keep the result when it is not longer (or, early on, only slightly longer).
/// </summary>
/// <remarks>
/// <para>Objective: sum of durations plus a delay per slice; the amount per pair never changes. Rest slices come from
/// <see cref="DegreeSlicing"/> (half of the rounds), <see cref="LoadAwareSlicing"/> or <see cref="MaxWeightPeeling"/>, with a random power.
/// Then every new slice is paired with every other: alternating paths and cycles change sides so that long amounts meet (a Kempe
/// exchange of edge colouring); and it is trimmed: its longest amounts move to other slices while these do not grow.</para>
/// <para>Cost per round: about 3 assignments per removed slice, plus O(slices x n) per new slice. The number of rounds is
/// fixed, so results do not depend on the clock. Best result wins; ties keep the earlier one.</para>
/// </remarks>
public sealed class SliceSearch
{
    private const int LargestRuin = 5;
    private const double Warmth = 0.004; // of the cost, accepted at the start
    private static readonly int[] Exponents = [1, 4, 12, 40];
    private readonly int _size;
    private readonly double _delay;
    private readonly long[] _grain;
    private readonly LoadAwareSlicing _slicing;
    private readonly DegreeSlicing _aligned;
    private readonly MaxWeightPeeling _peeling = new();
    private readonly long[] _rest;
    private readonly int[] _columnOfRow;
    private readonly long[] _amounts;
    private readonly int[] _order;
    private readonly bool[] _seen;
    private readonly int[] _walk;
    private int _walked;

    public SliceSearch(int size, double delay, ReadOnlySpan<long> grain)
    {
        (_size, _delay, _grain) = (size, delay, grain.ToArray());
        _slicing = new LoadAwareSlicing(size, delay, grain);
        _aligned = new DegreeSlicing(size, grain);
        _rest = new long[size * size];
        (_columnOfRow, _amounts, _order) = (new int[size], new long[size], new int[size]);
        (_seen, _walk) = (new bool[size], new int[size]);
    }

    /// <summary>Improves <paramref name="slices"/> in place.</summary>
    public void Improve(SliceList slices, int rounds, Prng prng)
    {
        Trim(slices, 0);
        var best = new SliceList(_size);
        best.CopyFrom(slices);
        var current = new SliceList(_size);
        current.CopyFrom(slices);
        var trial = new SliceList(_size);
        var bestCost = best.Cost(_delay);
        var cost = bestCost;
        for (var round = 0; round < rounds && current.Count > 1; round++)
        {
            trial.CopyFrom(current);
            Ruin(trial, prng);
            Absorb(trial, prng);
            var kept = trial.Count;
            Recreate(trial, prng);
            Sort(trial, kept);
            Trim(trial, kept);
            var trialCost = trial.Cost(_delay);
            var luck = prng.NextDouble();
            if (trialCost > cost + (Warmth * bestCost * luck * luck * luck * (rounds - round) / rounds)) continue;
            (current, trial, cost) = (trial, current, trialCost);
            if (cost >= bestCost) continue;
            best.CopyFrom(current);
            bestCost = cost;
        }

        slices.CopyFrom(best);
    }

    // Removes a few slices; each is the less useful of two random ones.
    private void Ruin(SliceList slices, Prng prng)
    {
        var count = Math.Min(slices.Count, 2 + prng.NextInt(LargestRuin - 1));
        for (; count > 0; count--)
        {
            var (a, b) = (prng.NextInt(slices.Count), prng.NextInt(slices.Count));
            var slice = Use(slices, a) <= Use(slices, b) ? a : b;
            var columns = slices.Columns(slice);
            var amounts = slices.Amounts(slice);
            for (var i = 0; i < _size; i++)
                if (amounts[i] > 0)
                    _rest[(i * _size) + columns[i]] += amounts[i];
            slices.Remove(slice);
        }
    }

    private double Use(SliceList slices, int slice)
    {
        var sum = 0L;
        foreach (var amount in slices.Amounts(slice)) sum += amount;
        return sum / (slices.Duration(slice) + _delay);
    }

    // What fits into the slices as they are: pairs with idle time, and pairs of idle ports.
    private void Absorb(SliceList slices, Prng prng)
    {
        for (var i = 0; i < _size; i++) _order[i] = i;
        prng.Shuffle<int>(_order);
        var first = slices.Count == 0 ? 0 : prng.NextInt(slices.Count);
        for (var k = 0; k < slices.Count; k++)
        {
            var slice = (first + k) % slices.Count;
            var duration = slices.Duration(slice);
            foreach (var i in _order)
            {
                var column = slices.Columns(slice)[i];
                if (column >= 0)
                {
                    Move(slices, slice, i, column, duration - slices.Amounts(slice)[i]);
                    continue;
                }

                var rest = _rest.AsSpan(i * _size, _size);
                var rows = slices.Rows(slice);
                var largest = 0L;
                for (var j = 0; j < rest.Length; j++)
                    if (rest[j] > largest && rows[j] < 0)
                        (largest, column) = (rest[j], j);
                if (column >= 0) Move(slices, slice, i, column, duration);
            }
        }
    }

    private void Move(SliceList slices, int slice, int row, int column, long most)
    {
        var cell = (row * _size) + column;
        var amount = Math.Min(most, _rest[cell]);
        amount -= amount % _grain[cell];
        if (amount == 0) return;
        _rest[cell] -= amount;
        slices.Put(slice, row, column, amount);
    }

    private void Recreate(SliceList slices, Prng prng)
    {
        var method = prng.NextInt(4);
        if (method > 1)
        {
            var (power, linear) = (1 << prng.NextInt(6), 2 * prng.NextInt(3));
            while (_aligned.Next(_rest, power, linear, _columnOfRow, _amounts)) slices.Add(_columnOfRow, _amounts);
            return;
        }

        if (method > 0)
        {
            var exponent = Exponents[prng.NextInt(Exponents.Length)];
            var starts = 1 + prng.NextInt(4);
            while (_slicing.Next(_rest, exponent, starts, _columnOfRow, _amounts)) slices.Add(_columnOfRow, _amounts);
            return;
        }

        _peeling.Start(_rest, _size, skipDiagonal: false);
        while (_peeling.Next(_columnOfRow, _amounts)) slices.Add(_columnOfRow, _amounts);
        Array.Clear(_rest);
    }

    // Long amounts together, in one of the two slices of each pair.
    private void Sort(SliceList slices, int first)
    {
        for (var a = first; a < slices.Count; a++)
            for (var b = 0; b < slices.Count; b++)
                if (a != b)
                    SortPair(slices, a, b);
        for (var k = slices.Count - 1; k >= 0; k--)
            if (slices.Duration(k) == 0)
                slices.Remove(k);
    }

    private void SortPair(SliceList slices, int a, int b)
    {
        var (upper, lower) = (0L, 0L);
        Array.Clear(_seen);
        for (var i = 0; i < _size; i++)
        {
            if (_seen[i]) continue;
            var (ofA, ofB) = Walk(slices, a, b, i);
            upper = Math.Max(upper, Math.Max(ofA, ofB));
            lower = Math.Max(lower, Math.Min(ofA, ofB));
        }

        if (upper + lower >= slices.Duration(a) + slices.Duration(b)) return;
        Array.Clear(_seen);
        for (var i = 0; i < _size; i++)
        {
            if (_seen[i]) continue;
            var (ofA, ofB) = Walk(slices, a, b, i);
            if (ofA < ofB) slices.Exchange(a, b, _walk.AsSpan(0, _walked));
        }

        slices.Settle(a);
        slices.Settle(b);
    }

    // The rows of the path or cycle through a row, and the longest amounts of both slices on it.
    private (long OfA, long OfB) Walk(SliceList slices, int a, int b, int row)
    {
        _walked = 0;
        _seen[row] = true;
        _walk[_walked++] = row;
        for (var i = Next(slices, a, b, row); i >= 0 && !_seen[i]; i = Next(slices, a, b, i)) Visit(i);
        for (var i = Next(slices, b, a, row); i >= 0 && !_seen[i]; i = Next(slices, b, a, i)) Visit(i);
        var (ofA, ofB) = (0L, 0L);
        foreach (var i in _walk.AsSpan(0, _walked))
            (ofA, ofB) = (Math.Max(ofA, slices.Amounts(a)[i]), Math.Max(ofB, slices.Amounts(b)[i]));
        return (ofA, ofB);

        void Visit(int i)
        {
            _seen[i] = true;
            _walk[_walked++] = i;
        }
    }

    private static int Next(SliceList slices, int a, int b, int row) =>
        slices.Columns(a)[row] is >= 0 and var column ? slices.Rows(b)[column] : -1;

    /// <summary>Shortens the slices from <paramref name="first"/> on as long as what they lose fits elsewhere.</summary>
    private void Trim(SliceList slices, int first)
    {
        for (var slice = first; slice < slices.Count; slice++)
        {
            while (TrimLongest(slices, slice))
            {
            }

            if (slices.Duration(slice) > 0) continue;
            slices.Remove(slice);
            slice--;
        }
    }

    // Moves the longest amounts down to the next smaller one; all or nothing.
    private bool TrimLongest(SliceList slices, int slice)
    {
        var amounts = slices.Amounts(slice);
        var (longest, next) = (slices.Duration(slice), 0L);
        foreach (var amount in amounts)
            if (amount < longest)
                next = Math.Max(next, amount);
        for (var i = 0; i < _size; i++)
            if (amounts[i] == longest && Room(slices, slice, i, longest - next) < longest - next)
                return false;
        for (var i = 0; i < _size; i++)
        {
            if (amounts[i] != longest) continue;
            var column = slices.Columns(slice)[i];
            var need = longest - next;
            need += (_grain[(i * _size) + column] - (need % _grain[(i * _size) + column])) % _grain[(i * _size) + column];
            var left = need;
            for (var other = 0; other < slices.Count && left > 0; other++)
            {
                if (other == slice) continue;
                var part = Math.Min(left, RoomIn(slices, other, i, column));
                if (part == 0) continue;
                slices.Put(other, i, column, part);
                left -= part;
            }

            slices.Take(slice, i, need - left);
        }

        slices.Settle(slice);
        return slices.Duration(slice) > 0 && slices.Duration(slice) < longest;
    }

    private long Room(SliceList slices, int slice, int row, long need)
    {
        var column = slices.Columns(slice)[row];
        var room = 0L;
        for (var other = 0; other < slices.Count && room < need; other++)
            if (other != slice)
                room += RoomIn(slices, other, row, column);
        return room;
    }

    private long RoomIn(SliceList slices, int slice, int row, int column)
    {
        var at = slices.Columns(slice)[row];
        if (at != column && (at >= 0 || slices.Rows(slice)[column] >= 0)) return 0;
        var room = slices.Duration(slice) - (at == column ? slices.Amounts(slice)[row] : 0);
        return room - (room % _grain[(row * _size) + column]);
    }
}
