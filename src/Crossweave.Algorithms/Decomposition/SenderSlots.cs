using System.Numerics;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Gives the items of one sender, a number of them per receiver, to distinct slots of a window in which their receivers are free: as
/// many as possible (a maximum bipartite matching of items with slots). What does not fit goes first-fit behind the window.
/// </summary>
/// <remarks>
/// Items of one receiver are alike, so the search runs over receivers, not items: a breadth-first augmenting path over at most n
/// receivers, each step one pass over bit rows of the window. Items come in random order, slots are tried in a second one, receivers
/// on a path ascending.
/// </remarks>
public sealed class SenderSlots(int portCount)
{
    private readonly ulong[][] _free = new ulong[portCount][];   // slots (in random order) at which the receiver is free
    private readonly ulong[][] _owned = new ulong[portCount][];  // slots given to the receiver
    private readonly int[] _queue = new int[portCount];
    private readonly int[] _from = new int[portCount];
    private readonly int[] _slotFrom = new int[portCount];
    private readonly bool[] _seen = new bool[portCount];
    private readonly bool[] _full = new bool[portCount];         // receivers that get no further slot
    private readonly int[] _empty = new int[portCount];          // words without a slot for the receiver, from the start
    private int[] _deck = [];
    private ulong[] _unowned = [];
    private int[] _order = [];

    /// <summary>Places all items of a sender.</summary>
    /// <param name="calendar">Is extended.</param>
    /// <param name="source">The sender.</param>
    /// <param name="items">Items per receiver.</param>
    /// <param name="window">Slots 0 .. window - 1 are matched.</param>
    /// <param name="prng">Order of items and slots.</param>
    /// <param name="placed">Told (slot, receiver) of every item.</param>
    public void Place(FirstFitSlots calendar, int source, ReadOnlySpan<int> items, int window, Prng prng, Action<int, int> placed)
    {
        Prepare(calendar, items, window, prng);
        var count = Deal(items, prng); // may replace the deck
        foreach (var target in _deck.AsSpan(0, count))
        {
            // Once there is no path for a receiver there is none for any further item of it.
            if (!_full[target] && Augment(target, items)) continue;
            _full[target] = true;
            placed(calendar.Place(source, target, window), target);
        }

        for (var target = 0; target < items.Length; target++)
        {
            if (items[target] == 0) continue;
            for (var w = 0; w < _unowned.Length; w++)
                for (var bits = _owned[target][w]; bits != 0; bits &= bits - 1)
                {
                    var slot = _order[(w << 6) + BitOperations.TrailingZeroCount(bits)];
                    calendar.Occupy(source, target, slot);
                    placed(slot, target);
                }
        }
    }

    private void Prepare(FirstFitSlots calendar, ReadOnlySpan<int> items, int window, Prng prng)
    {
        if (_order.Length != window)
        {
            _order = new int[window];
            _unowned = new ulong[(window + 63) >> 6];
        }

        Array.Clear(_full);
        Array.Clear(_empty);
        for (var k = 0; k < window; k++) _order[k] = k;
        prng.Shuffle<int>(_order);
        Array.Fill(_unowned, ulong.MaxValue);
        if ((window & 63) != 0) _unowned[^1] = (1UL << (window & 63)) - 1;
        for (var target = 0; target < items.Length; target++)
        {
            if (items[target] == 0) continue;
            if (_free[target]?.Length != _unowned.Length)
            {
                _free[target] = new ulong[_unowned.Length];
                _owned[target] = new ulong[_unowned.Length];
            }

            Array.Clear(_free[target]);
            Array.Clear(_owned[target]);
            for (var k = 0; k < window; k++)
                if (calendar.IsReceiverFree(target, _order[k]))
                    _free[target][k >> 6] |= 1UL << (k & 63);
        }
    }

    private int Deal(ReadOnlySpan<int> items, Prng prng)
    {
        var count = 0;
        foreach (var k in items) count = checked(count + k);
        if (_deck.Length < count) _deck = new int[count];
        count = 0;
        for (var target = 0; target < items.Length; target++)
            for (var k = 0; k < items[target]; k++)
                _deck[count++] = target;
        prng.Shuffle(_deck.AsSpan(0, count));
        return count;
    }

    // Slots without an owner only become fewer, so words found empty stay empty.
    private bool TakeUnowned(int target)
    {
        ref var w = ref _empty[target];
        for (; w < _unowned.Length; w++)
        {
            var bits = _free[target][w] & _unowned[w];
            if (bits == 0) continue;
            Give(target, w, bits & (~bits + 1));
            return true;
        }

        return false;
    }

    private void Give(int target, int word, ulong bit)
    {
        _owned[target][word] |= bit;
        _unowned[word] &= ~bit;
    }

    // One more slot for the receiver, others moving over where needed.
    private bool Augment(int target, ReadOnlySpan<int> items)
    {
        Array.Clear(_seen);
        _seen[target] = true;
        _queue[0] = target;
        for (int head = 0, tail = 1; head < tail; head++)
        {
            var at = _queue[head];
            if (TakeUnowned(at))
            {
                // The owner at the end of the path has a new slot; everyone before takes over the slot through which it was reached.
                for (; at != target; at = _from[at])
                {
                    var (word, bit) = (_slotFrom[at] >> 6, 1UL << (_slotFrom[at] & 63));
                    _owned[at][word] &= ~bit;
                    _owned[_from[at]][word] |= bit;
                }

                return true;
            }

            for (var next = 0; next < items.Length; next++)
            {
                if (_seen[next] || items[next] == 0) continue;
                for (var w = 0; w < _unowned.Length; w++)
                {
                    var shared = _free[at][w] & _owned[next][w];
                    if (shared == 0) continue;
                    _seen[next] = true;
                    _from[next] = at;
                    _slotFrom[next] = (w << 6) + BitOperations.TrailingZeroCount(shared);
                    _queue[tail++] = next;
                    break;
                }
            }
        }

        return false;
    }
}
