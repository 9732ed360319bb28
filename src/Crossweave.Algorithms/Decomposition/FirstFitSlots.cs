using System.Numerics;

namespace Crossweave.Algorithms.Decomposition;

/// <summary>
/// Calendar of unit slots 0, 1, ... in which every sender and every receiver is used at most once per slot. First fit puts an item
/// into the lowest slot that is free at both of its ports.
/// </summary>
/// <remarks>
/// A bit row per port. Each port remembers how far it is full without a hole, so a placement costs the words between that point and
/// the slot found: O(slots / 64) at worst. Length = highest used slot + 1.
/// </remarks>
public sealed class FirstFitSlots
{
    private readonly ulong[][] _sending;
    private readonly ulong[][] _receiving;
    private readonly int[] _fullSending;   // words without a free bit at the start of the row
    private readonly int[] _fullReceiving;

    /// <param name="portCount">Senders, and receivers.</param>
    public FirstFitSlots(int portCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(portCount);
        _sending = new ulong[portCount][];
        _receiving = new ulong[portCount][];
        Array.Fill(_sending, []);
        Array.Fill(_receiving, []);
        _fullSending = new int[portCount];
        _fullReceiving = new int[portCount];
    }

    /// <summary>Highest used slot + 1.</summary>
    public int Length { get; private set; }

    public bool IsReceiverFree(int target, int slot) => (Word(_receiving[target], slot >> 6) >> (slot & 63) & 1) == 0;

    /// <summary>Takes the lowest free slot that is not before <paramref name="from"/>.</summary>
    public int Place(int source, int target, int from = 0)
    {
        var word = Math.Max(from >> 6, Math.Max(_fullSending[source], _fullReceiving[target]));
        var mask = word == from >> 6 ? ulong.MaxValue << (from & 63) : ulong.MaxValue;
        for (; ; word++, mask = ulong.MaxValue)
        {
            var free = ~(Word(_sending[source], word) | Word(_receiving[target], word)) & mask;
            if (free == 0) continue;
            var slot = (word << 6) + BitOperations.TrailingZeroCount(free);
            Occupy(source, target, slot);
            return slot;
        }
    }

    /// <summary>Takes a given slot, which must be free at both ports.</summary>
    public void Occupy(int source, int target, int slot)
    {
        Set(ref _sending[source], ref _fullSending[source], slot);
        Set(ref _receiving[target], ref _fullReceiving[target], slot);
        Length = Math.Max(Length, slot + 1);
    }

    private static ulong Word(ulong[] row, int word) => word < row.Length ? row[word] : 0;

    private static void Set(ref ulong[] row, ref int full, int slot)
    {
        var word = slot >> 6;
        if (word >= row.Length) Array.Resize(ref row, Math.Max(word + 1, row.Length * 2));
        if ((row[word] >> (slot & 63) & 1) != 0) throw new InvalidOperationException("the slot is taken");
        row[word] |= 1UL << (slot & 63);
        while (full < row.Length && row[full] == ulong.MaxValue) full++;
    }
}
