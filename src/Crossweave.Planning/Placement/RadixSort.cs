namespace Crossweave.Planning.Placement;

/// <summary>
/// Sorts (32-bit key in the high half, index in the low half) pairs that come in ascending index order, so that equal keys
/// keep that order. Least significant digit first, 8 bits a pass, passes whose digit is the same everywhere are skipped;
/// short inputs go to the library's comparison sort, which gives the same order because the pairs are distinct.
/// </summary>
internal sealed class RadixSort
{
    private const int ShortInput = 48;
    private readonly int[] _histograms = new int[4 * 256];
    private readonly ulong[] _other;

    public RadixSort(int capacity) => _other = new ulong[capacity];

    /// <summary>Sorts ascending, in place.</summary>
    public void Sort(Span<ulong> pairs)
    {
        if (pairs.Length <= ShortInput)
        {
            pairs.Sort();
            return;
        }

        var histograms = _histograms.AsSpan();
        histograms.Clear();
        foreach (var pair in pairs)
        {
            histograms[(byte)(pair >> 32)]++;
            histograms[256 + (byte)(pair >> 40)]++;
            histograms[512 + (byte)(pair >> 48)]++;
            histograms[768 + (byte)(pair >> 56)]++;
        }

        var from = pairs;
        var to = _other.AsSpan(0, pairs.Length);
        var swapped = false;
        for (var digit = 0; digit < 4; digit++)
        {
            var shift = 32 + (8 * digit);
            var next = histograms.Slice(256 * digit, 256);
            if (next[(byte)(from[0] >> shift)] == from.Length) continue;
            var start = 0;
            foreach (ref var bucket in next)
            {
                var size = bucket;
                bucket = start;
                start += size;
            }

            foreach (var pair in from) to[next[(byte)(pair >> shift)]++] = pair;
            var filled = to;
            to = from;
            from = filled;
            swapped = !swapped;
        }

        if (swapped) from.CopyTo(pairs);
    }
}
