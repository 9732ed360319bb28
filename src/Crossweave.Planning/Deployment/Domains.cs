using System.Numerics;

namespace Crossweave.Planning.Deployment;

/// <summary>A node of the search: which ranks (as positions, bits of a word) may still go onto every device, and what that costs at least.</summary>
internal sealed class Domains(int models, int devices, int terms)
{
    private readonly ulong[] _of = new ulong[models * devices];
    private readonly int[] _match = new int[models * devices];

    /// <summary>[term]: lower bound of the maximum.</summary>
    public long[] Least { get; } = new long[terms];

    /// <summary>[term]: the most that the maximum may be here.</summary>
    public long[] Most { get; } = new long[terms];

    /// <summary>Lower bound of the PAIR exchanges.</summary>
    public long Pair { get; set; }

    /// <summary>[device]: positions of a model that may go there.</summary>
    public Span<ulong> Of(int model) => _of.AsSpan(model * devices, devices);

    /// <summary>[device]: a perfect matching of a model within its domains.</summary>
    public Span<int> Match(int model) => _match.AsSpan(model * devices, devices);

    /// <summary>Choices left, all models and devices; falls with every removal.</summary>
    public int Size()
    {
        var size = 0;
        foreach (var positions in _of) size += BitOperations.PopCount(positions);
        return size;
    }

    /// <summary>No maximum is above the most it may be.</summary>
    public bool IsInRange()
    {
        for (var t = 0; t < Least.Length; t++)
            if (Least[t] > Most[t])
                return false;
        return true;
    }

    public void CopyFrom(Domains other)
    {
        other._of.CopyTo(_of, 0);
        other._match.CopyTo(_match, 0);
        other.Least.CopyTo(Least, 0);
        other.Most.CopyTo(Most, 0);
        Pair = other.Pair;
    }

    /// <summary>Everything is possible.</summary>
    public void Clear(long[] least, long[] most)
    {
        Array.Fill(_of, ulong.MaxValue >> (64 - devices));
        Array.Fill(_match, -1);
        least.CopyTo(Least, 0);
        most.CopyTo(Most, 0);
        Pair = 0;
    }

    /// <summary>Positions of a model that are placed.</summary>
    public ulong Placed(int model)
    {
        var placed = 0UL;
        foreach (var positions in Of(model))
            if (BitOperations.IsPow2(positions))
                placed |= positions;
        return placed;
    }

    /// <summary>
    /// A rank that is placed is nowhere else, a rank with one device left is placed there, and equal devices take ranks of model 0 in ascending
    /// order.
    /// </summary>
    /// <param name="equalNext">[device] -> the next device of the same costs, or -1.</param>
    /// <returns>False when a device or a rank has no choice left.</returns>
    public bool Settle(int[] equalNext)
    {
        for (var m = 0; m < models; m++)
        {
            bool changed;
            do
            {
                if (!Separate(Of(m), out changed)) return false;
                if (m == 0) changed |= Order(Of(0), equalNext);
            }
            while (changed);
        }

        return true;
    }

    private bool Separate(Span<ulong> of, out bool changed)
    {
        var (once, twice, placed) = (0UL, 0UL, 0UL);
        changed = false;
        foreach (var positions in of)
        {
            (twice, once) = (twice | (once & positions), once | positions);
            if (!BitOperations.IsPow2(positions)) continue;
            if ((placed & positions) != 0) return false;
            placed |= positions;
        }

        if (BitOperations.PopCount(once) < devices) return false;
        foreach (ref var positions in of)
        {
            if (BitOperations.IsPow2(positions)) continue;
            var left = positions & ~placed;
            if ((left & ~twice) is var here && here != 0) left = here; // in no other domain
            if (left == 0) return false;
            changed |= left != positions;
            positions = left;
        }

        return true;
    }

    private static bool Order(Span<ulong> of, int[] equalNext)
    {
        var changed = false;
        for (var g = 0; g < of.Length; g++)
        {
            if (equalNext[g] < 0 || of[g] == 0) continue;
            ref var next = ref of[equalNext[g]];
            var above = next & ~(of[g] ^ (of[g] - 1)); // beyond the lowest of g
            changed |= above != next;
            next = above;
            if (above == 0) continue; // noticed as an empty domain
            var below = of[g] & ((1UL << BitOperations.Log2(above)) - 1); // short of the highest of the next
            changed |= below != of[g];
            of[g] = below;
        }

        return changed;
    }
}
